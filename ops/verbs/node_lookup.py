"""Shared by verbs on one node: finds the node, and recognizes Daytwo's own cordon."""

from ops.model.fleet import CORDON_STAMP, Cluster, Node
from ops.model.outcome import Stale
from ops.verbs.contract import StepContext


def find_node(task: StepContext) -> tuple[Cluster, Node] | Stale:
    """Returns the cluster and the node that the step names."""
    cluster = task.ports.clusters.cluster(task.target)
    if not cluster.running:
        return Stale("the cluster is stopped")
    name = task.step.params["node"]
    node = next((node for node in task.ports.nodes.nodes(cluster) if node.name == name), None)
    return (cluster, node) if node is not None else Stale(f"the node {name} no longer exists")


def is_our_cordon(node: Node, run: str) -> bool:
    """Whether this run has cordoned the node."""
    return node.annotations.get(CORDON_STAMP) == run
