"""When the week's digest is due, and what comes next by the configuration."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from ops.model.calendar import Span, Window
from ops.policy.calendar import next_open, occurrences
from ops.policy.select import ring_window
from ops.settings import Settings

_WEEK = timedelta(days=7)
_HORIZON = timedelta(days=14)
# The hour's timer may come late, and a bot that was down for a day still tells its week.
_LATE = timedelta(days=1)


def due(window: Window, now: datetime) -> Span | None:
    """The week to tell: it ends where the window's last occurrence began, at most a day ago; None where none did."""
    begun = [span.start for span in occurrences(window, now - _LATE, now + timedelta(seconds=1)) if span.start <= now]
    started = [start for start in begun if now - start < _LATE]
    return Span(started[-1] - _WEEK, started[-1]) if started else None


def coming(settings: Settings, now: datetime) -> Iterator[tuple[str, datetime]]:
    """What may begin next: the window of each ring, and of reboots."""
    if settings.node_image is not None:
        for ring in settings.fleet.rings:
            opening = next_open(ring_window(settings, ring), settings.freezes, now, _HORIZON)
            if opening is not None:
                yield f"node images of {ring.name}", opening.start
    if settings.reboot is not None:
        opening = next_open(settings.reboot.window, settings.freezes, now, _HORIZON)
        if opening is not None:
            yield "reboots", opening.start
