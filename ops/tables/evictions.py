"""Spot evictions, and the groups that they belong to."""

from dataclasses import dataclass
from datetime import datetime

from ops.model.workload import Eviction
from ops.ports.store import Store
from ops.tables.base import Table


@dataclass(frozen=True, slots=True)
class EvictionGroup:
    """Evictions in one pool within the grouping time, and the run that reports them.

    Attributes:
        run: the run of the pool's latest group.
        began: when its first eviction happened.
        last: when its latest report arrived.
        earlier: the run and the begin of earlier groups, latest first: reports can arrive a day late.
    """

    run: str
    began: datetime
    last: datetime
    earlier: tuple[tuple[str, datetime], ...] = ()

    @property
    def all(self) -> tuple[tuple[str, datetime], ...]:
        """The run and the begin of each group."""
        return ((self.run, self.began), *self.earlier)


def evictions(store: Store) -> Table[Eviction]:
    """Evictions of spot nodes, by `cluster|node|time of the eviction`; without the time in records of earlier versions."""
    return Table(store, "eviction", Eviction)


def eviction_groups(store: Store) -> Table[EvictionGroup]:
    """Eviction groups, by `cluster|pool`."""
    return Table(store, "eviction-group", EvictionGroup)
