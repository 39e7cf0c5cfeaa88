"""Overrides: exceptions that people set and that expire."""

from dataclasses import dataclass
from datetime import datetime

from ops.ports.store import Store
from ops.tables.base import Table, store_key


@dataclass(frozen=True, slots=True)
class Override:
    """A person's expiring exception; `kind` is awake or skip. `commands` are the last chat commands that were applied."""

    kind: str
    until: datetime
    by: str
    at: datetime
    commands: tuple[str, ...] = ()


def overrides(store: Store) -> Table[Override]:
    """Overrides, by `kind|cluster`."""
    return Table(store, "override", Override)


def override_end(store: Store, kind: str, target: str) -> datetime | None:
    """Returns when an override of this kind ends for a cluster, possibly in the past; None if there is none."""
    stored = overrides(store).get(f"{kind}|{store_key(target)}")
    return stored.value.until if stored else None
