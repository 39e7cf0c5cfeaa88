"""When a window is open: converts wall-clock times to instants, subtracts freezes, and computes weeks.

Starts and ends follow one rule for daylight saving time, so a later wall-clock time never becomes an earlier instant: a
time that does not exist means the first instant after the gap; a time that exists twice means its second instant. An
occurrence that is entirely in a gap does not happen. Days (of freezes and weeks) begin with the first instant of their
date.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ops.model.calendar import Freeze, Span, Window

_DAY = timedelta(days=1)
# Dates whose previous and next days can be represented in every time zone.
_FIRST_DAY, _LAST_DAY = date(1, 1, 3), date(9999, 12, 29)


def occurrences(window: Window, start: datetime, end: datetime) -> Iterator[Span]:
    """Returns the window's occurrences that overlap [start, end), complete and in order, ignoring freezes."""
    # An overnight occurrence starts the day before, and a time zone shifts a date by at most one day.
    day = start.astimezone(ZoneInfo(window.zone)).date() - _DAY
    last = end.astimezone(ZoneInfo(window.zone)).date()
    while day <= last:
        occurrence = _occurrence_on(window, day)
        if occurrence is not None and occurrence.end > start and occurrence.start < end:
            yield occurrence
        day += _DAY


def occurrence_at(window: Window, at: datetime) -> Span | None:
    """Returns the occurrence that covers `at`, ignoring freezes."""
    return next((span for span in occurrences(window, at, at + _DAY) if at in span), None)


def open_span(window: Window, freezes: Iterable[Freeze], at: datetime) -> Span | None:
    """Returns the part of the occurrence around `at` that no freeze covers; None if nothing is allowed at `at`."""
    occurrence = occurrence_at(window, at)
    if occurrence is None:
        return None
    return next((span for span in cut(occurrence, freezes, window.zone) if at in span), None)


def next_open(window: Window, freezes: Iterable[Freeze], after: datetime, horizon: timedelta) -> Span | None:
    """Returns the next opening: the first one that ends after `after`, clipped so that it does not start before `after`.

    None if no opening starts within `horizon`. The opening extends to its end, even beyond the horizon.
    """
    freezes = tuple(freezes)
    for occurrence in occurrences(window, after, after + horizon):
        for span in cut(occurrence, freezes, window.zone):
            if span.end > after and span.start < after + horizon:
                return Span(max(span.start, after), span.end)
    return None


def openings(window: Window, freezes: Iterable[Freeze], start: datetime, end: datetime) -> tuple[Span, ...]:
    """Returns every opening within [start, end), minus freezes, clipped to that span, in order."""
    freezes = tuple(freezes)
    return tuple(
        Span(max(span.start, start), min(span.end, end))
        for occurrence in occurrences(window, start, end)
        for span in cut(occurrence, freezes, window.zone)
        if span.end > start and span.start < end
    )


def iso_week(at: datetime, zone: str) -> str:
    """Returns the ISO week of `at` in the calendar of `zone`, such as `2026-w47`."""
    year, week, _ = at.astimezone(ZoneInfo(zone)).isocalendar()
    return f"{year}-w{week:02}"


def local_day(at: datetime, zone: str) -> date:
    """Returns the day of `at` in `zone`: what happens in a night is named after it."""
    return at.astimezone(ZoneInfo(zone)).date()


def week_span(week: str, zone: str) -> Span:
    """Returns the span from the first instant of Monday to the first instant of the next Monday, in `zone`.

    Raises:
        ValueError: `week` does not have the form `2026-w47`.
    """
    monday = _monday(week)
    return Span(day_start(monday, zone), day_start(monday + 7 * _DAY, zone))


def week_occurrences(window: Window, week: str) -> tuple[Span, ...]:
    """Returns the occurrences that belong to the days of that ISO week in the window's zone, complete, ignoring freezes."""
    monday = _monday(week)
    days = (_occurrence_on(window, monday + offset * _DAY) for offset in range(7))
    return tuple(occurrence for occurrence in days if occurrence is not None)


