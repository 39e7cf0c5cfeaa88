"""Formats times for the ledger, runs and commands: always in UTC, with the suffix `UTC`.

Messages, in contrast, show instants in the reader's own time zone; each chat formats them itself.
"""

from datetime import datetime


def clock(at: datetime) -> str:
    """Returns a time within the week, such as `Mon 22:00 UTC`."""
    return f"{at:%a %H:%M} UTC"


def instant(at: datetime) -> str:
    """Returns a time with its date, such as `Mon 2026-11-16 22:00 UTC`."""
    return f"{at:%a %Y-%m-%d %H:%M} UTC"
