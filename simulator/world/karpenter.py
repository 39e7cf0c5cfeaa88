"""The controller of node auto-provisioning: it picks images for new nodes in the maintenance window, and replaces nodes that drift.

Source: karpenter-provider-azure, the node image reconciler and the drift controller. Its budget is the default of 10%, so that
one node is replaced at a time in small clusters. The window bounds when an image is picked, not when nodes are replaced.
"""

from collections.abc import Generator
from datetime import timedelta

from simulator.world import nodes
from simulator.world.aks import maintenance_of, next_window
from simulator.world.core import Core
from simulator.world.images import family_of
from simulator.world.scheduler import Process
from simulator.world.state import Cluster, Karpenter, Taint

RECONCILES_EVERY = timedelta(minutes=5)
NODE_TAKES = timedelta(minutes=5)
IMAGE_DRIFT = "ImageDrift"
DISRUPTED = Taint("karpenter.sh/disrupted", "NoSchedule")


def control(core: Core, cluster: Cluster, karpenter: Karpenter) -> Process:
    """Reconcile every five minutes, indefinitely."""
    while True:
        yield RECONCILES_EVERY
        if cluster.api_responds:
            _mark_drifted(cluster, karpenter)
            _pick_image(core, cluster, karpenter)
            yield from _replace_first(core, cluster, karpenter)


def _pick_image(core: Core, cluster: Cluster, karpenter: Karpenter) -> None:
    """Take the newest image for new nodes if the maintenance window is open. Nodes are compared with it in the next round."""
    spec = maintenance_of(core, cluster)
    now = core.scheduler.now
    opens, closes = next_window(spec, now - timedelta(hours=spec.duration_hours))
    if opens <= now < closes:
        family = family_of("Ubuntu", cluster.spec.kubernetes_version)
        karpenter.image = core.catalog.newest(cluster.spec.region, family)


def _mark_drifted(cluster: Cluster, karpenter: Karpenter) -> None:
    for node in cluster.provisioned:
        if node.image != karpenter.image:
            karpenter.drifted.setdefault(node.name, IMAGE_DRIFT)


def _replace_first(core: Core, cluster: Cluster, karpenter: Karpenter) -> Generator[timedelta]:
    """Replace one node that has drifted: its successor is there before it is emptied."""
    node = next((node for node in cluster.provisioned if node.name in karpenter.drifted), None)
    if node is None:
        return
    karpenter.made += 1
    nodes.join_provisioned(core, cluster, karpenter.made, karpenter.image)
    node.taints.append(DISRUPTED)
    nodes.cordon(core, cluster, node, "karpenter")
    yield NODE_TAKES
    nodes.leave(core, cluster, node)
    karpenter.drifted.pop(node.name, None)
