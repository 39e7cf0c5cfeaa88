"""The hourly scan of the state of each cluster: operations that do not end, and clusters whose last operation has failed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from ops.context import Context
from ops.messaging.conditions import report_condition
from ops.model.fleet import Cluster
from ops.model.message import Message
from ops.policy.rings import ring_of
from ops.policy.routes import channels_of
from ops.render.cluster_conditions import failed_cluster_message, stuck_message
from ops.settings import Settings
from ops.tables.base import marked, store_key
from ops.tables.busy_clusters import BusyCluster, busy_clusters
from ops.tables.set_aside import each

# AKS drains a node for at most 24 hours (drainTimeoutInMinutes), so an ordinary operation shows some progress within a day.
STUCK_AFTER = timedelta(hours=24)


def report_states(context: Context, settings: Settings, fleet: Sequence[Cluster], now: datetime) -> None:
    """Reports clusters in rings that have been busy for a day, or whose last operation has failed; and once when that is over."""
    store = context.ports.store
    members = [cluster for cluster in fleet if ring_of(cluster, settings) is not None]
    known = {store_key(cluster.id) for cluster in members}
    gone = [key for key in marked(store, busy_clusters(store).kind) if key not in known]
    each(store, "clusters that are gone", gone, busy_clusters(store).delete)

    def look(cluster: Cluster) -> None:
        since = _busy_since(context, cluster, now)
        is_stuck = since is not None and now - since >= STUCK_AFTER
        _report(context, settings, cluster, stuck_message(cluster, since if is_stuck else None), now)
        if since is None:
            _report(context, settings, cluster, failed_cluster_message(cluster), now)

    each(store, "states of clusters", members, look, lambda cluster: cluster.id)


def _busy_since(context: Context, cluster: Cluster, now: datetime) -> datetime | None:
    """Returns since when every scan has seen an operation on the cluster; None if none is running."""
    table, key = busy_clusters(context.ports.store), store_key(cluster.id)
    stored = table.get(key)
    if not cluster.is_busy:
        if stored is not None:
            table.delete(key)
        return None
    if stored is None:
        table.insert(key, BusyCluster(cluster.id, now))
    return now if stored is None else stored.value.since


def _report(context: Context, settings: Settings, cluster: Cluster, message: Message, now: datetime) -> None:
    report_condition(context.ports, message, now, channels=channels_of(cluster, settings), target=cluster.id)
