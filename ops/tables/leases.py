"""Leases, and the runs that are waiting for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ops.policy.leases import Lease
from ops.ports.store import Store
from ops.tables.base import Table


@dataclass(frozen=True, slots=True)
class Waiter:
    """A run that is waiting for a lease: its rank (the lowest goes first), and until when it is considered to be waiting."""

    rank: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Waiters:
    """The runs that are waiting for one lease, by run id."""

    runs: Mapping[str, Waiter] = field(default_factory=dict)


def waiters(store: Store) -> Table[Waiters]:
    """The waiting runs, by lease name."""
    return Table(store, "wants", Waiters)


def leases(store: Store) -> Table[Lease]:
    """Leases, by name."""
    return Table(store, "lease", Lease)
