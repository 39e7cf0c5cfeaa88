"""What must never happen, judged from what Daytwo did."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import combinations

from simulator.oracle.approvals import approved
from simulator.oracle.history import Work, unpatched
from simulator.oracle.local_time import MINUTE
from simulator.oracle.week import LOOK, READY_WITHIN, START_TAKES, UPGRADE, Place, Week, driven_by_aks, in_order


def violations(week: Week, start: datetime, end: datetime) -> Iterator[str]:
    """Each begins with a code, then the cluster and pool and the instant."""
    for cluster in week.history.clusters.values():
        upgrades = [work for work in _begun(week, cluster.name, start, end) if work.what == UPGRADE]
        for work in upgrades:
            yield from (_said(code, work) for code in _of_upgrade(week, work))
            if not _approved(week, work):
                yield _said("not-approved", work)
        yield from (_said("upgraded-twice", again) for again in _again(week.mine(cluster.name)))
        yield from _of_power(week, cluster.name, start, end)
    yield from _neighbours(week, start, end)
    yield from _max_concurrent(week, start, end)


def landed_late(week: Week, start: datetime, end: datetime) -> Iterator[str]:
    """Upgrades to an unproven image that landed within the minute before the call (rule 12)."""
    for name in week.history.clusters:
        for work in _begun(week, name, start, end):
            place = _place(week, work)
            if work.what == UPGRADE and place is not None and _unproven(week, place, work) and _late(week, place, work):
                yield _said("landed-late", work)


def _approved(week: Week, work: Work) -> bool:
    cluster = week.history.clusters[work.cluster]
    is_in_ring = week.ring_number(cluster) is not None
    return not is_in_ring or approved(week.rules.approvals, week.ring(cluster).name, work, week.history)


def _of_upgrade(week: Week, work: Work) -> Iterator[str]:
    """The codes of what one upgrade broke by itself."""
    place = _place(week, work)
    if place is None:
        yield "no-agent-pool"
        return
    cluster, at = place.cluster, work.began
    number = week.ring_number(cluster)
    if number is None:
        yield "no-ring"
        return
    if driven_by_aks(cluster):
        yield "driven-by-aks"
    if place.pool.from_snapshot:
        yield "snapshot"
    if _unproven(week, place, work) and not _late(week, place, work):
        yield "unproven"
    if week.history.busy(cluster.name, at, work):
        yield "busy"
    if all(unpatched(m.image) == work.image for m in week.history.machines(cluster.name, work.pool, at).values()):
        yield "already-latest"
    opening = week.opening_at(cluster, at)
    if opening is None:
        yield "outside-window"
    elif at + week.expected(place, at) > opening.closes:
        yield "does-not-fit"
    yield from _out_of_turn(week, place, work)


def _out_of_turn(week: Week, place: Place, work: Work) -> Iterator[str]:
    """Rules 6, 7 and 15: what had to come first, or never."""
    cluster, at = place.cluster, work.began
    number = week.ring_number(cluster) or 0
    for pool in in_order(cluster):
        other = Place(cluster, pool)
        if other == place:
            break
        later = week.upgrade_of(other)
        if later is not None and later.began > at and week.standing(other, at) is None and week.proven(other, at):
            yield "out-of-order"
            break
    failed = week.run_failed_at(cluster.name)
    if failed is not None and failed < at:
        yield "after-failure"
    if week.halted(number, at):
        yield "halted"
    if at < week.ring_begins(number) and _ring_before_goes_on(week, number, at):
        yield "ring-too-early"


def _ring_before_goes_on(week: Week, number: int, at: datetime) -> bool:
    """Whether a run of an earlier ring had anything still to do or to end, so that it had not ended."""
    return any(
        work.ended > at
        for name, cluster in week.history.clusters.items()
        if (ring := week.ring_number(cluster)) is not None and ring < number
        for work in week.mine(name)
    )


def _again(works: Iterable[Work]) -> Iterator[Work]:
    """Upgrades of a pool that the week had seen already (rule 4)."""
    seen: set[str] = set()
    for work in works:
        if work.what == UPGRADE:
            if work.pool in seen:
                yield work
            seen.add(work.pool)


def _of_power(week: Week, name: str, start: datetime, end: datetime) -> Iterator[str]:
    """Rule 10: woken inside the window, only where wanted, and put back to sleep."""
    cluster = week.history.clusters[name]
    for work in _begun(week, name, start, end):
        if work.what != "start" or week.schedule.asked_for(work):
            continue
        if not week.rules.start_stopped_clusters or week.ring_number(cluster) is None:
            yield _said("woken-unasked", work)
            continue
        opening = week.opening_at(cluster, work.began)
        if opening is None:
            yield _said("outside-window", work)
        elif work.began + START_TAKES > opening.closes:
            yield _said("does-not-fit", work)
        if work.status == "Succeeded" and not _put_back(week, work, end):
            yield _said("left-awake", work)


def _put_back(week: Week, start: Work, end: datetime) -> bool:
    """Whether a woken cluster was stopped, or could still be in time when the judged time ends.

    In time is: by the end of the opening in which it was woken, or a look after the proof of its last upgrade.
    """
    cluster = week.history.clusters[start.cluster]
    opening = week.opening_at(cluster, start.began)
    works = [work for work in week.history.of_cluster(start.cluster) if work.began >= start.ended]
    stop = next((work for work in works if work.what == "stop" and work.status != "Failed"), None)
    upgrades = [w for w in works if w.what == UPGRADE and w.who == week.bot and (stop is None or w.began < stop.began)]
    last = max([start.ended, *(work.ended for work in upgrades if work.ended < end)])
    due = max(last + READY_WITHIN + LOOK, opening.closes if opening else last)
    return due >= end if stop is None else stop.began <= due


def _neighbours(week: Week, start: datetime, end: datetime) -> Iterator[str]:
    """Rule 13: upgrades at the same time in paired regions."""
    for one, other in combinations(_upgrades(week, start, end), 2):
        near = week.neighbours(week.history.clusters[one.cluster], week.history.clusters[other.cluster])
        if near and one.began < other.ended and other.began < one.ended:
            yield _said("paired-regions", max(one, other, key=lambda work: work.began))


def _max_concurrent(week: Week, start: datetime, end: datetime) -> Iterator[str]:
    """Rule 13: more clusters of a ring at once than a pair may have."""
    upgrades = _upgrades(week, start, end)
    for work in upgrades:
        cluster = week.history.clusters[work.cluster]
        number = week.ring_number(cluster)
        if number is None:
            continue
        max_concurrent = week.rules.rings[number].max_concurrent
        going = {
            other.cluster
            for other in upgrades
            if other.runs(work.began)
            and week.ring_number(week.history.clusters[other.cluster]) == number
            and week.same_group(cluster, week.history.clusters[other.cluster])
        }
        if max_concurrent is not None and len(going) > max_concurrent:
            yield _said("max-concurrent", work)


def _upgrades(week: Week, start: datetime, end: datetime) -> list[Work]:
    return [w for name in week.history.clusters for w in _begun(week, name, start, end) if w.what == UPGRADE]


def _begun(week: Week, cluster: str, start: datetime, end: datetime) -> list[Work]:
    return [w for w in week.history.of_cluster(cluster) if w.who == week.bot and start <= w.began < end]


def _place(week: Week, work: Work) -> Place | None:
    cluster = week.history.clusters[work.cluster]
    return next((Place(cluster, pool) for pool in cluster.pools if pool.name == work.pool), None)


def _unproven(week: Week, place: Place, work: Work) -> bool:
    return week.ring_number(place.cluster) is not None and not week.proven_image(place, work.image, work.began)


def _late(week: Week, place: Place, work: Work) -> bool:
    return week.history.landed_within(place.cluster.region, work.image, work.began, MINUTE)


def _said(code: str, work: Work) -> str:
    where = f"{work.cluster}/{work.pool}" if work.pool else work.cluster
    return f"{code}: {where} at {work.began:%Y-%m-%d %H:%M:%S} UTC"
