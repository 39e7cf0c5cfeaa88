"""The eviction-autoscaler: it adds a replica to a workload while a node with one of its pods is cordoned.

Source: Azure/eviction-autoscaler, README. Its custom resources have the names of the PDBs.
"""

from datetime import timedelta
from functools import partial

from simulator.world import pods
from simulator.world.core import Core
from simulator.world.kube import Workload
from simulator.world.state import Cluster, Node

SURGES_AFTER = timedelta(seconds=20)
COOLS_DOWN = timedelta(minutes=1)
SCALED_DOWN = pods.TerminationCause("deployment-controller", "scale-down")


def cordoned(core: Core, cluster: Cluster, node: Node) -> None:
    """Add a replica to each workload with a pod on the node."""
    for workload in _surging(cluster):
        if any(pod.workload is workload for pod in cluster.kube.pods_on(node.name)):
            core.scheduler.after(SURGES_AFTER, partial(_scale, core, cluster, workload, 1))


def uncordoned(core: Core, cluster: Cluster) -> None:
    """Remove the added replicas once no node is cordoned."""
    for workload in _surging(cluster):
        core.scheduler.after(COOLS_DOWN, partial(_scale, core, cluster, workload, 0))


def _surging(cluster: Cluster) -> list[Workload]:
    return [workload for workload in cluster.kube.workloads if workload.spec.surges]


def _scale(core: Core, cluster: Cluster, workload: Workload, surge: int) -> None:
    if surge == 0 and any(node.unschedulable for node in cluster.nodes.values()):
        return
    removed = max(workload.surge - surge, 0)
    workload.surge = surge
    pods.reconcile(core, cluster)
    present = [pod for pod in cluster.kube.pods_of(workload) if pod.deleted is None]
    for pod in sorted(present, key=lambda pod: pod.created)[len(present) - removed :]:
        pods.end(core, cluster, pod, SCALED_DOWN)
