"""Which pools could be upgraded, and when, and why the others could not (rules 6 to 15)."""

from datetime import datetime, timedelta

from simulator.oracle.history import Operation
from simulator.oracle.local_time import MINUTE
from simulator.oracle.verdict import EligiblePool, End
from simulator.oracle.week import CHECK_INTERVAL, READY_WITHIN, START_TAKES, Place, Week, upgrade_order


def blocking_reason(week: Week, place: Place, at: datetime) -> str | None:
    """What blocked a pool at a given time, by its name in rule 8; None if the upgrade could start.

    Earlier pools in the cluster whose upgrade could start come first, so their expected duration is included.
    """
    cluster = place.cluster
    reason = week.skip_reason(place, at) or _blocks_cluster(week, place, at, None)
    if reason is not None:
        return reason
    if not week.proven(place, at):
        return "unproven"
    opening = week.opening_at(cluster, at)
    number = week.ring_number(cluster)
    if opening is None or number is None or at < week.ring_begins(number) or _pair_blocks(week, place, at):
        return "no-window-left"
    takes = START_TAKES if week.history.stopped(cluster.name, at) else timedelta()
    for pool in upgrade_order(cluster):
        other = Place(cluster, pool)
        if other == place:
            break
        if _is_before(week, other, at):
            takes += week.expected(other, at)
    return None if at + takes + week.expected(place, at) <= opening.closes else "no-window-left"


def blocked_at_start(week: Week, place: Place, operation: Operation) -> str | None:
    """Why Daytwo should not have started an upgrade; None if it was allowed to. Ignores the order of pools and the ring's start."""
    at = operation.began
    reason = week.skip_reason(place, at) or _blocks_cluster(week, place, at, operation)
    if reason is not None:
        return reason
    return None if week.proven_image(place, operation.image, at) else "unproven"


def judge_pool(week: Week, place: Place, start: datetime, end: datetime) -> EligiblePool | str:
    """When a pool's upgrade was possible within [start, end), or why it was not."""
    operation = week.upgrade_of(place)
    moments = _moments(week, place, start, min(end, operation.began) if operation else end)
    images = {week.history.newest(place.cluster, place.pool, at) for at in moments}
    if operation is not None and start <= operation.began < end and blocked_at_start(week, place, operation) is None:
        moments = [*moments, operation.began]
        images.add(operation.image)
    elif not _is_certain(week, place, moments):
        last = min(week.last_moment(place.cluster), end) - timedelta(seconds=1)
        return blocking_reason(week, place, last) or "no-window-left"
    return EligiblePool(
        cluster=place.cluster.name,
        pool=place.pool.name,
        images=frozenset(images),
        earliest=moments[0],
        latest=moments[-1],
        end=_end(week, operation, end),
    )


def _moments(week: Week, place: Place, start: datetime, end: datetime) -> list[datetime]:
    """Each minute during the week's window openings at which the pool's upgrade could start."""
    number = week.ring_number(place.cluster)
    if number is None or week.skip_reason(place, start) in ("driven-by-aks", "snapshot"):
        return []
    begins = max(start, week.ring_begins(number))
    found: list[datetime] = []
    for opening in week.openings[number]:
        at = opening.opens
        while at < opening.closes:
            if begins <= at < end and blocking_reason(week, place, at) is None:
                found.append(at)
            at += MINUTE
    return found


def _is_certain(week: Week, place: Place, moments: list[datetime]) -> bool:
    """Whether a run was certain to make a check at one of these minutes (rule 14).

    A run makes a check when a window opens and every five minutes. While it waits for proof, it makes one a minute after
    each full hour.
    """
    opens = week.opening_times(place.cluster)
    return any(
        first in opens
        or (
            any(at.minute == 1 for at in interval)
            if _waits_for_proof(week, place, first)
            else interval[-1] - first >= CHECK_INTERVAL
        )
        for interval in _intervals(moments)
        for first in interval[:1]
    )


def _intervals(moments: list[datetime]) -> list[list[datetime]]:
    """The intervals formed by consecutive minutes."""
    found: list[list[datetime]] = []
    for at in moments:
        if found and at - found[-1][-1] == MINUTE:
            found[-1].append(at)
        else:
            found.append([at])
    return found


def _waits_for_proof(week: Week, place: Place, first: datetime) -> bool:
    """Whether missing proof blocked a pool right before a given time."""
    return blocking_reason(week, place, first - MINUTE) == "unproven"


def _blocks_cluster(week: Week, place: Place, at: datetime, but: Operation | None) -> str | None:
    """The reason why the whole cluster is blocked."""
    cluster, number = place.cluster, week.ring_number(place.cluster)
    if number is not None and week.halted(number, at):
        return "halted"
    failed = week.run_failed_at(cluster.name)
    if failed is not None and failed <= at:
        return "run-failed"
    if week.history.power_unknown(cluster.name, at):
        return "unknown-power-state"
    if week.history.held(cluster.name, at):
        return "update-run"
    if but is None and week.history.refused(cluster.name, at):
        return "refused"
    if week.history.stopped(cluster.name, at) and not week.rules.start_stopped_clusters:
        return "asleep"
    return "busy" if week.history.busy(cluster.name, at, but) else None


def _pair_blocks(week: Week, place: Place, at: datetime) -> bool:
    """Whether a paired region blocks the cluster, or the maximum number of clusters is already in progress (rule 13)."""
    going = [
        other
        for name, other in week.history.clusters.items()
        if name != place.cluster.name and any(turn.contains(at) for turn in week.turns(name))
    ]
    if any(week.are_paired(place.cluster, other) for other in going):
        return True
    max_concurrent = week.ring(place.cluster).max_concurrent
    number = week.ring_number(place.cluster)
    with_it = [o for o in going if week.same_group(place.cluster, o) and week.ring_number(o) == number]
    return max_concurrent is not None and len(with_it) >= max_concurrent


def _is_before(week: Week, other: Place, at: datetime) -> bool:
    """Whether an earlier pool still has to be upgraded and its upgrade could start."""
    operation = week.upgrade_of(other)
    if operation is not None and operation.began <= at:
        return False
    return week.skip_reason(other, at) is None and week.proven(other, at)


def _end(week: Week, operation: Operation | None, end: datetime) -> End:
    if operation is None or operation.began >= end:
        return End.MISSED
    if operation.ended >= end:
        return End.RUNNING
    if operation.status == "Succeeded" and week.settled_at(operation) is not None:
        return End.UPGRADED
    if operation.status == "Succeeded" and operation.ended + READY_WITHIN > end:
        return End.RUNNING
    return End.FAILED
