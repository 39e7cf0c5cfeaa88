"""Pure: the week as a picture. Clusters down, hours across; windows as bands, freezes hatched, runs as bars, now as a line."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup

from ops.model.calendar import Span

_LEFT, _TOP, _ROW, _WIDTH, _BOTTOM = 116, 26, 24, 1000, 10
_BAR = 12
# Sleep is a state: it lies under what is done.
_SLEEP = 4
_LEAST = 3.0  # a bar that lasts minutes is still seen
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that was done; `says` is read by those who point at it.

    `kind` is `daytwo` (node images), `reboot`, `power`, `spot`, `sleep`, `aks` or `failed`.
    """

    span: Span
    kind: str
    says: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One cluster's week."""

    name: str
    windows: tuple[Span, ...]
    frozen: tuple[Span, ...]
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """What is drawn: `span` is cut into the days of `zone`."""

    span: Span
    zone: str
    now: datetime
    lanes: tuple[Lane, ...]


def draw(week: Week) -> Markup:
    """The picture; its colours are classes, so that a page (dark or light) gives them."""
    height = _TOP + len(week.lanes) * _ROW + _BOTTOM
    parts = [
        Markup(
            '<svg class="calendar" viewBox="0 0 {} {}" role="img" aria-labelledby="calendar-title">'
            '<title id="calendar-title">The week of each cluster: windows, freezes, runs, now</title>'
            '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
            '<line class="hatch" x1="0" y1="0" x2="0" y2="7"/></pattern></defs>'
        ).format(_WIDTH, height),
        *_days(week, height),
        *(part for number, lane in enumerate(week.lanes) for part in _lane(week, lane, _TOP + number * _ROW)),
        _now(week, height),
        Markup("</svg>"),
    ]
    return Markup("").join(parts)


def _days(week: Week, height: int) -> Iterable[Markup]:
    zone = ZoneInfo(week.zone)
    day = week.span.start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    while day < week.span.end:
        x, end = _x(week, day), _x(week, day + _DAY)
        yield Markup('<line class="day" x1="{0:.1f}" y1="14" x2="{0:.1f}" y2="{1}"/>').format(x, height - _BOTTOM)
        yield Markup('<text class="head" x="{:.1f}" y="14">{:%a} {}</text>').format(x + 6, day, day.day)
        noon = (x + end) / 2
        yield Markup('<line class="noon" x1="{0:.1f}" y1="{1}" x2="{0:.1f}" y2="{2}"/>').format(
            noon, _TOP, height - _BOTTOM
        )
        day += _DAY


def _lane(week: Week, lane: Lane, top: int) -> Iterable[Markup]:
    middle = top + _ROW / 2
    yield Markup('<line class="lane" x1="0" y1="{0}" x2="{1}" y2="{0}"/>').format(top + _ROW, _WIDTH)
    yield Markup('<text class="name" x="0" y="{:.1f}">{}</text>').format(middle + 4, lane.name)
    for span in lane.windows:
        yield _rect(week, span, top + 2, _ROW - 4, "window")
    for span in lane.frozen:
        yield _rect(week, span, top + 2, _ROW - 4, "frozen")
    for bar in lane.bars:
        thick = _SLEEP if bar.kind == "sleep" else _BAR
        yield _rect(week, bar.span, top + (_ROW - thick) / 2, thick, f"bar {bar.kind}", bar.says)


def _rect(week: Week, span: Span, y: float, height: float, kind: str, says: str = "") -> Markup:
    x, end = _x(week, span.start), _x(week, span.end)
    if end <= _LEFT or x >= _WIDTH:
        return Markup("")
    title = Markup("<title>{}</title>").format(says) if says else Markup("")
    rounded = 3 if kind.startswith("bar") else 0
    return Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="{}">{}</rect>').format(
        kind, x, y, max(end - x, _LEAST), height, rounded, title
    )


def _now(week: Week, height: int) -> Markup:
    if week.now not in week.span:
        return Markup("")
    return Markup('<line class="now" x1="{0:.1f}" y1="2" x2="{0:.1f}" y2="{1}"/>').format(
        _x(week, week.now), height - _BOTTOM
    )


def _x(week: Week, at: datetime) -> float:
    """Where an instant is, held to the picture."""
    share = (at - week.span.start) / week.span.duration
    return _LEFT + max(0.0, min(1.0, share)) * (_WIDTH - _LEFT)
