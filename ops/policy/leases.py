"""Leases: which run can act on a cluster or in a region pair, and until when.

The times come from docs/adr/0005-leases.md: a holder renews its lease with every poll and stops two minutes before the
lease expires; others can take the lease two minutes after it has expired.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ops.model.plan import Claim

TTL = timedelta(minutes=20)
GRACE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Holder:
    """One holder of a lease, with the side and the group of its claim."""

    run: str
    side: str
    expires: datetime
    group: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """The record of one lease."""

    holders: tuple[Holder, ...] = ()


def alive(lease: Lease, now: datetime) -> tuple[Holder, ...]:
    """Returns the holders that others must respect."""
    return tuple(holder for holder in lease.holders if now < holder.expires + GRACE)


def take(lease: Lease, claim: Claim, run: str, now: datetime) -> Lease | Holder:
    """Returns the lease with `run` among its holders (renewed if it was one already), or the holder that blocks it.

    Holders of other groups do not count towards the capacity, but the side applies to all of them (docs/node-image.md, rule 13).
    """
    holders = alive(lease, now)
    mine = next((holder for holder in holders if holder.run == run), None)
    if mine is not None:
        renewed = replace(mine, expires=now + TTL, group=claim.group)
        return replace(lease, holders=tuple(renewed if h is mine else h for h in holders))
    other_side = next((holder for holder in holders if holder.side != claim.side), None)
    if other_side is not None:
        return other_side
    of_group = [holder for holder in holders if holder.group == claim.group]
    if len(of_group) >= claim.capacity:
        return of_group[0]
    return Lease((*holders, Holder(run, claim.side, now + TTL, claim.group)))


def release(lease: Lease, run: str) -> Lease:
    """Returns the lease without `run`."""
    return replace(lease, holders=tuple(holder for holder in lease.holders if holder.run != run))


def may_act(lease: Lease, run: str, now: datetime) -> bool:
    """Whether `run` still holds the lease safely: it must stop two minutes before the lease expires."""
    return any(holder.run == run and now < holder.expires - GRACE for holder in lease.holders)
