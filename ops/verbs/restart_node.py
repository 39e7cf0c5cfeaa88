"""Restarts a node's machine; verified by the end of the operation, a changed bootID and the Ready condition."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from ops.model.arm_actions import ASK_API_SERVER, LIST_MACHINES, READ_CLUSTER, RESTART_INSTANCE, RESTART_MACHINE
from ops.model.fleet import Cluster, Pool, PoolMachines, Unknown
from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.model.reasons import FailureCode
from ops.policy.evictable_pods import pods_to_evict
from ops.policy.node_identity import ConfirmedMachine, Match, NotConfirmed, match_node
from ops.ports.errors import NotFoundError, TryLaterError
from ops.verbs.arm_operation import begin_operation, busy, not_verified_yet, poll_operation
from ops.verbs.contract import StepContext
from ops.verbs.drain_node import comes_back
from ops.verbs.node_lookup import FoundNode, find_node, missing_cordon

_LOOK = timedelta(minutes=1)
# How long a machine can still look untouched after Azure has accepted its restart. Until then it is unknown, after a crash,
# whether the restart was requested, and a second request would restart a node that has just booted.
_TAKES_EFFECT = timedelta(minutes=10)
_BUSY_AGAIN = timedelta(minutes=5)
# docs/reboot.md, rule 7.
_BUSY_FOR = timedelta(minutes=30)
_VERIFY_WITHIN = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class RestartNode:
    """`params`: node, uid, run (the cordon's annotation), boot_id (before it), annotation (the one that requests it).

    A reboot cannot be undone. It restarts a machine only if, in the same attempt, ARM lists that machine for a pool of the
    run's own cluster, and the node still has its uid and this run's cordon (docs/reboot.md, rule 7).
    """

    name: str = "restart-node"
    actions: frozenset[str] = frozenset(
        {
            READ_CLUSTER,
            ASK_API_SERVER,
            LIST_MACHINES,
            RESTART_INSTANCE,
            RESTART_MACHINE,
            "Microsoft.Compute/locations/operations/read",
        }
    )
    kubernetes: frozenset[str] = frozenset({"list nodes", "list pods"})
    on_cancel: Literal["finish", "abort"] = "finish"
    undo: str = ""

    def check(self, task: StepContext) -> Ready | Done | Pending | Refused | Stale:
        """Done if the node has rebooted since the plan was made, because it then does not need a restart.

        Raises:
            TryLaterError: an earlier attempt may have requested the restart, and its effect may not be visible yet.
        """
        found = find_node(task)
        if isinstance(found, Stale):
            return found
        cluster, node, _ = found
        if not task.step.params.get("uid"):
            return Stale("the plan does not say which node it means: it was made by an earlier version")
        if node.boot_id != task.step.params["boot_id"]:
            return Pending("", task.now + _LOOK)
        if task.may_have_begun and not node.ready:
            return Pending("", task.now + _LOOK)
        if task.may_have_begun and task.now - (task.record.began or task.now) < _TAKES_EFFECT:
            raise TryLaterError(f"a restart of {node.name} may have been requested: waiting for its effect")
        refused = missing_cordon(task, node)
        if refused is not None:
            return refused
        return busy(task) if cluster.is_busy else Ready()

    def begin(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """Checks the node, its pods and its machine once more, then requests the restart once.

        Raises:
            TryLaterError: Azure is busy with the machine; or it was not found among those that ARM has listed, and a pool could
                not be read.
        """
        found = find_node(task)
        if isinstance(found, Stale):
            return found
        refused = missing_cordon(task, found.node)
        if refused is not None:
            return refused
        left = pods_to_evict(task.ports.nodes.pods(found.cluster, found.node.name), found.node.name)
        if left:
            return comes_back(found.node.name, left[0])
        match = _machine(task, found)
        if isinstance(match, Unknown):
            why = f"the machine of {found.node.name} could not be read: {match.why}"
            raise TryLaterError(why, match.retry_after_s or _LOOK.total_seconds())
        if isinstance(match, NotConfirmed):
            return _not_confirmed(found.node.name, match)
        return _restart(task, match)

    def poll(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """Polls the operation; if its token was lost, only the verification counts."""
        if not task.record.token:
            return Done("the restart of the machine was requested")
        outcome = poll_operation(task, f"the restart of {task.step.params['node']}")
        if isinstance(outcome, Pending):
            return Pending(outcome.token, task.now + _LOOK)
        return outcome

    def verify(self, task: StepContext) -> Done | Pending | Refused:
        """Verifies that the bootID has changed, and that the node is Ready and no longer requires a reboot.

        All of this is the API server's word. The evidence says whether Azure has confirmed the end of the restart as well.
        """
        name = task.step.params["node"]
        found = find_node(task)
        missing = found.why if isinstance(found, Stale) else ""
        if not isinstance(found, Stale):
            node = found.node
            if node.boot_id == task.step.params["boot_id"]:
                missing = "its bootID has not changed"
            elif not node.ready:
                missing = "it is not Ready"
            elif task.step.params["annotation"] in node.annotations:
                missing = "it still requires a reboot"
            else:
                return Done(f"{name} has rebooted and is Ready; {_confirmation(task)}")
        cause = f"{name} was restarted, but after 20 minutes {missing}"
        advice = "check the node; its cordon is removed, so pods can be scheduled on it once it is Ready"
        return not_verified_yet(task, _VERIFY_WITHIN, cause, advice, _LOOK)


VERB = RestartNode()


def _machine(task: StepContext, found: FoundNode) -> Match:
    cluster = found.cluster
    machines = {pool.name: _listed(task, cluster, pool) for pool in cluster.pools if not pool.unsupported}
    return match_node(cluster, found.node, found.nodes, machines)


def _listed(task: StepContext, cluster: Cluster, pool: Pool) -> PoolMachines:
    """Returns the machines of one pool. Another pool that was just deleted, or cannot be read now, does not stop the restart."""
    try:
        return task.ports.clusters.machines(cluster.id, pool.name)
    except TryLaterError as error:
        return Unknown(str(error), transient=True, retry_after_s=error.retry_after_s)
    except NotFoundError as error:
        return Unknown(str(error), transient=True)


def _restart(task: StepContext, machine: ConfirmedMachine) -> Pending | Refused:
    """Requests the restart. While Azure is busy with the machine, the drained node waits: giving it up means to drain it again.

    Raises:
        TryLaterError: Azure is busy with something else.
    """
    outcome = begin_operation(task, lambda: task.ports.machines.begin_restart(machine), _LOOK)
    if not isinstance(outcome, Stale):
        return outcome
    if task.now - (task.record.began or task.now) < _BUSY_FOR:
        raise TryLaterError(outcome.why, _BUSY_AGAIN.total_seconds())
    minutes = int(_BUSY_FOR.total_seconds()) // 60
    cause = f"Azure did not accept the restart for {minutes} minutes: {outcome.why}"
    return Refused(FailureCode.STAYS_BUSY, cause, "find out what Azure is doing with the machine, in its activity log")


def _not_confirmed(name: str, match: NotConfirmed) -> Refused:
    cause = f"{name} is not restarted: {match.why}"
    remedy = (
        "find out who has registered this node in the cluster and why; Daytwo restarts only the cluster's own machines"
    )
    return Refused(FailureCode.NOT_CONFIRMED, cause, remedy)


def _confirmation(task: StepContext) -> str:
    """Who confirms the restart: the operation's token is kept until the step ends, unless the answer to the request was lost."""
    if task.record.token:
        return "Azure reports that the restart has ended"
    return "only its API server confirms this: Azure's answer to the request was lost"
