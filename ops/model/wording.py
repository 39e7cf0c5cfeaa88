"""Times as people read them in texts of the ledger, of runs and of commands: always in UTC, and saying so.

Messages show instants in the reader's own time zone instead; each chat renders them itself.
"""

from datetime import datetime


def clock(at: datetime) -> str:
    """A time within the week, as in `Mon 22:00 UTC`."""
    return f"{at:%a %H:%M} UTC"


def instant(at: datetime) -> str:
    """A time with its date, as in `Mon 2026-11-16 22:00 UTC`."""
    return f"{at:%a %Y-%m-%d %H:%M} UTC"
