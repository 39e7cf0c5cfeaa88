"""Stops a running cluster; verified by its power state."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from ops.model.arm_actions import FOLLOW_OPERATION, READ_CLUSTER
from ops.model.fleet import NO_POWER_STATE, Power
from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.model.reasons import FailureCode
from ops.model.wording import clock
from ops.policy.cluster_limits import why_no_stop
from ops.policy.power import AWAKE, awake_until
from ops.tables.overrides import override_end
from ops.tables.power import note_power_change
from ops.tables.runs import temporary_holder
from ops.verbs.arm_operation import (
    POLL_EVERY,
    begin_operation,
    busy,
    no_power_state,
    not_verified_yet,
    poll_power,
    power_pause,
    remedy,
)
from ops.verbs.contract import StepContext

_VERIFY_WITHIN = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class StopCluster:
    """Undone by starting the cluster again.

    `params`, if it undoes a start: awake (the cluster's schedule), which can keep the cluster running.
    """

    name: str = "stop-cluster"
    actions: frozenset[str] = frozenset(
        {READ_CLUSTER, FOLLOW_OPERATION, "Microsoft.ContainerService/managedClusters/stop/action"}
    )
    kubernetes: frozenset[str] = frozenset()
    on_cancel: Literal["finish", "abort"] = "finish"
    undo: str = "start-cluster"

    def check(self, task: StepContext) -> Ready | Done | Pending | Refused | Stale:
        """Waits for a running operation to end. AKS can report a stopped cluster as Succeeded, so the power state also counts."""
        until = override_end(task.ports.store, "awake", task.target)
        stays_awake = (
            f"a person is keeping it awake until {clock(until)}" if until is not None and task.now < until else ""
        )
        if task.undo and (why := stays_awake or _by_schedule(task)):
            return Done(f"{why}, so it is not stopped")
        cluster = task.ports.clusters.cluster(task.target)
        if cluster.is_busy:
            if task.may_have_begun:
                return Pending("", task.now + POLL_EVERY)
            return busy(task)
        if cluster.is_stopped:
            return Done("the cluster is stopped")
        if not cluster.is_running:
            return Pending("", task.now + POLL_EVERY) if task.may_have_begun else no_power_state(task)
        impossible = why_no_stop(cluster)
        if impossible:
            return Refused(FailureCode.NOT_POSSIBLE, impossible, "scale its pools down instead, if it has to cost less")
        if stays_awake:
            return Stale(stays_awake)
        holder = "" if task.undo else temporary_holder(task.ports.store, task.target)
        if holder:
            return Stale(f"{holder} has started it and will stop it")
        return power_pause(task) or Ready()

    def begin(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """Requests the stop once."""
        return begin_operation(task, lambda: task.ports.clusters.begin_stop(task.target))

    def poll(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """Polls the operation or, if its address is unknown, reads the cluster."""
        return poll_power(task, Power.STOPPED, "the stop", lambda: task.ports.clusters.begin_stop(task.target))

    def verify(self, task: StepContext) -> Done | Pending | Refused:
        """Verifies that the power state is Stopped and provisioning has ended."""
        cluster = task.ports.clusters.cluster(task.target)
        if cluster.is_stopped and not cluster.is_busy:
            note_power_change(task.ports.store, task.target, task.now)
            return Done("the cluster is stopped")
        now = "Azure reports it as running" if cluster.is_running else NO_POWER_STATE.why
        cause = f"Azure reports that the stop has ended, but the cluster is not verified as stopped: {now}"
        return not_verified_yet(task, _VERIFY_WITHIN, cause, remedy(""))


def _by_schedule(task: StepContext) -> str:
    """Why the schedule of a cluster that was started for its window keeps it awake by now; empty if it does not."""
    until = awake_until(task.step.params.get(AWAKE, ""), task.now)
    return f"its schedule keeps it awake until {clock(until)}" if until is not None else ""


VERB = StopCluster()
