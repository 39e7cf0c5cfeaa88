"""When the weekly digest is due."""

from datetime import datetime, timedelta

from ops.model.calendar import Span, Window
from ops.policy.calendar import occurrences

_WEEK = timedelta(days=7)
# The hourly timer may be late, and even a bot that was down for a day should still post the digest.
_LATE = timedelta(days=1)


def due(window: Window, now: datetime) -> Span | None:
    """Returns the week to report, which ends at the start of the window's last occurrence; None if that was more than a day ago."""
    begun = [span.start for span in occurrences(window, now - _LATE, now + _LATE) if span.start <= now]
    started = [start for start in begun if now - start < _LATE]
    return Span(started[-1] - _WEEK, started[-1]) if started else None
