"""Counts the distinct alerts among the budget alerts that were posted (docs/budget.md)."""

from collections.abc import Sequence
from datetime import datetime

from simulator.world.journal import Entry, Kind


def budget_expected(journal: Sequence[Entry], start: datetime, end: datetime) -> int:
    """The number of alerts that Daytwo had to report: one per scope, budget, kind, threshold and month (rule 2), even if posted twice."""
    firsts: dict[tuple[object, ...], datetime] = {}
    for entry in journal:
        if entry.kind is Kind.BUDGET_ALERT:
            section = entry.detail
            period = f"{entry.at:%Y-%m}"
            firsts.setdefault(
                (
                    section.get("group", ""),
                    section["budget"],
                    section["type"],
                    section["threshold"],
                    section["schema"],
                    period,
                ),
                entry.at,
            )
    return sum(start <= at < end for at in firsts.values())
