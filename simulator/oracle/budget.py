"""Distinct budget alerts among those that were posted (docs/budget.md)."""

from collections.abc import Sequence
from datetime import datetime

from simulator.world.journal import Entry, Kind


def budget_expected(journal: Sequence[Entry], start: datetime, end: datetime) -> int:
    """How many alerts people had to be told of: one a budget, kind, threshold and month (rule 2), however often posted."""
    firsts: dict[tuple[object, ...], datetime] = {}
    for entry in journal:
        if entry.kind is Kind.BUDGET_ALERT:
            said = entry.detail
            period = f"{entry.at:%Y-%m}"
            firsts.setdefault((said["budget"], said["type"], said["threshold"], said["schema"], period), entry.at)
    return sum(start <= at < end for at in firsts.values())
