"""Which pools had an opportunity, when, and why the others had none (rules 6 to 15)."""

from datetime import datetime, timedelta

from simulator.oracle.history import Work
from simulator.oracle.local_time import MINUTE
from simulator.oracle.verdict import EligiblePool, End
from simulator.oracle.week import LOOK, READY_WITHIN, START_TAKES, Place, Week, in_order


def holds(week: Week, place: Place, at: datetime) -> str | None:
    """What held a pool at an instant, by rule 8's names; None where its upgrade could begin.

    The cluster's pools before it that could begin come first: what they are expected to take counts too.
    """
    cluster = place.cluster
    reason = week.standing(place, at) or _holds_cluster(week, place, at, None)
    if reason is not None:
        return reason
    if not week.proven(place, at):
        return "unproven"
    opening = week.opening_at(cluster, at)
    number = week.ring_number(cluster)
    if opening is None or number is None or at < week.ring_begins(number) or _neighbours_hold(week, place, at):
        return "no-window-left"
    takes = START_TAKES if week.history.stopped(cluster.name, at) else timedelta()
    for pool in in_order(cluster):
        other = Place(cluster, pool)
        if other == place:
            break
        if _is_before(week, other, at):
            takes += week.expected(other, at)
    return None if at + takes + week.expected(place, at) <= opening.closes else "no-window-left"


def held_when_begun(week: Week, place: Place, work: Work) -> str | None:
    """What should have held an upgrade that Daytwo began; None where nothing did, turns and the ring's moment aside."""
    at = work.began
    reason = week.standing(place, at) or _holds_cluster(week, place, at, work)
    if reason is not None:
        return reason
    return None if week.proven_image(place, work.image, at) else "unproven"


def judge_pool(week: Week, place: Place, start: datetime, end: datetime) -> EligiblePool | str:
    """The opportunity of a pool within [start, end), or the reason why it had none."""
    work = week.upgrade_of(place)
    moments = _moments(week, place, start, min(end, work.began) if work else end)
    images = {week.history.newest(place.cluster, place.pool, at) for at in moments}
    if work is not None and start <= work.began < end and held_when_begun(week, place, work) is None:
        moments = [*moments, work.began]
        images.add(work.image)
    elif not _clear(week, place, moments):
        last = min(week.last_moment(place.cluster), end) - timedelta(seconds=1)
        return holds(week, place, last) or "no-window-left"
    return EligiblePool(
        cluster=place.cluster.name,
        pool=place.pool.name,
        images=frozenset(images),
        earliest=moments[0],
        latest=moments[-1],
        end=_end(week, work, end),
    )


def _moments(week: Week, place: Place, start: datetime, end: datetime) -> list[datetime]:
    """Each minute of the week's openings at which the pool's upgrade could begin."""
    number = week.ring_number(place.cluster)
    if number is None or week.standing(place, start) in ("driven-by-aks", "snapshot"):
        return []
    begins = max(start, week.ring_begins(number))
    found: list[datetime] = []
    for opening in week.openings[number]:
        at = opening.opens
        while at < opening.closes:
            if begins <= at < end and holds(week, place, at) is None:
                found.append(at)
            at += MINUTE
    return found


def _clear(week: Week, place: Place, moments: list[datetime]) -> bool:
    """Whether a run was bound to look at one of them (rule 14).

    It looks when a window opens, and every five minutes; one that waits for proof, a minute after each full hour.
    """
    opens = week.opening_times(place.cluster)
    return any(
        first in opens
        or (
            any(at.minute == 1 for at in stretch)
            if _waits_for_proof(week, place, first)
            else stretch[-1] - first >= LOOK
        )
        for stretch in _stretches(moments)
        for first in stretch[:1]
    )


def _stretches(moments: list[datetime]) -> list[list[datetime]]:
    """Runs of minutes that follow one another."""
    found: list[list[datetime]] = []
    for at in moments:
        if found and at - found[-1][-1] == MINUTE:
            found[-1].append(at)
        else:
            found.append([at])
    return found


def _waits_for_proof(week: Week, place: Place, first: datetime) -> bool:
    """Whether a pool was held for want of proof right before an instant."""
    return holds(week, place, first - MINUTE) == "unproven"


def _holds_cluster(week: Week, place: Place, at: datetime, but: Work | None) -> str | None:
    """What holds the whole cluster."""
    cluster, number = place.cluster, week.ring_number(place.cluster)
    if number is not None and week.halted(number, at):
        return "halted"
    failed = week.run_failed_at(cluster.name)
    if failed is not None and failed <= at:
        return "run-failed"
    if week.history.stopped(cluster.name, at) and not week.rules.start_stopped_clusters:
        return "asleep"
    return "busy" if week.history.busy(cluster.name, at, but) else None


def _neighbours_hold(week: Week, place: Place, at: datetime) -> bool:
    """Whether a paired region, or as many clusters as may go at once, are at it (rule 13)."""
    going = [
        other
        for name, other in week.history.clusters.items()
        if name != place.cluster.name and any(turn.holds(at) for turn in week.turns(name))
    ]
    if any(week.neighbours(place.cluster, other) for other in going):
        return True
    max_concurrent = week.ring(place.cluster).max_concurrent
    number = week.ring_number(place.cluster)
    with_it = [o for o in going if week.same_group(place.cluster, o) and week.ring_number(o) == number]
    return max_concurrent is not None and len(with_it) >= max_concurrent


def _is_before(week: Week, other: Place, at: datetime) -> bool:
    """Whether a pool that stands before another one is still to be done and free to go."""
    work = week.upgrade_of(other)
    if work is not None and work.began <= at:
        return False
    return week.standing(other, at) is None and week.proven(other, at)


def _end(week: Week, work: Work | None, end: datetime) -> End:
    if work is None or work.began >= end:
        return End.MISSED
    if work.ended >= end:
        return End.RUNNING
    if work.status == "Succeeded" and week.settled_at(work) is not None:
        return End.UPGRADED
    if work.status == "Succeeded" and work.ended + READY_WITHIN > end:
        return End.RUNNING
    return End.FAILED
