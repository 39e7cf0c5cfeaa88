"""What the verbs on one node have in common: finding it, and the stamp on our own cordon."""

from ops.model.fleet import CORDON_STAMP, Cluster, Node
from ops.model.outcome import Stale
from ops.verbs.contract import StepContext


def find_node(task: StepContext) -> tuple[Cluster, Node] | Stale:
    """The cluster and the node that the step names."""
    cluster = task.ports.clusters.cluster(task.target)
    if not cluster.running:
        return Stale("the cluster is stopped")
    name = task.step.params["node"]
    node = next((node for node in task.ports.nodes.nodes(cluster) if node.name == name), None)
    return (cluster, node) if node is not None else Stale(f"the node {name} is gone")


def is_our_cordon(node: Node, run: str) -> bool:
    """Whether the cordon on the node is this run's."""
    return node.annotations.get(CORDON_STAMP) == run