def week_openings(window: Window, freezes: Iterable[Freeze], week: str) -> tuple[Span, ...]:
    """Returns the week's occurrences minus freezes. The last one can extend into the next week."""
    freezes = tuple(freezes)
    return tuple(
        span for occurrence in week_occurrences(window, week) for span in cut(occurrence, freezes, window.zone)
    )


def freeze_span(freeze: Freeze, zone: str) -> Span:
    """Returns the span that a freeze covers. `zone` applies if the freeze has dates and no zone of its own."""
    if isinstance(freeze.start, datetime) and isinstance(freeze.end, datetime):
        return Span(freeze.start.astimezone(UTC), freeze.end.astimezone(UTC))
    zone = freeze.zone or zone
    return Span(day_start(_within_time(freeze.start), zone), day_start(_within_time(freeze.end) + _DAY, zone))


def _within_time(day: date) -> date:
    """Limits dates to those with a next day: a freeze without an end is stored as one that ends in the year 9999."""
    return min(max(day, _FIRST_DAY), _LAST_DAY)


def cut(span: Span, freezes: Iterable[Freeze], zone: str) -> tuple[Span, ...]:
    """Returns a span minus freezes, in order."""
    left: tuple[Span, ...] = (span,)
    for freeze in freezes:
        frozen = freeze_span(freeze, zone)
        left = tuple(part for piece in left for part in _without(piece, frozen))
    return left


def frozen(span: Span, freezes: Iterable[Freeze], zone: str) -> tuple[Span, ...]:
    """Returns the parts of a span that freezes cover, separately for each freeze."""
    spans = (freeze_span(freeze, zone) for freeze in freezes)
    touching = (each for each in spans if each.start < span.end and span.start < each.end)
    return tuple(Span(max(each.start, span.start), min(each.end, span.end)) for each in touching)


def day_start(day: date, zone: str) -> datetime:
    """Returns the first instant of a date in `zone`."""
    midnight = datetime.combine(day, time(), ZoneInfo(zone))
    return _after_gap(midnight) or midnight.astimezone(UTC)


def wall_instant(day: date, wall: time, zone: str) -> datetime:
    """Converts a wall-clock time to an instant, by the rule at the top of this file."""
    local = datetime.combine(day, wall, ZoneInfo(zone))
    return _after_gap(local) or local.replace(fold=1).astimezone(UTC)


def _occurrence_on(window: Window, day: date) -> Span | None:
    if day.weekday() not in window.days:
        return None
    start = wall_instant(day, window.start, window.zone)
    end = wall_instant(day + _DAY if window.overnight else day, window.end, window.zone)
    return Span(start, end) if start < end else None


def _after_gap(local: datetime) -> datetime | None:
    """Returns the first instant after the gap that contains `local`; None if `local` exists.

    Python interprets a time in a gap with the offset before the gap (fold 0) or after it (fold 1, the earlier instant): the
    change is between these two instants (PEP 495).
    """
    before, after = local.replace(fold=1).astimezone(UTC), local.replace(fold=0).astimezone(UTC)
    if before >= after:
        return None
    zone = local.tzinfo
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == before.astimezone(zone).utcoffset():
            before = middle
        else:
            after = middle
    return after


def _without(span: Span, frozen: Span) -> Iterator[Span]:
    before, after = min(frozen.start, span.end), max(frozen.end, span.start)
    if span.start < before:
        yield Span(span.start, before)
    if after < span.end:
        yield Span(after, span.end)


def _monday(week: str) -> date:
    try:
        year, number = week.split("-w")
        return date.fromisocalendar(int(year), int(number), 1)
    except ValueError as error:
        raise ValueError(f"{week!r} is not an ISO week: write it like 2026-w47") from error
