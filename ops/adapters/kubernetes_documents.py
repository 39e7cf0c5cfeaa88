"""Converts the API server's JSON to the model. It uses plain JSON: the client's own models take ten times as long."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ops.model.fleet import Node
from ops.model.workload import DisruptionBudget, Pod

type Document = Mapping[str, Any]

_POOL = "kubernetes.azure.com/agentpool"
_IMAGE = "kubernetes.azure.com/node-image-version"
_PROVISIONER = "karpenter.sh/nodepool"
_MIRROR = "kubernetes.io/config.mirror"


def node_of(item: Document) -> Node:
    """Converts a node. Nodes created by node auto-provisioning have no pool."""
    metadata, status = item["metadata"], item.get("status") or {}
    labels = metadata.get("labels") or {}
    created = metadata.get("creationTimestamp")
    return Node(
        name=metadata["name"],
        pool=labels.get(_POOL, "") if _PROVISIONER not in labels else "",
        image_label=labels.get(_IMAGE, ""),
        ready=_is_true(status, "Ready"),
        boot_id=(status.get("nodeInfo") or {}).get("bootID", ""),
        unschedulable=bool((item.get("spec") or {}).get("unschedulable")),
        provisioner=labels.get(_PROVISIONER, ""),
        created=datetime.fromisoformat(created) if created else None,
        annotations={str(key): str(value) for key, value in (metadata.get("annotations") or {}).items()},
        provider_id=str((item.get("spec") or {}).get("providerID") or ""),
        event_scheduled=_is_true(status, "VMEventScheduled"),
        uid=str(metadata.get("uid") or ""),
    )


def pod_of(item: Document) -> Pod:
    """Converts a pod."""
    metadata, status = item["metadata"], item.get("status") or {}
    owners = metadata.get("ownerReferences") or ()
    return Pod(
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata.get("uid", ""),
        node=(item.get("spec") or {}).get("nodeName", ""),
        phase=status.get("phase", ""),
        ready=_is_true(status, "Ready"),
        owner_kind=owners[0].get("kind", "") if owners else "",
        mirror=_MIRROR in (metadata.get("annotations") or {}),
        labels=dict(metadata.get("labels") or {}),
        deleting=bool(metadata.get("deletionTimestamp")),
    )


def budget_of(item: Document) -> DisruptionBudget:
    """Converts a PDB. A PDB whose status is not set yet allows no evictions."""
    metadata, status = item["metadata"], item.get("status") or {}
    selector = (item.get("spec") or {}).get("selector") or {}
    return DisruptionBudget(
        namespace=metadata["namespace"],
        name=metadata["name"],
        match_labels=dict(selector.get("matchLabels") or {}),
        disruptions_allowed=int(status.get("disruptionsAllowed") or 0),
        current_healthy=int(status.get("currentHealthy") or 0),
        desired_healthy=int(status.get("desiredHealthy") or 0),
        expected_pods=int(status.get("expectedPods") or 0),
    )


def _is_true(status: Document, kind: str) -> bool:
    conditions = status.get("conditions") or ()
    return any(condition["type"] == kind and condition["status"] == "True" for condition in conditions)
