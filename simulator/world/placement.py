"""Where pods may run: a small scheduler."""

from simulator.world.kube import PER_NODE, Pod, Workload
from simulator.world.state import Cluster, Node

# AKS's default of maxPods with Azure CNI overlay is 250; what a machine holds here.
PODS_A_NODE = 110
SPOT_TAINT = "kubernetes.azure.com/scalesetpriority"


def is_spot(cluster: Cluster, node: Node) -> bool:
    """Whether a node is of a spot pool, whose taint keeps pods away that do not tolerate it."""
    pool = cluster.pools.get(node.pool or "")
    return pool is not None and pool.spec.priority == "Spot"


def belongs(cluster: Cluster, workload: Workload, node: Node) -> bool:
    """Whether a workload's pods may run on a node at all: its pool, its taints, its operating system."""
    spec = workload.spec
    if spec.pool is not None and node.pool != spec.pool:
        return False
    if "Windows" in node.image and spec.pool is None:
        return False
    return spec.kind in PER_NODE or spec.tolerates_spot or not is_spot(cluster, node)


def place(cluster: Cluster, pod: Pod) -> Node | None:
    """Return the node for a pod: of those with room the one with the fewest of its kind, then the fewest of all.

    What joined for an upgrade comes last.
    """
    load: dict[str, int] = {}
    same: dict[str, int] = {}
    for other in cluster.kube.pods.values():
        if other.node is not None:
            load[other.node] = load.get(other.node, 0) + 1
            if other.workload is pod.workload and not other.finished:
                same[other.node] = same.get(other.node, 0) + 1
    spread = pod.workload.spec.spread
    fitting = [
        node
        for node in cluster.nodes.values()
        if node.ready
        and not node.unschedulable
        and not any(taint.effect in ("NoSchedule", "NoExecute") for taint in node.taints)
        and belongs(cluster, pod.workload, node)
        and load.get(node.name, 0) < PODS_A_NODE
        and not (spread and same.get(node.name, 0))
    ]

    def order(node: Node) -> tuple[bool, int, int, str]:
        return node.surge, same.get(node.name, 0), load.get(node.name, 0), node.name

    return min(fitting, key=order, default=None)
