"""Which clusters' node-image runs had to end well within the judged time (docs/node-image.md)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from simulator.oracle.verdict import EligiblePool, End
from simulator.oracle.week import UPGRADE, Week, driven_by_aks
from simulator.world.specs import ClusterSpec

# A pool that is left out for one of these is waited for until the week has no window left (rule 8).
_WAITED_FOR = ("asleep", "busy", "unproven", "no-window-left")


def node_image_expected(
    week: Week,
    eligible: Sequence[EligiblePool],
    skipped: Mapping[str, Sequence[tuple[str, str]]],
    start: datetime,
    end: datetime,
) -> int:
    """How many runs did what they had to: pools upgraded and none failed, or AKS's own work seen to its end."""
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
    """Rule 2: there was something to tell, and nothing more to wait for."""
    at = min(end, week.ends)
    behind = [p for p in cluster.pools if not week.history.carries(cluster, p, week.history.newest(cluster, p, at), at)]
    works = week.history.of_cluster(cluster.name)
    changed = any(work.what == UPGRADE and work.status == "Succeeded" and start <= work.began for work in works)
    return end >= week.ends if behind else changed
