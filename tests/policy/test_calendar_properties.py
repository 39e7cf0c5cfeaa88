"""Windows and freezes compared with a separate model that checks the wall clock minute by minute."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from ops.model.calendar import Freeze, Window
from ops.policy.calendar import occurrences, open_span, openings, week_openings, week_span

# The Sundays of both clock changes, including those in a zone that changes by half an hour and in the southern hemisphere.
CHANGES = {
    "Europe/Amsterdam": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/New_York": (date(2026, 3, 8), date(2026, 11, 1)),
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),
}
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

wall_times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 10, 15, 29, 30, 45, 59]))


@st.composite
def windows_near_a_change(draw: st.DrawFn) -> tuple[Window, date]:
    zone = draw(st.sampled_from(sorted(CHANGES)))
    change = draw(st.sampled_from(CHANGES[zone]))
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    start, end = draw(st.lists(wall_times, min_size=2, max_size=2, unique=True))
    return Window("drawn", days, start, end, zone), change


@st.composite
def freezes_near(draw: st.DrawFn, change: date) -> Freeze:
    if draw(st.booleans()):
        first = change + draw(st.integers(-2, 2)) * DAY
        zone = draw(st.sampled_from([None, "Asia/Tokyo"]))
        return Freeze("days", first, first + draw(st.integers(0, 2)) * DAY, zone)
    begin = datetime.combine(change, time(), UTC) + draw(st.integers(-1500, 1500)) * MINUTE
    return Freeze("instants", begin, begin + draw(st.integers(1, 900)) * MINUTE)


def instants_showing(day: date, wall: time, zone: ZoneInfo) -> list[datetime]:
    """Every instant, to the minute, at which clocks in a zone show this wall time."""
    noon = datetime.combine(day, time(12), UTC)
    shown = (noon + offset * MINUTE for offset in range(-36 * 60, 36 * 60))
    return [at for at in shown if at.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, wall)]


def model_instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The last instant that shows a wall time, or, if there is none, the first instant that shows a later one."""
    while True:
        found = instants_showing(day, wall, zone)
        if found:
            return found[-1]
        later = datetime.combine(day, wall) + MINUTE
        day, wall = later.date(), later.time()


def model_open(window: Window, freezes: list[Freeze], at: datetime) -> bool:
    """Whether the window is open at this instant."""
    zone = ZoneInfo(window.zone)
    for freeze in freezes:
        if isinstance(freeze.start, datetime) and isinstance(freeze.end, datetime):
            if freeze.start <= at < freeze.end:
                return False
        elif freeze.start <= at.astimezone(ZoneInfo(freeze.zone or window.zone)).date() <= freeze.end:
            return False
    today = at.astimezone(zone).date()
    for day in (today - DAY, today):
        ends = day + DAY if window.end <= window.start else day
        begins = model_instant(day, window.start, zone)
        if day.weekday() in window.days and begins <= at < model_instant(ends, window.end, zone):
            return True
    return False


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_a_window_is_open_exactly_at_its_wall_times(data: st.DataObject) -> None:
    window, change = data.draw(windows_near_a_change())
    freezes = data.draw(st.lists(freezes_near(change), max_size=2))
    middle = datetime.combine(change, time(), UTC)
    for offset in data.draw(st.lists(st.integers(-1500, 2200), min_size=8, max_size=8)):
        at = middle + offset * MINUTE
        found = open_span(window, freezes, at)
        assert (found is not None) == model_open(window, freezes, at)
        if found is not None:
            assert at in found


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_an_opening_ends_when_the_models_window_closes(data: st.DataObject) -> None:
    window, change = data.draw(windows_near_a_change())
    freezes = data.draw(st.lists(freezes_near(change), max_size=1))
    at = datetime.combine(change, time(), UTC) + data.draw(st.integers(-1500, 2200)) * MINUTE
    found = open_span(window, freezes, at)
    if found is not None:
        assert model_open(window, freezes, found.start)
        assert model_open(window, freezes, found.end - MINUTE)


@settings(deadline=None)
@given(windows_near_a_change())
def test_occurrences_come_in_order_and_never_overlap(drawn: tuple[Window, date]) -> None:
    window, change = drawn
    middle = datetime.combine(change, time(), UTC)
    found = list(occurrences(window, middle - 10 * DAY, middle + 10 * DAY))
    assert found
    assert all(one.end <= other.start for one, other in pairwise(found))


@settings(deadline=None)
@given(windows_near_a_change())
def test_a_wall_time_that_occurs_once_is_an_edge_of_the_occurrence(drawn: tuple[Window, date]) -> None:
    window, change = drawn
    zone = ZoneInfo(window.zone)
    middle = datetime.combine(change, time(), UTC)
    for occurrence in occurrences(window, middle - 2 * DAY, middle + 2 * DAY):
        start, end = occurrence.start.astimezone(zone), occurrence.end.astimezone(zone)
        day = start.date()
        assert day.weekday() in window.days
        if len(instants_showing(day, window.start, zone)) == 1:
            assert start.time() == window.start
        ends = day + DAY if window.overnight else day
        if len(instants_showing(ends, window.end, zone)) == 1:
            assert (end.date(), end.time()) == (ends, window.end)


@settings(deadline=None)
@given(st.data())
def test_freezes_never_add_or_extend_openings(data: st.DataObject) -> None:
    window, change = data.draw(windows_near_a_change())
    freezes = data.draw(st.lists(freezes_near(change), min_size=1, max_size=3))
    middle = datetime.combine(change, time(), UTC)
    free = openings(window, [], middle - 3 * DAY, middle + 3 * DAY)
    for left in openings(window, freezes, middle - 3 * DAY, middle + 3 * DAY):
        assert any(whole.start <= left.start and left.end <= whole.end for whole in free)


@settings(deadline=None)
@given(windows_near_a_change())
def test_each_occurrence_belongs_to_exactly_one_week(drawn: tuple[Window, date]) -> None:
    window, change = drawn
    year, number, _ = change.isocalendar()
    weeks = [f"{year}-w{number + offset:02}" for offset in (-1, 0, 1)]
    by_week = [span for week in weeks for span in week_openings(window, [], week)]
    whole = week_span(weeks[0], window.zone).start, week_span(weeks[-1], window.zone).end
    assert by_week == [span for span in occurrences(window, *whole) if span.start >= whole[0]]
