"""Shared by verbs on one node: finds the node by name and uid, and recognizes the run's own cordon."""

from typing import NamedTuple

from ops.model.fleet import CORDON_STAMP, Cluster, Node
from ops.model.outcome import Refused, Stale
from ops.model.reasons import FailureCode
from ops.verbs.contract import StepContext


class FoundNode(NamedTuple):
    """The cluster, the step's node, and all nodes of the cluster."""

    cluster: Cluster
    node: Node
    nodes: tuple[Node, ...]


def find_node(task: StepContext) -> FoundNode | Stale:
    """Returns the node that the step names. A node that is registered again under the same name is another node.

    Steps that were planned by an earlier version name no uid; their node is found by name.
    """
    cluster = task.ports.clusters.cluster(task.target)
    if cluster.is_stopped:
        return Stale("the cluster is stopped")
    name, uid = task.step.params["node"], task.step.params.get("uid", "")
    nodes = task.ports.nodes.nodes(cluster)
    node = next((node for node in nodes if node.name == name), None)
    if node is None:
        return Stale(f"the node {name} no longer exists")
    if uid and node.uid != uid:
        return Stale(f"the node {name} no longer exists: another node is registered under its name")
    return FoundNode(cluster, node, nodes)


def is_our_cordon(node: Node, run: str) -> bool:
    """Whether this run has cordoned the node."""
    return node.annotations.get(CORDON_STAMP) == run


def missing_cordon(task: StepContext, node: Node) -> Refused | None:
    """Returns why the step must stop, if the node does not have this run's cordon anymore; None if it still has it."""
    if not node.unschedulable:
        cause = f"{node.name} was uncordoned by someone else"
    elif not is_our_cordon(node, task.step.params["run"]):
        cause = f"the cordon of {node.name} is not the one that this run has set"
    else:
        return None
    remedy = "find out who changed the cordon; start the run again once the node may be drained"
    return Refused(FailureCode.UNCORDONED, cause, remedy)
