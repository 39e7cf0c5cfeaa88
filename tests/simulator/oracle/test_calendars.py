"""The oracle and the bot read the same freezes from a calendar, independently."""

from datetime import UTC, date, datetime

import pytest

from simulator.oracle.calendars import freezes_in
from simulator.oracle.config import read
from tests.configurations import CONFIG
from tests.simulator.oracle.journal_builder import JournalBuilder, cluster

CALENDAR = """\
BEGIN:VCALENDAR
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261218
DTEND;VALUE=DATE:20270103
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/Amsterdam:20261116T220000
DTEND:20261117T020000Z
END:VEVENT
END:VCALENDAR
"""
FROZEN = CONFIG + "freezes:\n  - {ics: freeze.ics}\n"


def test_days_and_times_are_read() -> None:
    days, times = freezes_in(CALENDAR)
    assert (days.first, days.last) == (date(2026, 12, 18), date(2027, 1, 2))
    assert isinstance(times.first, datetime)
    assert (times.first.astimezone(UTC), times.last) == (
        datetime(2026, 11, 16, 21, tzinfo=UTC),
        datetime(2026, 11, 17, 2, tzinfo=UTC),
    )


def test_an_upgrade_during_a_freeze_of_a_calendar_is_a_violation() -> None:
    builder = JournalBuilder(cluster("dev"))
    builder.upgrade("dev/system", "mon 22:00", "mon 22:30")
    assert builder.verdict().violations == ()
    assert builder.verdict(FROZEN, calendars={"freeze.ics": CALENDAR}).violations == (
        "outside-window: dev/system at 2026-11-16 22:00:00 UTC",
    )


def test_a_calendar_without_content_cannot_be_judged() -> None:
    with pytest.raises(ValueError, match=r"the content of the calendar freeze\.ics"):
        read(FROZEN)
