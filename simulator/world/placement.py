"""A small pod scheduler."""

from simulator.world.kube import PER_NODE, Pod, Workload
from simulator.world.state import Cluster, Node

# The capacity of a node in this world. AKS's default for maxPods with Azure CNI overlay is 250.
PODS_PER_NODE = 110
SPOT_TAINT = "kubernetes.azure.com/scalesetpriority"


def is_spot(cluster: Cluster, node: Node) -> bool:
    """Whether a node belongs to a spot pool, whose taint repels pods that do not tolerate it."""
    pool = cluster.pools.get(node.pool or "")
    return pool is not None and pool.spec.priority == "Spot"


def belongs(cluster: Cluster, workload: Workload, node: Node) -> bool:
    """Whether a workload's pods can run on a node, given the node's pool, taints and operating system."""
    spec = workload.spec
    if spec.pool is not None and node.pool != spec.pool:
        return False
    if "Windows" in node.image and spec.pool is None:
        return False
    return spec.kind in PER_NODE or spec.tolerates_spot or not is_spot(cluster, node)


def place(cluster: Cluster, pod: Pod) -> Node | None:
    """Return the node for a pod: among the nodes with room, the one with the fewest pods of the same kind, then with the fewest pods.

    Surge nodes are used only if no other node has room.
    """
    load: dict[str, int] = {}
    same: dict[str, int] = {}
    for other in cluster.kube.pods.values():
        if other.node is not None:
            load[other.node] = load.get(other.node, 0) + 1
            if other.workload is pod.workload and not other.finished:
                same[other.node] = same.get(other.node, 0) + 1
    if pod.workload.spec.pinned and pod.workload.node:
        return cluster.nodes.get(pod.workload.node)
    spread = pod.workload.spec.spread
    fitting = [
        node
        for node in cluster.nodes.values()
        if node.ready
        and (pod.workload.spec.tolerates_cordon or not node.unschedulable)
        and not any(taint.effect in ("NoSchedule", "NoExecute") for taint in node.taints)
        and belongs(cluster, pod.workload, node)
        and load.get(node.name, 0) < PODS_PER_NODE
        and not (spread and same.get(node.name, 0))
    ]

    def order(node: Node) -> tuple[bool, int, int, str]:
        return node.surge, same.get(node.name, 0), load.get(node.name, 0), node.name

    return min(fitting, key=order, default=None)
