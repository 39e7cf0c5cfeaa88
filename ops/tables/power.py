"""When Daytwo last started or stopped a cluster."""

from dataclasses import dataclass
from datetime import datetime

from ops.ports.store import Store
from ops.tables.base import Table, store_key


@dataclass(frozen=True, slots=True)
class PowerChange:
    """When Daytwo's last power operation on a cluster ended."""

    at: datetime


def power_changes(store: Store) -> Table[PowerChange]:
    """Daytwo's last power operation on each cluster, by cluster."""
    return Table(store, "power-change", PowerChange)


def power_changed(store: Store, target: str) -> datetime | None:
    """Returns when Daytwo's last power operation on a cluster ended; None if there was none."""
    stored = power_changes(store).get(store_key(target))
    return stored.value.at if stored else None


def note_power_change(store: Store, target: str, at: datetime) -> None:
    """Records that Daytwo has started or stopped the cluster."""
    power_changes(store).change(store_key(target), lambda _: PowerChange(at))
