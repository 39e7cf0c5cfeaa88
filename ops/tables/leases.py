"""Leases and the runs that wait for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ops.policy.leases import Lease
from ops.ports.store import Store
from ops.tables.base import Table


@dataclass(frozen=True, slots=True)
class Waiter:
    """One run that waits for a lease: its rank (0 goes first), and until when that counts."""

    rank: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Waiters:
    """Who waits for a lease, by run."""

    runs: Mapping[str, Waiter] = field(default_factory=dict)


def waiters(store: Store) -> Table[Waiters]:
    """Who waits for a lease, by its name."""
    return Table(store, "wants", Waiters)


def leases(store: Store) -> Table[Lease]:
    """Leases by name."""
    return Table(store, "lease", Lease)
