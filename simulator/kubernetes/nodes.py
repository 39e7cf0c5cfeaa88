"""A node as its API server represents it."""

from simulator.azure.documents import etag, zulu
from simulator.http_types import JsonObject
from simulator.kubernetes.lists import Resource
from simulator.kubernetes.node_conditions import conditions
from simulator.world.nodes import node_resource_group
from simulator.world.placement import PODS_PER_NODE, SPOT_TAINT, is_spot
from simulator.world.state import Cluster, Node, Taint

OS_IMAGES = {
    "AKSUbuntu-2204": "Ubuntu 22.04.5 LTS",
    "AKSUbuntu-2404": "Ubuntu 24.04.3 LTS",
    "AKSAzureLinux": "Azure Linux 3.0",
}

CAPACITY = {"cpu": "4", "ephemeral-storage": "129886128Ki", "memory": "16374624Ki", "pods": str(PODS_PER_NODE)}


def labels_of(cluster: Cluster, node: Node) -> dict[str, str]:
    """Return a node's labels: those that AKS or Karpenter sets, with callers' changes applied."""
    labels: dict[str, str | None] = {**set_labels_of(cluster, node), **node.labels}
    return {key: value for key, value in labels.items() if value is not None}


def set_labels_of(cluster: Cluster, node: Node) -> dict[str, str]:
    """Return the labels that AKS or Karpenter sets. Neither knows an invented node: all its labels are its creator's."""
    if node.invented:
        return {}
    labels = {
        "kubernetes.azure.com/cluster": node_resource_group(cluster),
        "kubernetes.azure.com/mode": node.mode.lower(),
        "kubernetes.azure.com/node-image-version": node.image,
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": node.name,
        "kubernetes.io/os": "windows" if "Windows" in node.image else "linux",
        "topology.kubernetes.io/region": cluster.spec.region,
        "topology.kubernetes.io/zone": node.zone,
    }
    pool = cluster.pools.get(node.pool) if node.pool else None
    if node.hosted:
        return labels
    if pool is None:
        return labels | {"karpenter.sh/nodepool": "default", "karpenter.sh/capacity-type": "on-demand"}
    labels |= {
        "agentpool": pool.name,
        "kubernetes.azure.com/agentpool": pool.name,
        "kubernetes.azure.com/os-sku": pool.spec.os_sku,
        "node.kubernetes.io/instance-type": pool.spec.vm_size,
        **pool.node_labels,
    }
    if pool.spec.priority == "Spot":
        labels["kubernetes.azure.com/scalesetpriority"] = "spot"
    return labels


def derived_taints(cluster: Cluster, node: Node) -> list[Taint]:
    """Return the taints that a node's controllers and its pool set because of its state."""
    taints = []
    if is_spot(cluster, node):
        taints.append(Taint(SPOT_TAINT, "NoSchedule", "spot"))
    if node.unschedulable:
        taints.append(Taint("node.kubernetes.io/unschedulable", "NoSchedule"))
    if not node.ready:
        taints.append(Taint("node.kubernetes.io/not-ready", "NoSchedule"))
    return taints


def node_resource(cluster: Cluster) -> Resource[Node]:
    """Return the resource that represents and selects the nodes in a cluster."""
    return Resource(
        "Node",
        "v1",
        lambda node: node_document(cluster, node),
        lambda node: labels_of(cluster, node),
        lambda node: {"metadata.name": node.name},
    )


def node_document(cluster: Cluster, node: Node) -> JsonObject:
    """Return a node as an API object."""
    spec: JsonObject = {"providerID": node.provider_id} if node.provider_id else {}
    if node.unschedulable:
        spec["unschedulable"] = True
    taints = [*derived_taints(cluster, node), *node.taints]
    if taints:
        spec["taints"] = [
            {"key": taint.key, "effect": taint.effect} | ({"value": taint.value} if taint.value else {})
            for taint in taints
        ]
    return {
        "kind": "Node",
        "apiVersion": "v1",
        "metadata": {
            "name": node.name,
            "uid": etag("node", cluster.name, node.name, node.created),
            "resourceVersion": str(node.version),
            "creationTimestamp": zulu(node.created),
            "labels": labels_of(cluster, node),
            "annotations": dict(node.annotations),
        },
        "spec": spec,
        "status": {
            "conditions": conditions(node),
            "capacity": CAPACITY,
            "allocatable": CAPACITY,
            "addresses": [{"type": "Hostname", "address": node.name}],
            "nodeInfo": {
                "bootID": node.boot_id,
                "machineID": etag("machine", node.provider_id).replace("-", ""),
                "systemUUID": etag("system", node.provider_id),
                "kernelVersion": "5.15.0-1098-azure",
                "osImage": next((text for key, text in OS_IMAGES.items() if node.image.startswith(key)), "Windows"),
                "containerRuntimeVersion": "containerd://1.7.28-1",
                "kubeletVersion": f"v{node.kubernetes_version}",
                "kubeProxyVersion": f"v{node.kubernetes_version}",
                "operatingSystem": "windows" if "Windows" in node.image else "linux",
                "architecture": "amd64",
            },
        },
    }
