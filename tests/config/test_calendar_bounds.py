"""A calendar cannot cause more work than a few seconds: occurrences are counted before they are expanded."""

import resource
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.config.calendar_bounds import occurrences
from ops.config.feeds import FeedError, Feeds, freezes_of
from ops.config.work_limit import TooMuchWorkError, work_limit
from simulator.stories.hostile_calendar import BOMBS, calendar

SINCE, UNTIL = date(2026, 11, 9), date(2027, 12, 21)
MEMORY_MB = 200


def read(content: bytes) -> list[str]:
    freezes = freezes_of(content, Feeds(lambda location: location.encode(), SINCE, UNTIL))
    return [f"{freeze.start} {freeze.end}" for freeze in freezes]


@pytest.mark.parametrize("kind", sorted(BOMBS.keys() - {"never"}))  # below, since it takes seconds
def test_a_calendar_that_is_too_much_work_is_refused_without_using_memory(kind: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FeedError) as refused:
        read(BOMBS[kind])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY_MB * 1024
    assert len(str(refused.value)) <= 122


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("secondly", "an event repeats within a day"),
        ("by-second", "an event repeats within a day"),
        ("zone", "an event repeats within a day"),
        ("ancient", "repeat more than 20,000 times"),
        ("dates", "repeat more than 20,000 times"),
        ("never", "a rule probably never matches a day"),
        ("count", "the rule of an event is too long"),
        ("nested", "nested more than 4 deep"),
        ("line", "a line of more than 10,000 characters"),
        ("lines", "more than 20,000 lines"),
    ],
)
def test_the_reason_says_what_to_change(kind: str, reason: str) -> None:
    with pytest.raises(FeedError, match=reason):
        read(BOMBS[kind])


def test_usual_rules_are_expanded() -> None:
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Office\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\n"
        "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
    )
    office = "DTSTART;TZID=Office:20270701T080000\r\nDTEND;TZID=Office:20270701T180000\r\nRRULE:FREQ=MONTHLY;COUNT=2"
    year_end = "DTSTART;VALUE=DATE:20151218\r\nDTEND;VALUE=DATE:20160104\r\nRRULE:FREQ=YEARLY"
    assert read(calendar(year_end, office, zones=zone)) == [
        "2026-12-18 2027-01-03",
        "2027-07-01 06:00:00+00:00 2027-07-01 16:00:00+00:00",
        "2027-08-01 06:00:00+00:00 2027-08-01 16:00:00+00:00",
        "2027-12-18 2028-01-03",
    ]


def test_a_zone_that_one_calendar_defines_does_not_change_another() -> None:
    def zone(offset: str) -> str:
        times = f"DTSTART:16010101T000000\r\nTZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}"
        return f"BEGIN:VTIMEZONE\r\nTZID:Ours\r\nBEGIN:STANDARD\r\n{times}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"

    event = "DTSTART;TZID=Ours:20261201T120000\r\nDTEND;TZID=Ours:20261201T130000"
    assert read(calendar(event, zones=zone("+0200"))) == ["2026-12-01 10:00:00+00:00 2026-12-01 11:00:00+00:00"]
    assert read(calendar(event, zones=zone("+0500"))) == ["2026-12-01 07:00:00+00:00 2026-12-01 08:00:00+00:00"]
    with pytest.raises(FeedError, match="no zone"):
        read(calendar(event))


@pytest.mark.parametrize(
    ("rule", "count"),
    [
        ("FREQ=YEARLY", 2),
        ("FREQ=YEARLY;COUNT=1", 1),
        ("FREQ=DAILY", 402),
        ("FREQ=DAILY;INTERVAL=2", 201),
        ("FREQ=WEEKLY;BYDAY=MO,WE", 116),
        ("FREQ=MONTHLY;BYDAY=-1FR", 15),
        ("FREQ=MONTHLY;BYDAY=FR", 75),
        ("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", 2),
        ("FREQ=YEARLY;BYDAY=MO", 106),
        ("FREQ=DAILY;UNTIL=20261115", 1),
        ("FREQ=DAILY;UNTIL=20200101", 1),
    ],
)
def test_occurrences_are_counted_by_arithmetic(rule: str, count: int) -> None:
    assert occurrences(rule, date(2026, 11, 15), UNTIL) == count


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "FREQ=HOURLY",
        "FREQ=MINUTELY",
        "freq=secondly",
        "FREQ=DAILY;FREQ=YEARLY",
        "FREQ=DAILY;BYMINUTE=1",
        "INTERVAL=1",
    ],
)
def test_a_rule_that_repeats_within_a_day_is_not_accepted(rule: str) -> None:
    assert "repeats within a day" in str(occurrences(rule, date(2026, 11, 15), UNTIL))


@pytest.mark.parametrize("number", ["-1", "x", "1e9", "²", "9" * 7, ""])
def test_a_number_that_is_not_one_is_not_accepted(number: str) -> None:
    assert occurrences(f"FREQ=DAILY;INTERVAL={number}", date(2026, 11, 15), UNTIL) == "the rule of an event is too long"


def test_work_is_interrupted_even_if_the_code_ignores_errors() -> None:
    def stubborn() -> None:
        while True:
            try:
                abs(1)
            except Exception:  # noqa: BLE001, S112 - what a parser might do
                continue

    with pytest.raises(TooMuchWorkError), work_limit(10_000):
        stubborn()


_NAMES = [
    "BEGIN",
    "END",
    "DTSTART",
    "DTEND",
    "DURATION",
    "RRULE",
    "RDATE",
    "EXDATE",
    "RECURRENCE-ID",
    "TZID",
    "X-WR-TIMEZONE",
    "",
]
_VALUES = [
    "VEVENT",
    "VTIMEZONE",
    "STANDARD",
    "20261201",
    "20261201T000000Z",
    "00010101T000000",
    "99991231T235959Z",
    "P3000000D",
    "FREQ=DAILY",
    "FREQ=WEEKLY;BYDAY=MO,-1XX",
    "FREQ=YEARLY;BYMONTHDAY=99",
    "FREQ=MONTHLY;UNTIL=00000000",
    "FREQ=DAILY;INTERVAL=0",
    "+0100",
    "Europe/Amsterdam",
    "Mars/Olympus",
    "\x00",
    "\u202e",
]
_LINES = st.tuples(
    st.sampled_from(_NAMES),
    st.sampled_from(["", ";VALUE=DATE", ";TZID=Odd", ';X="', ";=;"]),
    st.sampled_from(_VALUES) | st.text(max_size=10),
).map(lambda parts: f"{parts[0]}{parts[1]}:{parts[2]}")


@settings(max_examples=60, deadline=None)
@given(st.lists(_LINES, max_size=12) | st.binary(max_size=100).map(lambda raw: [raw.decode("latin-1")]))
def test_any_content_is_read_or_refused(lines: list[str]) -> None:
    content = calendar("\r\n".join(lines))
    with suppress(FeedError):
        read(content)
