"""A sample week for the digest: six clusters with their windows, a freeze, and one operation of each kind."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from ops.model.calendar import Span
from ops.render.timeline import Bar, Lane, Week

START = datetime(2026, 11, 15, 23, tzinfo=UTC)  # Midnight on Monday in Amsterdam
SPAN = Span(START, START + timedelta(days=7))
_NIGHTS = tuple(Span(START + timedelta(days=day, hours=22), START + timedelta(days=day, hours=29)) for day in range(4))
_FROZEN = (Span(START + timedelta(days=3, hours=22), START + timedelta(days=3, hours=29)),)
# The day and hour in Amsterdam, the duration in minutes, and the operation.
_DONE: dict[str, tuple[tuple[int, float, float, str], ...]] = {
    "shop-dev": ((0, 22.2, 160, "node-image"), (2, 23, 20, "reboot")),
    "shop-test": ((0, 22.2, 120, "node-image"), (1, 22.5, 40, "failed")),
    "shop-prod": ((2, 22.1, 260, "node-image"),),
    "pay-prod": ((2, 26.8, 110, "node-image"),),
    "edge-prod": ((1, 23.2, 45, "reboot"), (1, 24.4, 45, "reboot")),
    "data-prod": ((4, 11.3, 30, "spot"),),
}
_SLEEPERS = ("shop-dev", "shop-test")


def gallery_week() -> Week:
    """The week before the digest."""
    return Week(SPAN, "Europe/Amsterdam", SPAN.end, tuple(_lane(name) for name in _DONE))


def _lane(name: str) -> Lane:
    bars = [_bar(day, hour, minutes, kind) for day, hour, minutes, kind in _DONE[name]]
    return Lane(name, _NIGHTS, _FROZEN, (*bars, *(_stopped_times() if name in _SLEEPERS else ())))


def _stopped_times() -> Iterator[Bar]:
    """The cluster is stopped at 19:00, started at 07:00, and stopped over the weekend."""
    for day in range(5):
        yield _bar(day, 19, 12, "power")
    for day in range(1, 5):
        yield _bar(day, 7, 12, "power")


def _bar(day: int, hour: float, minutes: float, kind: str) -> Bar:
    began = START + timedelta(days=day, hours=hour)
    return Bar(Span(began, began + timedelta(minutes=minutes)), kind, kind)
