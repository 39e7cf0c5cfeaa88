"""Calendars on an intranet that is sometimes down: the last known freezes apply, and no endpoint waits for a calendar."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ops.adapters.sqlite_store import SqliteStore
from ops.config import FeedError, Feeds, calendars, freezes_of
from ops.config.config_file import ConfigFile, ConfigState
from ops.messaging.conditions import report_configuration
from ops.model.calendar import Freeze
from ops.model.json import Json
from tests.fakes import CONFIG, MONDAY, World

URL = "https://intranet.example/freeze.ics?word=hunter2"
FEED = CONFIG + f'freezes:\n  - {{ics: "{URL}"}}\n'
FILE = CONFIG + "freezes:\n  - {ics: freeze.ics}\n"


def calendar(name: str, *times: str) -> bytes:
    lines = "\r\n".join(times or ("DTSTART;VALUE=DATE:20261218",))
    event = f"BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:{name}\r\n{lines}\r\nEND:VEVENT\r\n"
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{event}END:VCALENDAR\r\n".encode()


class Intranet:
    """A calendar at an address. `down` is the reason why it cannot be fetched."""

    def __init__(self) -> None:
        self.down, self.content, self.fetches = "", calendar("Year end"), 0

    def __call__(self, url: str) -> bytes:
        assert url == URL
        self.fetches += 1
        if self.down:
            raise FeedError(self.down)
        return self.content


class Home:
    """The file, the store and the intranet, which all outlive a process."""

    def __init__(self, folder: Path, text: str = FEED) -> None:
        self.file, self.store, self.intranet = folder / "daytwo.yaml", SqliteStore(":memory:"), Intranet()
        self.file.write_text(text)
        self.process = self.begin()

    def begin(self) -> ConfigFile:
        """Start another process of the app."""
        return ConfigFile(self.file, self.store, self.intranet)

    def tick(self, **later: float) -> ConfigState:
        """Fire the timer at this offset from midnight on Monday. Return the configuration that an endpoint reads afterwards."""
        self.process.refresh(MONDAY + timedelta(**later))
        return self.process.current(MONDAY + timedelta(**later))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def names(state: ConfigState) -> list[str]:
    assert state.settings is not None
    return [freeze.name for freeze in state.settings.freezes]


def at(**later: float) -> datetime:
    return MONDAY + timedelta(**later)


def test_an_endpoint_never_fetches(home: Home) -> None:
    home.process.current(at())
    home.tick()
    for minutes in range(0, 26 * 60, 5):
        home.process.current(at(minutes=minutes))
        home.begin().current(at(minutes=minutes))
    assert home.intranet.fetches == 1


def test_there_is_no_configuration_until_its_calendar_has_been_read_once(home: Home) -> None:
    first = home.process.current(at())
    assert first.settings is None
    assert "it has not been fetched yet; Daytwo tries within five minutes" in first.problem
    assert (names(home.tick(minutes=5)), home.tick(minutes=5).problem) == (["Year end"], "")


def test_a_calendar_fetched_by_one_process_reaches_the_others_within_five_minutes(home: Home) -> None:
    other = home.begin()
    home.tick()
    assert names(other.current(at())) == ["Year end"]
    home.intranet.content = calendar("Audit")
    assert names(home.tick(hours=12)) == ["Audit"]
    assert names(other.current(at(hours=12, minutes=5))) == ["Audit"]


def test_an_unavailable_calendars_freezes_remain_and_it_is_retried_at_each_tick(home: Home) -> None:
    home.tick()
    home.intranet.down = "it cannot be fetched: timed out"
    lost = home.tick(hours=12)
    assert (names(lost), lost.problem) == (["Year end"], "")
    assert [(each.location, each.problem, each.read_at) for each in lost.silent] == [
        (URL, "it cannot be fetched: timed out", MONDAY)
    ]
    home.intranet.down, home.intranet.content = "", calendar("Audit")
    back = home.tick(hours=12, minutes=5)
    assert (names(back), back.problem, back.silent) == (["Audit"], "", ())
    assert home.intranet.fetches == 3


def test_a_calendar_is_fetched_once_if_two_ticks_occur_within_one_interval(home: Home) -> None:
    home.intranet.down = "it cannot be fetched: its server answers 502"
    home.tick()
    home.tick(seconds=20)
    assert home.intranet.fetches == 1


def test_a_process_that_starts_while_the_calendar_is_down_has_the_same_freezes(home: Home) -> None:
    home.tick()
    home.intranet.down = "it cannot be fetched: timed out"
    home.tick(hours=12)
    fresh = home.begin().current(at(hours=13))
    assert (names(fresh), fresh.problem, len(fresh.silent)) == (["Year end"], "", 1)


def test_an_address_that_serves_unexpected_content_counts_as_unavailable(home: Home) -> None:
    home.tick()
    home.intranet.content = b"<html>Sign in</html>"
    lost = home.tick(hours=12)
    assert (names(lost), lost.problem) == (["Year end"], "")
    assert "it is not a calendar" in lost.silent[0].problem


@pytest.mark.parametrize(
    "content",
    [
        b'<html><a href="/login?back=https://intranet.example/freeze.ics?word=hunter2">' + b"Sign in. " * 20_000,
        b"BEGIN:VCALENDAR\r\nX-KEY:hunter2\r\nhunter2\r\nEND:VCALENDAR\r\n",
        calendar("hunter2", "DTSTART:hunter2"),
        calendar("hunter2", "DTSTART:20261218T080000", "DTEND:20261218T090000"),
        calendar("hunter2", "DTSTART;VALUE=DATE:20261218", "RRULE:FREQ=hunter2"),
    ],
)
def test_content_that_is_not_a_calendar_is_never_quoted(home: Home, content: bytes) -> None:
    world = World()
    home.tick()
    home.intranet.content = content
    report_configuration(world.context.ports, home.tick(hours=12), at(hours=12))
    (silent,) = home.tick(hours=12).silent
    reported = str(world.chat.shown) + str(world.ledger.written)
    assert silent.problem in reported
    assert len(silent.problem) <= 100
    assert "hunter2" not in reported


@pytest.mark.parametrize("end", ["DTEND;VALUE=DATE:99991231", "DURATION:P3000000D"])
def test_an_event_without_an_end_is_rejected_and_the_last_freezes_remain(home: Home, end: str) -> None:
    home.tick()
    home.intranet.content = calendar("Old system", "DTSTART;VALUE=DATE:20261218", end)
    lost = home.tick(hours=12)
    assert (names(lost), lost.problem) == (["Year end"], "")
    assert "an event begins or ends too far away to be computed" in lost.silent[0].problem


def test_an_event_without_an_end_in_a_file_is_a_configuration_problem(tmp_path: Path) -> None:
    content = calendar("Old system", "DTSTART;VALUE=DATE:20261218", "DTEND;VALUE=DATE:99991231")
    (tmp_path / "freeze.ics").write_bytes(content)
    assert "too far away to be computed" in Home(tmp_path, FILE).process.current(at()).problem


def test_an_event_without_a_duration_does_not_cause_a_freeze(home: Home) -> None:
    home.intranet.content = calendar("Reminder", "DTSTART:20261218T080000Z")
    state = home.tick()
    assert (names(state), state.problem) == ([], "")


def test_freezes_are_outdated_after_three_days_and_then_no_run_begins(home: Home) -> None:
    """A freeze may have been added in the meantime. Guards treat missing facts as refusals; the endpoints still work."""
    home.tick()
    home.intranet.down = "it cannot be fetched: timed out"
    assert home.tick(days=2, hours=23, minutes=55).problem == ""
    for process in (home.process, home.begin()):
        late = process.current(at(days=3, minutes=1))
        assert names(late) == ["Year end"]
        assert "timed out, and its last copy, from 2026-11-16, is too old to rely on" in late.problem
    home.intranet.down = ""
    assert home.tick(days=3, minutes=5).problem == ""


def test_freezes_are_outdated_after_a_long_downtime_until_the_timer_fires(
    home: Home,
) -> None:
    home.tick()
    late = home.begin().current(at(days=4))
    assert names(late) == ["Year end"]
    assert late.problem.endswith(
        ": freezes[0].ics: intranet.example: the calendar cannot be used: its last copy, from 2026-11-16, is too old to rely on; "
        "Daytwo tries again within five minutes; fix the calendar, or list the freezes in the file"
    )
    assert home.tick(days=4).problem == ""


def test_the_last_valid_configuration_remains_if_the_file_is_invalid_and_a_calendar_is_unavailable(home: Home) -> None:
    home.tick()
    home.file.write_text("fleet: [")
    home.intranet.down = "it cannot be fetched: timed out"
    fresh = home.begin().current(at(hours=14))
    assert names(fresh) == ["Year end"]
    assert "daytwo.yaml:1" in fresh.problem


def test_the_last_valid_configuration_remains_if_a_calendar_file_is_invalid(tmp_path: Path) -> None:
    (tmp_path / "freeze.ics").write_bytes(calendar("Year end"))
    home = Home(tmp_path, FILE)
    assert (names(home.process.current(at())), home.intranet.fetches) == (["Year end"], 0)
    (tmp_path / "freeze.ics").write_bytes(b"nonsense")
    fresh = home.begin().current(at())
    assert names(fresh) == ["Year end"]
    assert "it is not a calendar" in fresh.problem


def test_a_calendar_is_reported_once_when_it_becomes_unavailable_and_once_when_it_returns(home: Home) -> None:
    world = World()
    home.tick()
    report_configuration(world.context.ports, home.tick(), world.clock.at)
    assert world.chat.posts == 0
    home.intranet.down = "it cannot be fetched: timed out"
    for hours in (12, 13, 14):
        report_configuration(world.context.ports, home.tick(hours=hours), world.clock.at)
    assert (world.chat.posts, world.chat.edits) == (1, 0)
    (shown,) = world.chat.shown.values()
    assert shown["text"] == "◆ Calendars · daytwo.yaml · cannot be read · needs you"
    assert "intranet.example: it cannot be fetched: timed out" in str(shown)
    assert "hunter2" not in str(shown)
    home.intranet.down = ""
    report_configuration(world.context.ports, home.tick(hours=15), world.clock.at)
    (shown,) = world.chat.shown.values()
    assert shown["text"] == "✓ Calendars · daytwo.yaml · can be read again · done"
    assert [entry.kind for entry in world.ledger.written.values()] == ["condition"]


def test_a_calendars_address_is_not_reported_if_the_calendar_was_never_read(home: Home) -> None:
    world = World()
    home.intranet.down = "it cannot be fetched: its server answers 503"
    home.tick()
    report_configuration(world.context.ports, home.tick(minutes=5), at(minutes=5))
    reported = str(world.chat.shown) + str(world.ledger.written)
    assert "freezes[0].ics: intranet.example: the calendar cannot be used: it cannot be fetched" in reported
    assert "hunter2" not in reported


def test_content_that_is_refused_is_expanded_once_per_day(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.tick()
    expanded: list[bytes] = []

    def counted(content: bytes, read: Feeds) -> tuple[Freeze, ...]:
        expanded.append(content)
        return freezes_of(content, read)

    monkeypatch.setattr(calendars, "freezes_of", counted)
    home.intranet.content = calendar("Old system", "DTSTART;VALUE=DATE:20261218", "RRULE:FREQ=SECONDLY")
    problems = {home.tick(hours=12, minutes=5 * number).silent[0].problem for number in range(6)}
    assert (len(expanded), len(problems), home.intranet.fetches) == (1, 1, 7)
    home.intranet.content = calendar("Old system", "DTSTART;VALUE=DATE:20261218", "RRULE:FREQ=HOURLY")
    home.tick(hours=13)
    home.tick(hours=25)
    assert len(expanded) == 3


@pytest.mark.parametrize("value", [{"_v": 99}, [], "junk"], ids=repr)
def test_a_record_of_a_calendar_that_cannot_be_read_is_a_problem_until_the_calendar_is_fetched_again(
    home: Home, value: Json
) -> None:
    home.tick()
    (record,) = home.store.scan("calendar")
    home.store.replace("calendar", record.key, value, record.etag)
    state = home.process.current(at(minutes=6))
    assert (names(state), "it has not been fetched yet" in state.problem) == (["Year end"], True)
    assert home.begin().current(at(minutes=6)).settings is None
    assert (names(home.tick(minutes=10)), home.tick(minutes=16).problem) == (["Year end"], "")


@pytest.mark.parametrize("value", [{"_v": 99}, {"content": "gone"}, {"content": 7}, []], ids=repr)
def test_a_record_of_the_last_valid_configuration_that_cannot_be_used_is_no_configuration(
    home: Home, value: Json
) -> None:
    home.tick()
    record = home.store.get("config", "last-valid")
    assert record is not None
    home.store.replace("config", "last-valid", value, record.etag)
    home.file.write_text("nothing")
    state = home.begin().current(at(minutes=6))
    assert state.settings is None
    assert "daytwo.yaml" in state.problem
