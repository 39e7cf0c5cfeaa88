"""Persistent conditions of clusters as messages: states that last, and update runs of Azure Kubernetes Fleet Manager."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ops.model.fleet import Cluster
from ops.model.message import Message
from ops.model.run import State
from ops.model.run_request import short_hash
from ops.model.update_runs import UpdateRun
from ops.model.wording import instant
from ops.render.phrases import listed

_SHOWN_TEXT = 300


def stuck_message(cluster: Cluster, since: datetime | None) -> Message:
    """Reports an operation on a cluster that does not end; resolved once `since` is None."""
    subject = f"busy.{short_hash(cluster.id)}.held"
    if since is None:
        return Message(subject, State.DONE, "Operation", cluster.name, "is not running anymore")
    lines = (
        f"an operation is running on the cluster at every hourly scan since {instant(since)} ({cluster.states})",
        "until it ends, Daytwo starts nothing on this cluster",
    )
    remedy = (
        "find the operation in the activity log; `az aks operation-abort` or `az aks nodepool operation-abort` ends it"
    )
    return Message(
        subject, State.NEEDS_YOU, "Operation", cluster.name, "does not end", lines, remedy=remedy, footer=subject
    )


def failed_cluster_message(cluster: Cluster) -> Message:
    """Reports that the last operation on a cluster has failed; resolved once it has not."""
    subject = f"failed.{short_hash(cluster.id)}.held"
    if not cluster.has_failed:
        return Message(subject, State.DONE, "Cluster", cluster.name, f"is {cluster.provisioning_state} again")
    lines: tuple[str, ...] = (
        f"Azure reports its last operation as {cluster.provisioning_state} and its power state as {cluster.power}",
    )
    if cluster.is_running:
        lines += ("that it is running does not mean that it works",)
    remedy = "find the operation in the activity log and fix its cause, then reconcile the cluster (`az aks update`)"
    return Message(
        subject, State.NEEDS_YOU, "Cluster", cluster.name, "has failed", lines, remedy=remedy, footer=subject
    )


def waiting_run_message(subject: str, fleet: str, run: UpdateRun | None, clusters: Sequence[str]) -> Message:
    """Reports an update run of a fleet that waits, with the clusters that it holds; resolved without a `run`."""
    if run is None:
        return Message(subject, State.DONE, "Update run", fleet, "is not waiting anymore")
    lines = (
        f"{run.name} is {run.state} ({run.id})",
        f"Daytwo begins nothing on the clusters that it contains: {listed(clusters, _SHOWN_TEXT)}",
    )
    remedy = "start the run, approve its gate, or stop or delete it in Azure Kubernetes Fleet Manager"
    return Message(subject, State.NEEDS_YOU, "Update run", fleet, "is waiting", lines, remedy=remedy, footer=subject)


def unreadable_fleets_message(refused: Mapping[str, Sequence[str]]) -> Message:
    """Reports that fleets are known but cannot be read, by reason with the clusters that this holds; resolved once all can be read."""
    if not refused:
        return Message("fleets", State.DONE, "Fleets", "Azure Kubernetes Fleet Manager", "can be read again")
    lines = tuple(f"{why}. Daytwo begins nothing on {listed(names, _SHOWN_TEXT)}" for why, names in refused.items())
    remedy = "assign the role of the deployment guide in the subscription of the fleet, or `Reader` on the fleet"
    return Message(
        "fleets", State.NEEDS_YOU, "Fleets", "Azure Kubernetes Fleet Manager", "cannot be read", lines, remedy=remedy
    )
