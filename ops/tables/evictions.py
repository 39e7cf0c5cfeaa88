"""Spot evictions, and the groups that they belong to."""

from dataclasses import dataclass
from datetime import datetime

from ops.model.workload import Eviction
from ops.ports.store import Store
from ops.tables.base import Table


@dataclass(frozen=True, slots=True)
class EvictionGroup:
    """Evictions in one pool within the grouping time, and the run that reports them."""

    run: str
    began: datetime
    last: datetime


def evictions(store: Store) -> Table[Eviction]:
    """Evictions of spot nodes, by `cluster|node|instance`."""
    return Table(store, "eviction", Eviction)


def eviction_groups(store: Store) -> Table[EvictionGroup]:
    """Eviction groups, by `cluster|pool`."""
    return Table(store, "eviction-group", EvictionGroup)
