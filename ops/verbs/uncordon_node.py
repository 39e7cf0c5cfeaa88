"""Uncordons a node, but only if Daytwo has cordoned it."""

from dataclasses import dataclass
from typing import Literal

from ops.model.arm_actions import ASK_API_SERVER, READ_CLUSTER
from ops.model.fleet import CORDON_STAMP
from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.model.reasons import FailureCode
from ops.verbs.contract import StepContext
from ops.verbs.node_lookup import find_node, is_our_cordon


@dataclass(frozen=True, slots=True)
class UncordonNode:
    """`params`: node, uid, run (the value of the annotation)."""

    name: str = "uncordon-node"
    actions: frozenset[str] = frozenset({READ_CLUSTER, ASK_API_SERVER})
    kubernetes: frozenset[str] = frozenset({"list nodes", "patch nodes"})
    on_cancel: Literal["finish", "abort"] = "finish"
    undo: str = ""

    def check(self, task: StepContext) -> Ready | Done | Pending | Refused | Stale:
        """Done if the node no longer exists or someone else has cordoned it."""
        found = find_node(task)
        if isinstance(found, Stale):
            return Done(found.why)
        if not is_our_cordon(found.node, task.step.params["run"]):
            return Done(f"the cordon of {found.node.name} was not set by Daytwo")
        return Ready()

    def begin(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """Removes the cordon and the annotation in one patch."""
        found = find_node(task)
        if isinstance(found, Stale):
            return Done(found.why)
        if not is_our_cordon(found.node, task.step.params["run"]):
            return Done(f"the cordon of {found.node.name} was not set by Daytwo")
        task.ports.nodes.mark(found.cluster, found.node, unschedulable=False, annotations={CORDON_STAMP: None})
        return self.verify(task)

    def poll(self, task: StepContext) -> Pending | Done | Refused:
        """Done immediately: there is no operation to poll."""
        return self.verify(task)

    def verify(self, task: StepContext) -> Done | Refused:
        """Verifies that the annotation is gone, and with it the cordon set by Daytwo."""
        found = find_node(task)
        if isinstance(found, Stale):
            return Done(found.why)
        node = found.node
        if is_our_cordon(node, task.step.params["run"]):
            return Refused(FailureCode.NOT_VERIFIED, f"{node.name} is still cordoned", f"kubectl uncordon {node.name}")
        return Done(f"{node.name} is schedulable again")


VERB = UncordonNode()
