"""Groups of spot evictions, derived from the notices and losses in the world's journal (docs/spot.md)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from simulator.world.journal import Entry, Kind

# Rule 5: the time between the last eviction in the group and the confirmation of the outcome.
_CONFIRMED_AFTER = timedelta(minutes=10)
# After this time, the run makes one more check and ends.
_ENDS_WITHIN = timedelta(minutes=2)


def spot_expected(group_within: timedelta | None, journal: Sequence[Entry], start: datetime, end: datetime) -> int:
    """How many groups started and were confirmed within the period. An eviction counts from its notice, if there was one."""
    if group_within is None:
        return 0
    firsts: dict[tuple[str | None, str | None], dict[str | None, datetime]] = defaultdict(dict)
    for entry in journal:
        if entry.kind in (Kind.SPOT_NOTICE, Kind.SPOT_EVICTED):
            firsts[entry.cluster, entry.pool].setdefault(str(entry.detail["event"]), entry.at)
    groups = [group for seen in firsts.values() for group in _groups(sorted(seen.values()), group_within)]
    return sum(start <= group[0] and group[-1] + _CONFIRMED_AFTER + _ENDS_WITHIN <= end for group in groups)


def _groups(times: Sequence[datetime], group_within: timedelta) -> list[list[datetime]]:
    """Rule 2: evictions within `group_for` of the first belong together, unless the group's run ended before."""
    groups: list[list[datetime]] = []
    for at in times:
        if groups and at - groups[-1][0] < group_within and at - groups[-1][-1] < _CONFIRMED_AFTER:
            groups[-1].append(at)
        else:
            groups.append([at])
    return groups
