"""Clusters on which an operation was running at every hourly scan, and since when."""

from dataclasses import dataclass
from datetime import datetime

from ops.ports.store import Store
from ops.tables.base import Table


@dataclass(frozen=True, slots=True)
class BusyCluster:
    """The first of the uninterrupted scans that saw an operation."""

    target: str
    since: datetime


def busy_clusters(store: Store) -> Table[BusyCluster]:
    """The clusters that were busy at the last scan, by cluster."""
    return Table(store, "busy-cluster", BusyCluster)
