"""Restarts a node's scale set instance; verified by a changed bootID and the Ready condition."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from ops.model.arm_actions import ASK_API_SERVER, READ_CLUSTER
from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.verbs.arm_operation import begin_operation, busy, not_verified_yet, poll_operation
from ops.verbs.contract import StepContext
from ops.verbs.node_lookup import find_node

_LOOK = timedelta(minutes=1)
# docs/reboot.md, rule 7.
_VERIFY_WITHIN = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class RestartNode:
    """`params`: node, boot_id (before the restart), annotation (the one that requests the reboot). A reboot cannot be undone."""

    name: str = "restart-node"
    actions: frozenset[str] = frozenset(
        {
            READ_CLUSTER,
            ASK_API_SERVER,
            "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/restart/action",
            "Microsoft.Compute/locations/operations/read",
        }
    )
    kubernetes: frozenset[str] = frozenset({"list nodes"})
    on_cancel: Literal["finish", "abort"] = "finish"
    undo: str = ""

    def check(self, task: StepContext) -> Ready | Done | Pending | Refused | Stale:
        """Done if the node has rebooted since the plan was made, because it then does not need a restart."""
        found = find_node(task)
        if isinstance(found, Stale):
            return found
        cluster, node = found
        if node.boot_id != task.step.params["boot_id"]:
            return Pending("", task.now + _LOOK)
        if task.may_have_begun and not node.ready:
            return Pending("", task.now + _LOOK)
        if cluster.is_busy:
            return busy(task)
        return Ready()

    def begin(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """Requests the restart once."""
        found = find_node(task)
        if isinstance(found, Stale):
            return found
        node = found[1]
        return begin_operation(task, lambda: task.ports.machines.begin_restart(node), _LOOK)

    def poll(self, task: StepContext) -> Pending | Done | Refused:
        """Polls the operation; if its token was lost, only the verification counts."""
        if not task.record.token:
            return Done("the restart of the instance was requested")
        outcome = poll_operation(task, f"the restart of {task.step.params['node']}")
        if isinstance(outcome, Pending):
            return Pending(outcome.token, task.now + _LOOK)
        return outcome

    def verify(self, task: StepContext) -> Done | Pending | Refused:
        """Verifies that the bootID has changed, and that the node is Ready and no longer requires a reboot."""
        name = task.step.params["node"]
        found = find_node(task)
        missing = found.why if isinstance(found, Stale) else ""
        if not isinstance(found, Stale):
            node = found[1]
            if node.boot_id == task.step.params["boot_id"]:
                missing = "its bootID has not changed"
            elif not node.ready:
                missing = "it is not Ready"
            elif task.step.params["annotation"] in node.annotations:
                missing = "it still requires a reboot"
            else:
                return Done(f"{name} has rebooted and is Ready")
        cause = f"{name} was restarted, but after 20 minutes {missing}"
        advice = "check the node; its cordon is removed, so pods can be scheduled on it once it is Ready"
        return not_verified_yet(task, _VERIFY_WITHIN, cause, advice, _LOOK)


VERB = RestartNode()
