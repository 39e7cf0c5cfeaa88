"""When the weekly digest is due, and which week it reports."""

from datetime import UTC, datetime, time, timedelta

import pytest

from ops.model.calendar import Span, Window
from ops.policy.digest import due

MONDAYS = Window("digest", frozenset({0}), time(9), time(10), "UTC")
STARTS = datetime(2026, 11, 16, 9, tzinfo=UTC)
WEEK = Span(datetime(2026, 11, 9, 9, tzinfo=UTC), STARTS)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (timedelta(seconds=-1), None),
        (timedelta(milliseconds=-1), None),
        (timedelta(0), WEEK),
        (timedelta(hours=2), WEEK),
        (timedelta(hours=23, minutes=59), WEEK),
        (timedelta(hours=24), None),
    ],
)
def test_the_digest_is_due_for_a_day_after_its_time(after: timedelta, expected: Span | None) -> None:
    assert due(MONDAYS, STARTS + after) == expected


def test_the_last_of_several_days_counts() -> None:
    daily = Window("digest", frozenset(range(7)), time(9), time(10), "UTC")
    assert due(daily, STARTS + timedelta(hours=1)) == WEEK
