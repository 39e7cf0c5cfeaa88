"""Pure: the picture of the week. Rows are clusters and columns are hours; windows, freezes, runs and the present time are drawn."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from markupsafe import Markup

from ops.model.calendar import Span

_LEAST = 3.0  # a bar of a few minutes remains visible
_NAMED = 60.0  # narrower parts of a day have no label
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar for an operation or a state. `says` is its tooltip; `kind` is a CSS class: a runbook's bar, `sleep`, `aks` or `failed`."""

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
    """The contents of the picture. `span` is divided into the days of `zone`."""

    span: Span
    zone: str
    now: datetime
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """The geometry in the picture's own units: names end at `left`, lanes begin at `top` and are `row` high.

    Sleep is a state, so its bar is thin (`sleep`) and below the others (`bar`). The line for the present
    time begins `now_above` units above the lanes.
    """

    left: float = 116
    top: float = 26
    row: float = 24
    width: float = 1000
    bottom: float = 10
    bar: float = 12
    sleep: float = 4
    now_above: float = 24

    def floor(self, lanes: int) -> float:
        """The lower edge of the last lane."""
        return self.top + lanes * self.row


def draw(week: Week) -> Markup:
    """Returns the picture for use in a page. Colors are CSS classes, so the page (dark or light) defines them."""
    frame = Frame()
    height = frame.floor(len(week.lanes)) + frame.bottom
    opening = Markup(
        '<svg class="calendar" viewBox="0 0 {:g} {:g}" role="img" aria-labelledby="calendar-title">'
        '<title id="calendar-title">The week of each cluster: windows, freezes, runs, now</title>'
    ).format(frame.width, height)
    return opening + lanes_of(week, frame) + Markup("</svg>")


def lanes_of(week: Week, frame: Frame) -> Markup:
    """Returns days, lanes and the line for the present time, for use inside an `svg` element."""
    floor = frame.floor(len(week.lanes))
    hatch = Markup(
        '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<line class="hatch" x1="0" y1="0" x2="0" y2="7"/></pattern></defs>'
    )
    parts = [
        hatch,
        *_days(week, frame, floor),
        *(part for number, lane in enumerate(week.lanes) for part in _lane(week, frame, lane, number)),
        _now(week, frame, floor),
    ]
    return Markup("").join(parts)


def _days(week: Week, frame: Frame, floor: float) -> Iterable[Markup]:
    zone = ZoneInfo(week.zone)
    day = week.span.start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    above = frame.top - 12
    while day < week.span.end:
        x, end = _x(week, frame, day), _x(week, frame, day + _DAY)
        yield Markup('<line class="day" x1="{0:.1f}" y1="{1:g}" x2="{0:.1f}" y2="{2:g}"/>').format(x, above, floor)
        if end - x >= _NAMED:
            yield Markup('<text class="head" x="{:.1f}" y="{:g}">{:%a} {}</text>').format(x + 6, above, day, day.day)
        noon = (x + end) / 2
        yield Markup('<line class="noon" x1="{0:.1f}" y1="{1:g}" x2="{0:.1f}" y2="{2:g}"/>').format(
            noon, frame.top, floor
        )
        day += _DAY


def _lane(week: Week, frame: Frame, lane: Lane, number: int) -> Iterable[Markup]:
    top = frame.floor(number)
    middle = top + frame.row / 2
    yield Markup('<line class="lane" x1="0" y1="{0:g}" x2="{1:g}" y2="{0:g}"/>').format(top + frame.row, frame.width)
    yield Markup('<text class="name" x="0" y="{:.1f}">{}</text>').format(middle + 4, lane.name)
    for span in lane.windows:
        yield _rect(week, frame, Bar(span, "window", ""), (top + 2, frame.row - 4))
    for span in lane.frozen:
        yield _rect(week, frame, Bar(span, "frozen", ""), (top + 2, frame.row - 4))
    for bar in sorted(lane.bars, key=lambda bar: bar.kind != "sleep"):
        thick = frame.sleep if bar.kind == "sleep" else frame.bar
        drawn = Bar(bar.span, f"bar {bar.kind}", bar.says)
        yield _rect(week, frame, drawn, (middle - thick / 2, thick))


def _rect(week: Week, frame: Frame, bar: Bar, across: tuple[float, float]) -> Markup:
    """Returns a bar or band; `across` is its upper edge and its height."""
    x, end = _x(week, frame, bar.span.start), _x(week, frame, bar.span.end)
    if end <= frame.left or x >= frame.width:
        return Markup("")
    title = Markup("<title>{}</title>").format(bar.says) if bar.says else Markup("")
    rounded = 3 if bar.kind.startswith("bar") else 0
    return Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="{}">{}</rect>').format(
        bar.kind, x, across[0], max(end - x, _LEAST), across[1], rounded, title
    )


def _now(week: Week, frame: Frame, floor: float) -> Markup:
    if week.now not in week.span:
        return Markup("")
    return Markup('<line class="now" x1="{0:.1f}" y1="{1:g}" x2="{0:.1f}" y2="{2:g}"/>').format(
        _x(week, frame, week.now), frame.top - frame.now_above, floor
    )


def _x(week: Week, frame: Frame, at: datetime) -> float:
    """Returns the horizontal position of an instant, limited to the picture."""
    share = (at - week.span.start) / week.span.duration
    return frame.left + max(0.0, min(1.0, share)) * (frame.width - frame.left)
