"""The oracle's calendar and Daytwo's are implemented independently and agree on any week."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.config import load
from ops.model.calendar import Freeze, Window
from ops.policy.calendar import iso_week, week_occurrences, week_openings
from ops.settings.node_image import NODE_IMAGE
from simulator.oracle.calendars import FreezePeriod
from simulator.oracle.config import WindowHours, read
from simulator.oracle.local_time import Interval, monday_of, occurrences, openings, week_name
from tests.simulator.oracle.journal_builder import CONFIG

DAY = timedelta(days=1)
ZONES = ["Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]
times = st.tuples(st.integers(0, 23), st.sampled_from([0, 15, 29, 30, 45]))


def span(start: str, end: str) -> Interval:
    return Interval(datetime.fromisoformat(start + "Z"), datetime.fromisoformat(end + "Z"))


@pytest.mark.parametrize(
    ("monday", "expected"),
    [
        (date(2026, 3, 23), span("2026-03-28T21:00", "2026-03-29T01:00")),
        (date(2026, 10, 19), span("2026-10-24T20:00", "2026-10-25T01:30")),
        (date(2026, 11, 16), span("2026-11-21T21:00", "2026-11-22T01:30")),
    ],
)
def test_both_calendars_agree_on_window_ends_during_clock_changes(monday: date, expected: Interval) -> None:
    saturdays = WindowHours(frozenset({5}), 22 * 60, 2 * 60 + 30, "Europe/Amsterdam")
    assert occurrences(saturdays, monday) == (expected,)


@settings(max_examples=60, deadline=None)
@given(
    st.frozensets(st.integers(0, 6), min_size=1),
    st.lists(times, min_size=2, max_size=2, unique=True),
    st.sampled_from(ZONES),
    st.integers(0, 52),
    st.lists(st.tuples(st.integers(-2, 8), st.integers(0, 3), st.sampled_from([None, *ZONES])), max_size=2),
)
def test_both_calendars_agree_on_windows_and_freezes(
    days: frozenset[int],
    edges: list[tuple[int, int]],
    zone: str,
    weeks: int,
    frozen: list[tuple[int, int, str | None]],
) -> None:
    (start_h, start_min), (end_h, end_min) = edges
    monday = date(2026, 1, 5) + weeks * 7 * DAY
    window = Window("drawn", days, time(start_h, start_min), time(end_h, end_min), zone)
    hours = WindowHours(days, start_h * 60 + start_min, end_h * 60 + end_min, zone)
    ranges = [(monday + first * DAY, monday + (first + more) * DAY, own) for first, more, own in frozen]
    freezes = [Freeze("drawn", first, last, own) for first, last, own in ranges]
    oracle_freezes = tuple(FreezePeriod(first, last, own) for first, last, own in ranges)
    week = week_name(monday)
    assert [(s.opens, s.closes) for s in occurrences(hours, monday)] == [
        (s.start, s.end) for s in week_occurrences(window, week)
    ]
    assert [(s.opens, s.closes) for s in openings(hours, oracle_freezes, monday)] == [
        (s.start, s.end) for s in week_openings(window, freezes, week)
    ]


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)), st.sampled_from(ZONES))  # noqa: DTZ001 - hypothesis wants bounds without a zone
def test_both_calendars_agree_on_iso_weeks(naive: datetime, zone: str) -> None:
    at = naive.replace(tzinfo=UTC)
    assert week_name(monday_of(at, zone)) == iso_week(at, zone)


def test_the_oracle_and_daytwo_read_the_same_values_from_a_configuration() -> None:
    text = CONFIG + (
        "freezes:\n"
        "  - {name: year end, from: 2026-12-18, to: 2027-01-04, zone: America/New_York}\n"
        "  - {name: launch, from: 2026-11-18T18:00:00+01:00, to: 2026-11-19T06:00:00Z}\n"
    )
    rules, reported = read(text), load(text, "daytwo.yaml")
    node_images = reported.get(NODE_IMAGE)
    assert node_images is not None
    assert [ring.name for ring in rules.rings] == [ring.name for ring in reported.fleet.rings]
    assert [ring.max_concurrent for ring in rules.rings] == [None, 1]
    assert (rules.proven_for, rules.proven_awake, rules.proven_nodes) == (DAY, 8, 3)
    assert (rules.start_stopped_clusters, rules.failure_budget) == (True, 0)
    assert [(c.first, c.last, c.zone) for c in rules.freezes] == [(f.start, f.end, f.zone) for f in reported.freezes]
    assert rules.rings[0].hours == WindowHours(frozenset({0, 1, 2, 3}), 22 * 60, 5 * 60, "UTC")
    assert node_images.window.days == frozenset({0, 1, 2, 3})
