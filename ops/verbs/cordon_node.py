"""Cordons a node and adds Daytwo's annotation, so that Daytwo removes only its own cordons.

Before the cordon, it asks the API server whether it would evict each pod that the drain will evict (docs/reboot.md, rule 6).
"""

from dataclasses import dataclass
from typing import Literal

from ops.model.arm_actions import ASK_API_SERVER, READ_CLUSTER
from ops.model.fleet import CORDON_STAMP
from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.model.reasons import FailureCode
from ops.verbs.contract import StepContext
from ops.verbs.eviction_check import refused_eviction
from ops.verbs.node_lookup import find_node, is_our_cordon


@dataclass(frozen=True, slots=True)
class CordonNode:
    """`params`: node, uid, run (the value of the annotation). Undone by uncordoning.

    If an eviction can never succeed, the node is left as it is, and the refusal has the API server's own words.
    """

    name: str = "cordon-node"
    actions: frozenset[str] = frozenset({READ_CLUSTER, ASK_API_SERVER})
    kubernetes: frozenset[str] = frozenset(
        {
            "list nodes",
            "patch nodes",
            "list pods",
            "list poddisruptionbudgets",
            "list evictionautoscalers",
            "create pods/eviction",
        }
    )
    on_cancel: Literal["finish", "abort"] = "finish"
    undo: str = "uncordon-node"

    def check(self, task: StepContext) -> Ready | Done | Pending | Refused | Stale:
        """Checks the node. A node that was cordoned by someone else is not drained."""
        found = find_node(task)
        if isinstance(found, Stale):
            return found
        node = found.node
        if is_our_cordon(node, task.step.params["run"]) and node.unschedulable:
            return Done(f"{node.name} is cordoned")
        if node.unschedulable:
            return Stale(f"{node.name} was cordoned by someone else")
        return Ready()

    def begin(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """Asks for the evictions, then sets the cordon and the annotation in one patch."""
        found = find_node(task)
        if isinstance(found, Stale):
            return found
        refused = refused_eviction(task, found)
        if refused is not None:
            return refused
        task.ports.nodes.mark(
            found.cluster, found.node, unschedulable=True, annotations={CORDON_STAMP: task.step.params["run"]}
        )
        return self.verify(task)

    def poll(self, task: StepContext) -> Pending | Done | Refused:
        """Done immediately: a cordon has no operation to poll."""
        return self.verify(task)

    def verify(self, task: StepContext) -> Done | Refused:
        """Verifies that the node is unschedulable and has the annotation."""
        found = find_node(task)
        if isinstance(found, Stale):
            return Refused(FailureCode.GONE, found.why, "nothing: a new node does not need a reboot")
        node = found.node
        if node.unschedulable and is_our_cordon(node, task.step.params["run"]):
            return Done(f"{node.name} is cordoned")
        return Refused(
            FailureCode.NOT_VERIFIED, f"{node.name} could not be cordoned", "find out what else changes this node"
        )


VERB = CordonNode()
