"""The clusters whose node image runs had to succeed within the evaluated period (docs/node-image.md)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from simulator.oracle.verdict import EligiblePool, End
from simulator.oracle.week import UPGRADE, Week, driven_by_aks
from simulator.world.specs import ClusterSpec

# If a pool is skipped for one of these reasons, a run waits for it until the last window of the week ends (rule 8).
_WAITED_FOR = ("asleep", "busy", "unproven", "no-window-left", "unknown-power-state", "refused", "update-run")


def node_image_expected(
    week: Week,
    eligible: Sequence[EligiblePool],
    skipped: Mapping[str, Sequence[tuple[str, str]]],
    start: datetime,
    end: datetime,
) -> int:
    """How many runs succeeded: either all pools were upgraded and none failed, or AKS's own upgrade was observed to its end."""
    waited_for = {cluster for reason in _WAITED_FOR for cluster, _ in skipped.get(reason, ())}
    found = 0
    for cluster in week.history.clusters.values():
        if week.ring_number(cluster) is None:
            continue
        if driven_by_aks(cluster):
            found += _watched_to_the_end(week, cluster, start, end)
            continue
        ends = [pool.end for pool in eligible if pool.cluster == cluster.name]
        is_over = cluster.name not in waited_for or end >= week.last_moment(cluster)
        is_over = is_over and week.run_failed_at(cluster.name) is None
        found += is_over and bool(ends) and all(each is End.UPGRADED for each in ends)
    return found


def _watched_to_the_end(week: Week, cluster: ClusterSpec, start: datetime, end: datetime) -> bool:
    """Rule 2: whether there was something to report and the run no longer had to wait."""
    at = min(end, week.ends)
    behind = [
        p for p in cluster.pools if not week.history.has_image(cluster, p, week.history.newest(cluster, p, at), at)
    ]
    operations = week.history.of_cluster(cluster.name)
    changed = any(
        operation.what == UPGRADE and operation.status == "Succeeded" and start <= operation.began
        for operation in operations
    )
    return end >= week.ends if behind else changed
