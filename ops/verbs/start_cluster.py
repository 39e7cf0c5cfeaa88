"""Starts a stopped cluster; verified by its power state and Ready nodes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from ops.model.arm_actions import ASK_API_SERVER, FOLLOW_OPERATION, READ_CLUSTER
from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.model.reasons import FailureCode
from ops.ports.errors import TryLaterError
from ops.tables.power import note_power_change
from ops.verbs.arm_operation import (
    POLL_EVERY,
    begin_operation,
    busy,
    not_verified_yet,
    poll_operation,
    power_pause,
    remedy,
)
from ops.verbs.contract import StepContext

_VERIFY_WITHIN = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class StartCluster:
    """Has no `params`. Undone by stopping the cluster again."""

    name: str = "start-cluster"
    actions: frozenset[str] = frozenset(
        {READ_CLUSTER, ASK_API_SERVER, FOLLOW_OPERATION, "Microsoft.ContainerService/managedClusters/start/action"}
    )
    kubernetes: frozenset[str] = frozenset({"list nodes"})
    on_cancel: Literal["finish", "abort"] = "finish"
    undo: str = "stop-cluster"

    def check(self, task: StepContext) -> Ready | Done | Pending | Refused | Stale:
        """Checks the cluster. If someone else has started it in the meantime, marks the plan as stale so that it is not stopped afterwards."""
        cluster = task.ports.clusters.cluster(task.target)
        if task.may_have_begun and (cluster.running or cluster.is_busy):
            return Pending("", task.now + POLL_EVERY)
        if cluster.is_busy:
            return busy(task)
        if cluster.running:
            return (
                Done("the cluster is running")
                if task.undo
                else Stale("the cluster was started by someone else in the meantime")
            )
        return power_pause(task) or Ready()

    def begin(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """Requests the start once."""
        return begin_operation(task, lambda: task.ports.clusters.begin_start(task.target))

    def poll(self, task: StepContext) -> Pending | Done | Refused:
        """Polls the operation or, if its token was lost, reads the cluster."""
        if task.record.token:
            return poll_operation(task, "the start")
        cluster = task.ports.clusters.cluster(task.target)
        if cluster.is_busy:
            return Pending("", task.now + POLL_EVERY)
        if cluster.running:
            return Done("Azure reports the cluster as Running")
        return Refused(FailureCode.START_FAILED, "the cluster did not start", remedy(""))

    def verify(self, task: StepContext) -> Done | Pending | Refused:
        """Verifies that the power state is Running, provisioning has ended, and every node that the API server lists is Ready."""
        cluster = task.ports.clusters.cluster(task.target)
        expected = sum(pool.count for pool in cluster.pools if pool.running)
        try:
            nodes = task.ports.nodes.nodes(cluster) if cluster.running else ()
        except TryLaterError:
            nodes = ()
        ready = sum(node.ready for node in nodes)
        if cluster.running and not cluster.is_busy and ready >= expected and ready == len(nodes):
            note_power_change(task.ports.store, task.target, task.now)
            return Done(f"the cluster is running, {ready} of {len(nodes)} nodes are Ready")
        cause = f"the cluster was started, but after 20 minutes {ready} of {expected} nodes are Ready"
        return not_verified_yet(
            task, _VERIFY_WITHIN, cause, "check its nodes before you do anything else on the cluster"
        )


VERB = StartCluster()
