"""Bursts of spot evictions, from the notices and losses that the world shows (docs/spot.md)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from simulator.world.journal import Entry, Kind

# Rule 5: the outcome is confirmed so long after a burst's last eviction.
_CONFIRMED_AFTER = timedelta(minutes=10)
# From then on the run looks once more and ends.
_ENDS_WITHIN = timedelta(minutes=2)


def spot_expected(group_within: timedelta | None, journal: Sequence[Entry], start: datetime, end: datetime) -> int:
    """How many bursts began and were confirmed within the time; one eviction counts from its notice, where it had one."""
    if group_within is None:
        return 0
    firsts: dict[tuple[str | None, str | None], dict[str | None, datetime]] = defaultdict(dict)
    for entry in journal:
        if entry.kind in (Kind.SPOT_NOTICE, Kind.SPOT_EVICTED):
            firsts[entry.cluster, entry.pool].setdefault(str(entry.detail["event"]), entry.at)
    bursts = [burst for seen in firsts.values() for burst in _bursts(sorted(seen.values()), group_within)]
    return sum(start <= burst[0] and burst[-1] + _CONFIRMED_AFTER + _ENDS_WITHIN <= end for burst in bursts)


def _bursts(times: Sequence[datetime], group_within: timedelta) -> list[list[datetime]]:
    """Rule 2: within `group_within` of the first, unless the burst has been told to its end by then."""
    bursts: list[list[datetime]] = []
    for at in times:
        if bursts and at - bursts[-1][0] < group_within and at - bursts[-1][-1] < _CONFIRMED_AFTER:
            bursts[-1].append(at)
        else:
            bursts.append([at])
    return bursts
