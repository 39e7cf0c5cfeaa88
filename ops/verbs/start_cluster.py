"""Starts a stopped cluster; verified by its power state and Ready nodes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from ops.model.arm_actions import ASK_API_SERVER, FOLLOW_OPERATION, READ_CLUSTER
from ops.model.fleet import NO_POWER_STATE, Cluster, Power, Unknown
from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.ports.errors import TryLaterError
from ops.tables.power import note_power_change
from ops.verbs.arm_operation import (
    POLL_EVERY,
    begin_operation,
    busy,
    no_power_state,
    not_verified_yet,
    poll_power,
    power_pause,
)
from ops.verbs.contract import StepContext

_VERIFY_WITHIN = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class StartCluster:
    """Undone by stopping the cluster again. `params`: awake (the cluster's schedule), which only the undo reads."""

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
        if task.may_have_begun and (cluster.is_busy or not cluster.is_stopped):
            return Pending("", task.now + POLL_EVERY)
        if cluster.is_busy:
            return busy(task)
        if cluster.is_running:
            return (
                Done("the cluster is running")
                if task.undo
                else Stale("the cluster was started by someone else in the meantime")
            )
        if not cluster.is_stopped:
            return no_power_state(task)
        return power_pause(task) or Ready()

    def begin(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """Requests the start once."""
        return begin_operation(task, lambda: task.ports.clusters.begin_start(task.target))

    def poll(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """Polls the operation or, if its address is unknown, reads the cluster."""
        return poll_power(task, Power.RUNNING, "the start", lambda: task.ports.clusters.begin_start(task.target))

    def verify(self, task: StepContext) -> Done | Pending | Refused:
        """Verifies that the power state is Running, provisioning has ended, and every node that the API server lists is Ready."""
        cluster = task.ports.clusters.cluster(task.target)
        missing = _missing(task, cluster)
        if isinstance(missing, Done):
            note_power_change(task.ports.store, task.target, task.now)
            return missing
        cause = f"the cluster was started, but after 20 minutes {missing}"
        return not_verified_yet(
            task, _VERIFY_WITHIN, cause, "check its nodes before you do anything else on the cluster"
        )


VERB = StartCluster()


def _missing(task: StepContext, cluster: Cluster) -> Done | str:
    """Returns what is not as it should be yet, or the evidence that the cluster runs."""
    if cluster.is_busy:
        return f"Azure reports {cluster.provisioning_state}"
    if cluster.has_failed:
        return f"Azure reports the cluster as {cluster.provisioning_state}"
    if not cluster.is_running:
        return "Azure reports it as stopped" if cluster.is_stopped else NO_POWER_STATE.why
    try:
        nodes = task.ports.nodes.nodes(cluster)
    except TryLaterError as error:
        return f"its nodes could not be read: {error}"
    ready = sum(node.ready for node in nodes)
    fewest = _fewest(cluster)
    if ready < len(nodes) or ready < fewest:
        return f"{ready} of {max(len(nodes), fewest)} nodes are Ready"
    return Done(f"the cluster is running, {ready} of {len(nodes)} nodes are Ready")


def _fewest(cluster: Cluster) -> int:
    """Returns how many nodes there must be, at least one. Only counts that Azure reports and that do not change by themselves count.

    The autoscaler changes the number of nodes at any time, and Azure evicts spot nodes; their pools are judged by the nodes there.
    """
    fixed = (pool for pool in cluster.pools if pool.power is Power.RUNNING and not pool.autoscaled and not pool.spot)
    return max(1, sum(pool.count for pool in fixed if not isinstance(pool.count, Unknown)))
