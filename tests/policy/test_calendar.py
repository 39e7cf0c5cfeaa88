"""When a window is open, in typical cases."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from ops.model.calendar import Freeze, Span, Window
from ops.policy.calendar import (
    cut,
    frozen,
    iso_week,
    next_open,
    occurrence_at,
    occurrences,
    open_span,
    openings,
    wall_instant,
    week_openings,
    week_span,
)

NIGHTS = Window("nights", frozenset({0, 1, 2, 3}), time(22), time(5), "Europe/Amsterdam")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def span(start: str, end: str) -> Span:
    return Span(at(start), at(end))


def test_an_overnight_window_belongs_to_the_day_on_which_it_starts() -> None:
    """`mon-thu 22:00-05:00` covers Friday from 00:00 to 05:00 but not Monday from 00:00 to 05:00."""
    assert occurrence_at(NIGHTS, at("2026-11-20T03:59")) == span("2026-11-19T21:00", "2026-11-20T04:00")
    assert occurrence_at(NIGHTS, at("2026-11-20T04:00")) is None
    assert occurrence_at(NIGHTS, at("2026-11-16T02:00")) is None


def test_a_window_includes_its_first_instant_and_excludes_its_last() -> None:
    assert occurrence_at(NIGHTS, at("2026-11-16T20:59:59")) is None
    assert occurrence_at(NIGHTS, at("2026-11-16T21:00:00")) == span("2026-11-16T21:00", "2026-11-17T04:00")


def test_occurrences_that_overlap_a_span_are_returned_uncut() -> None:
    found = tuple(occurrences(NIGHTS, at("2026-11-17T00:00"), at("2026-11-17T21:30")))
    assert found == (span("2026-11-16T21:00", "2026-11-17T04:00"), span("2026-11-17T21:00", "2026-11-18T04:00"))


def test_a_night_is_an_hour_shorter_in_spring_and_longer_in_autumn() -> None:
    saturdays = Window("saturdays", frozenset({5}), time(22), time(5), "Europe/Amsterdam")
    spring, autumn = at("2026-03-28T22:00"), at("2026-10-24T22:00")
    assert occurrence_at(saturdays, spring) == span("2026-03-28T21:00", "2026-03-29T03:00")
    assert occurrence_at(saturdays, autumn) == span("2026-10-24T20:00", "2026-10-25T04:00")


def test_a_start_inside_the_gap_becomes_the_first_instant_after_it() -> None:
    early = Window("early", frozenset({6}), time(2, 30), time(6), "Europe/Amsterdam")
    assert occurrence_at(early, at("2026-03-29T01:30")) == span("2026-03-29T01:00", "2026-03-29T04:00")


def test_a_window_inside_the_gap_does_not_occur() -> None:
    inside = Window("inside", frozenset({6}), time(2, 10), time(2, 50), "Europe/Amsterdam")
    found = tuple(occurrences(inside, at("2026-03-28T00:00"), at("2026-04-06T00:00")))
    assert found == (span("2026-04-05T00:10", "2026-04-05T00:50"),)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (time(1), time(2, 30), span("2026-10-24T23:00", "2026-10-25T01:30")),
        (time(2, 30), time(4), span("2026-10-25T01:30", "2026-10-25T03:00")),
        (time(2, 10), time(2, 40), span("2026-10-25T01:10", "2026-10-25T01:40")),
    ],
)
def test_a_wall_time_that_occurs_twice_refers_to_its_second_occurrence(start: time, end: time, expected: Span) -> None:
    window = Window("doubtful", frozenset({6}), start, end, "Europe/Amsterdam")
    assert tuple(occurrences(window, at("2026-10-24T12:00"), at("2026-10-25T12:00"))) == (expected,)


def test_a_freeze_given_by_dates_covers_both_whole_days_in_the_windows_time_zone() -> None:
    freeze = Freeze("audit", date(2026, 11, 17), date(2026, 11, 18))
    assert week_openings(NIGHTS, [freeze], "2026-w47") == (
        span("2026-11-16T21:00", "2026-11-16T23:00"),
        span("2026-11-18T23:00", "2026-11-19T04:00"),
        span("2026-11-19T21:00", "2026-11-20T04:00"),
    )


def test_a_freeze_with_a_time_zone_counts_its_days_in_that_zone() -> None:
    freeze = Freeze("audit", date(2026, 11, 17), date(2026, 11, 17), "America/New_York")
    opening = openings(NIGHTS, [freeze], at("2026-11-16T12:00"), at("2026-11-17T12:00"))
    assert opening == (span("2026-11-16T21:00", "2026-11-17T04:00"),)
    assert open_span(NIGHTS, [freeze], at("2026-11-17T21:00")) is None


def test_a_freeze_given_by_instants_splits_an_opening() -> None:
    freeze = Freeze("release", at("2026-11-16T23:00"), at("2026-11-17T01:00"))
    assert open_span(NIGHTS, [freeze], at("2026-11-16T22:00")) == span("2026-11-16T21:00", "2026-11-16T23:00")
    assert open_span(NIGHTS, [freeze], at("2026-11-16T23:00")) is None
    assert open_span(NIGHTS, [freeze], at("2026-11-17T01:00")) == span("2026-11-17T01:00", "2026-11-17T04:00")


def test_the_next_opening_is_the_rest_of_the_current_one_or_the_next_occurrence() -> None:
    week = timedelta(days=7)
    assert next_open(NIGHTS, [], at("2026-11-17T02:00"), week) == span("2026-11-17T02:00", "2026-11-17T04:00")
    assert next_open(NIGHTS, [], at("2026-11-17T04:00"), week) == span("2026-11-17T21:00", "2026-11-18T04:00")
    assert next_open(NIGHTS, [], at("2026-11-20T04:00"), timedelta(days=3)) is None
    whole_week = Freeze("all", date(2026, 11, 16), date(2026, 11, 22))
    assert next_open(NIGHTS, [whole_week], at("2026-11-17T02:00"), week) == span("2026-11-23T21:00", "2026-11-24T04:00")


def test_the_next_opening_starts_after_the_current_freeze() -> None:
    freeze = Freeze("release", at("2026-11-16T23:00"), at("2026-11-17T01:00"))
    found = next_open(NIGHTS, [freeze], at("2026-11-17T00:30"), timedelta(days=1))
    assert found == span("2026-11-17T01:00", "2026-11-17T04:00")


def test_openings_are_clipped_to_the_requested_span() -> None:
    assert openings(NIGHTS, [], at("2026-11-17T02:00"), at("2026-11-17T22:00")) == (
        span("2026-11-17T02:00", "2026-11-17T04:00"),
        span("2026-11-17T21:00", "2026-11-17T22:00"),
    )


@pytest.mark.parametrize(
    ("instant", "zone", "week"),
    [
        ("2026-11-15T23:30", "Europe/Amsterdam", "2026-w47"),
        ("2026-11-15T23:30", "America/New_York", "2026-w46"),
        ("2027-01-01T12:00", "Europe/Amsterdam", "2026-w53"),
        ("2026-01-01T12:00", "Europe/Amsterdam", "2026-w01"),
    ],
)
def test_the_iso_week_depends_on_the_time_zone(instant: str, zone: str, week: str) -> None:
    assert iso_week(at(instant), zone) == week


@pytest.mark.parametrize("wall", [time(2), time(2, 14, 2), time(2, 30, fold=1), time(2, 59, 59)])
def test_every_wall_time_in_a_gap_means_the_first_instant_after_it(wall: time) -> None:
    assert wall_instant(date(2026, 3, 29), wall, "Europe/Amsterdam") == at("2026-03-29T01:00")


def test_an_occurrence_that_began_two_days_before_in_utc_is_found() -> None:
    long = Window("long", frozenset({0}), time(22), time(16), "Pacific/Pago_Pago")
    assert occurrence_at(long, at("2026-11-18T02:00")) == span("2026-11-17T09:00", "2026-11-18T03:00")


def test_an_occurrence_on_the_next_day_of_its_zone_is_found() -> None:
    mornings = Window("mornings", frozenset({1}), time(8), time(12), "Pacific/Auckland")
    assert tuple(occurrences(mornings, at("2026-11-16T12:00"), at("2026-11-16T20:00"))) == (
        span("2026-11-16T19:00", "2026-11-16T23:00"),
    )


def test_an_occurrence_that_ends_when_the_span_starts_is_not_in_it() -> None:
    found = tuple(occurrences(NIGHTS, at("2026-11-17T04:00"), at("2026-11-18T00:00")))
    assert found == (span("2026-11-17T21:00", "2026-11-18T04:00"),)


def test_an_opening_that_ends_now_or_starts_at_the_horizon_is_not_the_next_one() -> None:
    freeze = Freeze("release", at("2026-11-16T23:00"), at("2026-11-17T01:00"))
    two_hours = timedelta(hours=2)
    assert next_open(NIGHTS, [freeze], at("2026-11-16T23:00"), two_hours) is None
    assert next_open(NIGHTS, [freeze], at("2026-11-16T23:01"), two_hours) == span(
        "2026-11-17T01:00", "2026-11-17T04:00"
    )


def test_openings_that_freezes_leave_outside_the_requested_span_are_left_out() -> None:
    freeze = Freeze("release", at("2026-11-16T23:00"), at("2026-11-17T01:00"))
    assert openings(NIGHTS, [freeze], at("2026-11-16T23:00"), at("2026-11-17T01:00")) == ()
    assert openings(NIGHTS, [freeze], at("2026-11-16T23:30"), at("2026-11-17T00:30")) == ()
    assert openings(NIGHTS, [freeze], at("2026-11-17T00:00"), at("2026-11-17T02:00")) == (
        span("2026-11-17T01:00", "2026-11-17T02:00"),
    )


def test_a_freeze_given_by_dates_closes_an_open_window_by_the_days_of_its_zone() -> None:
    freeze = Freeze("audit", date(2026, 11, 17), date(2026, 11, 17))
    assert open_span(NIGHTS, [freeze], at("2026-11-16T22:00")) == span("2026-11-16T21:00", "2026-11-16T23:00")
    assert open_span(NIGHTS, [freeze], at("2026-11-16T23:00")) is None


def test_the_frozen_parts_of_a_span_are_those_that_freezes_cover_one_by_one() -> None:
    whole = span("2026-11-16T00:00", "2026-11-16T12:00")
    freezes = [
        Freeze("ends at the start", at("2026-11-15T12:00"), at("2026-11-16T00:00")),
        Freeze("began before", at("2026-11-15T12:00"), at("2026-11-16T02:00")),
        Freeze("inside", at("2026-11-16T01:00"), at("2026-11-16T03:00")),
        Freeze("ends later", at("2026-11-16T11:00"), at("2026-11-17T00:00")),
        Freeze("starts at the end", at("2026-11-16T12:00"), at("2026-11-17T00:00")),
    ]
    assert frozen(whole, freezes, "UTC") == (
        span("2026-11-16T00:00", "2026-11-16T02:00"),
        span("2026-11-16T01:00", "2026-11-16T03:00"),
        span("2026-11-16T11:00", "2026-11-16T12:00"),
    )


def test_a_freeze_given_by_dates_covers_a_part_of_a_span_by_the_days_of_its_zone() -> None:
    whole = span("2026-11-16T12:00", "2026-11-17T12:00")
    freeze = Freeze("audit", date(2026, 11, 17), date(2026, 11, 17))
    assert frozen(whole, [freeze], "Europe/Amsterdam") == (span("2026-11-16T23:00", "2026-11-17T12:00"),)


def test_a_week_with_a_clock_change_is_an_hour_longer() -> None:
    assert week_span("2026-w43", "Europe/Amsterdam") == span("2026-10-18T22:00", "2026-10-25T23:00")


def test_the_last_opening_in_a_week_can_extend_into_the_next_week() -> None:
    sundays = Window("sundays", frozenset({6}), time(22), time(5), "Europe/Amsterdam")
    assert week_openings(sundays, [], "2026-w47") == (span("2026-11-22T21:00", "2026-11-23T04:00"),)


@pytest.mark.parametrize("week", ["2026-47", "w47", "2026-w54", "2026-w0", "-w-w"])
def test_an_invalid_week_is_rejected(week: str) -> None:
    with pytest.raises(ValueError, match="2026-w47"):
        week_span(week, "UTC")


def test_a_freeze_that_shares_an_edge_with_a_span_leaves_nothing_of_no_length() -> None:
    whole = span("2026-11-16T00:00", "2026-11-16T12:00")
    starting = Freeze("starting", at("2026-11-16T00:00"), at("2026-11-16T02:00"))
    ending = Freeze("ending", at("2026-11-16T10:00"), at("2026-11-16T12:00"))
    assert cut(whole, [starting], "UTC") == (span("2026-11-16T02:00", "2026-11-16T12:00"),)
    assert cut(whole, [ending], "UTC") == (span("2026-11-16T00:00", "2026-11-16T10:00"),)
    assert cut(whole, [Freeze("before", at("2026-11-15T00:00"), at("2026-11-16T00:00"))], "UTC") == (whole,)
    assert cut(whole, [Freeze("after", at("2026-11-16T12:00"), at("2026-11-17T00:00"))], "UTC") == (whole,)


def test_overlapping_freezes_are_subtracted_once() -> None:
    whole = span("2026-11-16T00:00", "2026-11-16T12:00")
    freezes = [
        Freeze("one", at("2026-11-16T02:00"), at("2026-11-16T04:00")),
        Freeze("two", at("2026-11-16T03:00"), at("2026-11-16T06:00")),
        Freeze("three", at("2026-11-16T03:00"), at("2026-11-16T03:30")),
    ]
    assert cut(whole, freezes, "UTC") == (
        span("2026-11-16T00:00", "2026-11-16T02:00"),
        span("2026-11-16T06:00", "2026-11-16T12:00"),
    )


def test_an_invalid_value_raises_an_error_on_construction() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Window("never", frozenset(), time(1), time(2), "UTC")
    with pytest.raises(ValueError, match="from 0"):
        Window("eighth", frozenset({7}), time(1), time(2), "UTC")
    with pytest.raises(ValueError, match="must end after it starts"):
        Span(at("2026-11-16T02:00"), at("2026-11-16T02:00"))
    with pytest.raises(ValueError, match="UTC"):
        Span(datetime.fromisoformat("2026-11-16T02:00+01:00"), at("2026-11-16T02:00"))
    with pytest.raises(ValueError, match="both dates"):
        Freeze("mixed", date(2026, 11, 16), at("2026-11-17T00:00"))
    with pytest.raises(ValueError, match="has no time zone"):
        Freeze("naive", at("2026-11-16T00:00").replace(tzinfo=None), at("2026-11-17T00:00"))
    with pytest.raises(ValueError, match="before it starts"):
        Freeze("backwards", date(2026, 11, 17), date(2026, 11, 16))


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_there_are_no_openings_during_an_endless_freeze(zone: str) -> None:
    for_ever = Freeze("hands off", date.min, date.max, zone)
    assert week_openings(NIGHTS, [for_ever], "2026-w47") == ()
