"""The rules that Daytwo's actions violated."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import combinations

from simulator.oracle.approvals import approved
from simulator.oracle.history import Operation, unpatched
from simulator.oracle.local_time import MINUTE
from simulator.oracle.week import (
    CHECK_INTERVAL,
    READY_WITHIN,
    START_TAKES,
    UPGRADE,
    Place,
    Week,
    driven_by_aks,
    upgrade_order,
)

_MOST_ATTEMPTS = 6


def violations(week: Week, start: datetime, end: datetime) -> Iterator[str]:
    """All violations. Each starts with a code, followed by the cluster, the pool and the time."""
    yield from _asked_too_often(week, start, end)
    for cluster in week.history.clusters.values():
        upgrades = [operation for operation in _begun(week, cluster.name, start, end) if operation.what == UPGRADE]
        for operation in upgrades:
            yield from (_location(code, operation) for code in _of_upgrade(week, operation))
            if not _approved(week, operation):
                yield _location("not-approved", operation)
        yield from (_location("upgraded-twice", again) for again in _repeated(week.mine(cluster.name)))
        yield from _of_power(week, cluster.name, start, end)
    yield from _paired_regions(week, start, end)
    yield from _max_concurrent(week, start, end)


def landed_late(week: Week, start: datetime, end: datetime) -> Iterator[str]:
    """Upgrades to an unproven image that landed within the minute before the call (rule 12)."""
    for name in week.history.clusters:
        for operation in _begun(week, name, start, end):
            place = _place(week, operation)
            if (
                operation.what == UPGRADE
                and place is not None
                and _unproven(week, place, operation)
                and _late(week, place, operation)
            ):
                yield _location("landed-late", operation)


def _approved(week: Week, operation: Operation) -> bool:
    cluster = week.history.clusters[operation.cluster]
    at = operation.began
    is_in_ring = week.ring_number(cluster, at) is not None
    return not is_in_ring or approved(week.rules.approvals, week.ring(cluster, at).name, operation, week.history)


def _asked_too_often(week: Week, start: datetime, end: datetime) -> Iterator[str]:
    """Requests that Azure refuses for a lasting reason, made more than six times within 24 hours (docs/node-image.md, rule 17)."""
    mine = [call for call in week.history.refused_calls if call.who == week.bot and start <= call.at < end]
    for number, call in enumerate(mine):
        recent = [c for c in mine[: number + 1] if c.action == call.action and call.at - c.at < timedelta(days=1)]
        if len(recent) == _MOST_ATTEMPTS + 1:
            yield f"asked-too-often: {call.action[0]} at {call.at:%Y-%m-%d %H:%M:%S} UTC"


def _blocked(week: Week, operation: Operation) -> Iterator[str]:
    if week.history.busy(operation.cluster, operation.began, operation):
        yield "busy"
    if week.history.power_unknown(operation.cluster, operation.began):
        yield "unknown-power-state"
    if week.history.held(operation.cluster, operation.began):
        yield "upgrade-during-update-run"


def _of_upgrade(week: Week, operation: Operation) -> Iterator[str]:
    """The codes for the rules that a single upgrade violates."""
    place = _place(week, operation)
    if place is None:
        yield "no-agent-pool"
        return
    cluster, at = place.cluster, operation.began
    number = week.ring_number(cluster, at)
    if number is None:
        yield "no-ring"
        return
    if driven_by_aks(cluster):
        yield "driven-by-aks"
    if place.pool.from_snapshot:
        yield "snapshot"
    if _unproven(week, place, operation) and not _late(week, place, operation):
        yield "unproven"
    yield from _blocked(week, operation)
    if _has_target(week, operation):
        yield "already-latest"
    opening = week.opening_at(cluster, at)
    if opening is None:
        yield "outside-window"
    elif at + week.expected(place, at) > opening.closes:
        yield "does-not-fit"
    yield from _out_of_turn(week, place, operation)


def _has_target(week: Week, operation: Operation) -> bool:
    """Whether every node had the image already; for a pool without nodes, such as a stopped one, whether Azure reported it."""
    there = week.history.machines(operation.cluster, operation.pool, operation.began).values()
    if not there:
        return week.history.reports(operation.cluster, operation.pool, operation.image, operation.began)
    return all(unpatched(machine.image) == operation.image for machine in there)


def _out_of_turn(week: Week, place: Place, operation: Operation) -> Iterator[str]:
    """Rules 6, 7 and 15: pools that had to be upgraded earlier, and pools that must not be upgraded at all."""
    cluster, at = place.cluster, operation.began
    number = week.ring_number(cluster, at) or 0
    for pool in upgrade_order(cluster):
        other = Place(cluster, pool)
        if other == place:
            break
        later = week.upgrade_of(other)
        if week.history.pool_failed(cluster.name, pool.name, at):
            continue  # a failed pool whose error requires an upgrade is upgraded last (rule 20)
        if week.history.image_unknown(cluster.name, pool.name, at):
            continue  # skipped until its image can be read: `unknown-image`
        if later is not None and later.began > at and week.skip_reason(other, at) is None and week.proven(other, at):
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
    """Whether a run in an earlier ring was still in progress or had pools left to upgrade."""
    return any(
        operation.ended > at
        for name, cluster in week.history.clusters.items()
        if (ring := week.ring_number(cluster)) is not None and ring < number
        for operation in week.mine(name)
    )


def _repeated(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Pools that were upgraded more than once in the week (rule 4)."""
    seen: set[str] = set()
    for operation in operations:
        if operation.what == UPGRADE and not operation.interrupted:
            if operation.pool in seen:
                yield operation
            seen.add(operation.pool)


