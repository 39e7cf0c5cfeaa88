"""Conditions: what lasts and needs a person."""

from dataclasses import dataclass
from datetime import datetime

from ops.ports.store import Store
from ops.tables.base import Table


@dataclass(frozen=True, slots=True)
class ConditionRecord:
    """An open condition.

    Attributes:
        subject: the subject of its message; each occurrence has its own.
        what: its title, such as "Calendars".
        where: the cluster or file that it is about; can be empty.
        channels: the channels of its message; empty for the default channels.
        looked_at: when it was last observed, to within six hours.
        text: what is wrong, in one line.
        remedy: what a person can do.
        target: the id of its cluster; empty if it is not about one cluster.
        opened: when it was first observed.
    """

    subject: str
    what: str
    where: str
    channels: tuple[str, ...]
    looked_at: datetime
    text: str
    remedy: str
    target: str
    opened: datetime


def conditions(store: Store) -> Table[ConditionRecord]:
    """Conditions that were reported and still exist, by the subject under which they are observed."""
    return Table(store, "condition", ConditionRecord)


def open_conditions(store: Store, target: str = "") -> tuple[ConditionRecord, ...]:
    """Returns the open conditions, oldest first: all of them, or those of one cluster."""
    found = [stored.value for stored in conditions(store).scan()]
    return tuple(sorted((each for each in found if target in ("", each.target)), key=lambda each: each.opened))
