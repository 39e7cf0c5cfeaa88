"""NodeClaims, NodePools and AKSNodeClasses as the API server represents them. Clusters without node auto-provisioning have none."""

from datetime import datetime

from simulator.azure.documents import etag, zulu
from simulator.http_types import JsonObject
from simulator.kubernetes.lists import Resource
from simulator.world.state import Cluster, Karpenter, Node

CLASS = POOL = "default"
_CLASS_REF = {"group": "karpenter.azure.com", "kind": "AKSNodeClass", "name": CLASS}
_GALLERIES = "/subscriptions/10945678-1234-1234-1234-123456789012/resourceGroups/AKS-Ubuntu/providers/Microsoft.Compute/galleries"


def image_id(image: str) -> str:
    """Return the id of the gallery image that a node's label ``AKSUbuntu-2404gen2containerd-202611.05.0`` stands for."""
    gallery, definition, version = image.split("-", 2)
    return f"{_GALLERIES}/{gallery}/images/{definition}/versions/{version}"


def claims(cluster: Cluster) -> Resource[Node]:
    """Return the resource that represents the node of each claim."""
    return Resource(
        "NodeClaim",
        "karpenter.sh/v1",
        lambda node: _claim(cluster, node),
        lambda _: {"karpenter.sh/nodepool": POOL},
        lambda node: {"metadata.name": claim_name(node)},
    )


def claim_name(node: Node) -> str:
    """Return the name of a node's claim."""
    return node.name.removeprefix("aks-")


def _claim(cluster: Cluster, node: Node) -> JsonObject:
    drift = cluster.karpenter.drifted.get(node.name, "") if cluster.karpenter is not None else ""
    conditions = [_condition(kind, node.created) for kind in ("Launched", "Registered", "Initialized", "Ready")]
    if drift:
        conditions.append(_condition("Drifted", node.created, drift))
    labels = {"karpenter.sh/nodepool": POOL, "karpenter.sh/capacity-type": "on-demand"}
    return {
        "kind": "NodeClaim",
        "apiVersion": "karpenter.sh/v1",
        "metadata": {
            **_metadata(claim_name(node), "NodeClaim", node.created),
            "labels": {**labels, "topology.kubernetes.io/zone": node.zone},
            "finalizers": ["karpenter.sh/termination"],
        },
        "spec": {"expireAfter": "Never", "nodeClassRef": _CLASS_REF, "requirements": []},
        "status": {
            "conditions": conditions,
            "imageID": image_id(node.image),
            "nodeName": node.name,
            "providerID": node.provider_id,
        },
    }


def pools() -> Resource[Karpenter]:
    """Return the resource that represents the NodePool, which AKS creates with its defaults."""

    def document(found: Karpenter) -> JsonObject:
        return {
            "kind": "NodePool",
            "apiVersion": "karpenter.sh/v1",
            "metadata": _metadata(POOL, "NodePool", found.created),
            "spec": {
                "disruption": {
                    "budgets": [{"nodes": "10%"}],
                    "consolidateAfter": "0s",
                    "consolidationPolicy": "WhenEmptyOrUnderutilized",
                },
                "template": {"spec": {"expireAfter": "Never", "nodeClassRef": _CLASS_REF, "requirements": []}},
            },
            "status": {"conditions": [_condition("Ready", found.created)]},
        }

    return Resource("NodePool", "karpenter.sh/v1", document, lambda _: {}, lambda _: {"metadata.name": POOL})


def classes(cluster: Cluster) -> Resource[Karpenter]:
    """Return the resource that represents the AKSNodeClass, which AKS creates with its defaults."""
    version = "karpenter.azure.com/v1beta1"

    def document(found: Karpenter) -> JsonObject:
        return {
            "kind": "AKSNodeClass",
            "apiVersion": version,
            "metadata": _metadata(CLASS, "AKSNodeClass", found.created),
            "spec": {"imageFamily": "Ubuntu"},
            "status": {
                "conditions": [_condition(kind, found.created) for kind in ("ImagesReady", "Ready")],
                "images": [{"id": image_id(found.image), "requirements": []}],
                "kubernetesVersion": cluster.spec.kubernetes_version,
            },
        }

    return Resource("AKSNodeClass", version, document, lambda _: {}, lambda _: {"metadata.name": CLASS})


def _condition(kind: str, since: datetime, reason: str = "") -> JsonObject:
    return {
        "type": kind,
        "status": "True",
        "reason": reason or kind,
        "message": reason,
        "lastTransitionTime": zulu(since),
    }


def _metadata(name: str, kind: str, created: datetime) -> JsonObject:
    return {
        "name": name,
        "uid": etag(kind, name, created),
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": zulu(created),
    }