def _of_power(week: Week, name: str, start: datetime, end: datetime) -> Iterator[str]:
    """Rule 10: clusters are started only inside the window and only if configured, and are stopped afterwards."""
    cluster = week.history.clusters[name]
    for operation in _begun(week, name, start, end):
        if operation.what != "start" or week.schedule.is_required(operation):
            continue
        if not week.rules.start_stopped_clusters or week.ring_number(cluster, operation.began) is None:
            yield _location("unexpected-start", operation)
            continue
        opening = week.opening_at(cluster, operation.began)
        if opening is None:
            yield _location("outside-window", operation)
        elif operation.began + START_TAKES > opening.closes:
            yield _location("does-not-fit", operation)
        if operation.status == "Succeeded" and not _put_back(week, operation, end):
            yield _location("left-awake", operation)


def _put_back(week: Week, start: Operation, end: datetime) -> bool:
    """Whether a woken cluster was stopped in time, or can still be stopped after the evaluated period.

    The deadline is the end of the opening in which it was started, or one check after its last upgrade was verified.
    """
    cluster = week.history.clusters[start.cluster]
    opening = week.opening_at(cluster, start.began)
    operations = [operation for operation in week.history.of_cluster(start.cluster) if operation.began >= start.ended]
    stop = next(
        (operation for operation in operations if operation.what == "stop" and operation.status != "Failed"), None
    )
    upgrades = [
        w for w in operations if w.what == UPGRADE and w.who == week.bot and (stop is None or w.began < stop.began)
    ]
    last = max([start.ended, *(operation.ended for operation in upgrades if operation.ended < end)])
    due = max(last + READY_WITHIN + CHECK_INTERVAL, opening.closes if opening else last)
    history = week.history
    foreign = [operation.ended for operation in operations if operation.who != week.bot and operation.runs(due)]
    due = max([due, *(ended + CHECK_INTERVAL for ended in foreign)])  # Azure stops no cluster that is busy
    if (
        history.refused(cluster.name, due)
        or history.held(cluster.name, due)
        or history.power_unknown(cluster.name, due)
    ):
        return True  # nothing can be stopped then
    if week.schedule.awake(cluster, due):
        return True  # from then on, its schedule says when it is stopped
    return due >= end if stop is None else stop.began <= due


def _paired_regions(week: Week, start: datetime, end: datetime) -> Iterator[str]:
    """Rule 13: upgrades that took place at the same time in paired regions."""
    for one, other in combinations(_upgrades(week, start, end), 2):
        near = week.are_paired(week.history.clusters[one.cluster], week.history.clusters[other.cluster])
        if near and one.began < other.ended and other.began < one.ended:
            yield _location("paired-regions", max(one, other, key=lambda operation: operation.began))


def _max_concurrent(week: Week, start: datetime, end: datetime) -> Iterator[str]:
    """Rule 13: more of a ring's clusters in progress at the same time than a region pair allows."""
    upgrades = _upgrades(week, start, end)
    for operation in upgrades:
        cluster = week.history.clusters[operation.cluster]
        number = week.ring_number(cluster, operation.began)
        if number is None:
            continue
        max_concurrent = week.rules.rings[number].max_concurrent
        going = {
            other.cluster
            for other in upgrades
            if other.runs(operation.began)
            and week.ring_number(week.history.clusters[other.cluster], operation.began) == number
            and week.same_group(cluster, week.history.clusters[other.cluster])
        }
        if max_concurrent is not None and len(going) > max_concurrent:
            yield _location("max-concurrent", operation)


def _upgrades(week: Week, start: datetime, end: datetime) -> list[Operation]:
    return [w for name in week.history.clusters for w in _begun(week, name, start, end) if w.what == UPGRADE]


def _begun(week: Week, cluster: str, start: datetime, end: datetime) -> list[Operation]:
    return [w for w in week.history.of_cluster(cluster) if w.who == week.bot and start <= w.began < end]


def _place(week: Week, operation: Operation) -> Place | None:
    cluster = week.history.clusters[operation.cluster]
    return next((Place(cluster, pool) for pool in cluster.pools if pool.name == operation.pool), None)


def _unproven(week: Week, place: Place, operation: Operation) -> bool:
    at = operation.began
    return week.ring_number(place.cluster, at) is not None and not week.proven_image(place, operation.image, at)


def _late(week: Week, place: Place, operation: Operation) -> bool:
    return week.history.landed_within(place.cluster.region, operation.image, operation.began, MINUTE)


def _location(code: str, operation: Operation) -> str:
    where = f"{operation.cluster}/{operation.pool}" if operation.pool else operation.cluster
    return f"{code}: {where} at {operation.began:%Y-%m-%d %H:%M:%S} UTC"
