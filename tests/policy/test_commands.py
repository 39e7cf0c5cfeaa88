"""How commands are read, and who can use them."""

from datetime import UTC, datetime

import pytest

from ops.model.people import Person
from ops.policy.commands import CHANGING, READ_ONLY, Command, may, read_command, read_until
from ops.settings import Settings
from ops.settings.commands import CommandRule
from ops.settings.fields import People, RingName, RunbookName
from ops.settings.fleet import FleetSettings

NOW = datetime(2026, 11, 16, 21, 30, tzinfo=UTC)  # a Monday, 22:30 in Amsterdam


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", Command("help")),
        ("  ", Command("help")),
        ("HELP", Command("help")),
        ("plan", Command("plan")),
        ("status", Command("status")),
        ("why Shop-dev", Command("why", "Shop-dev")),
        ("Pause shop-dev", Command("pause", "shop-dev")),
        ("resume shop-dev", Command("resume", "shop-dev")),
        ("cancel node-image.shop-dev.2026-w47", Command("cancel", "node-image.shop-dev.2026-w47")),
        ("run  Node-Image   shop-dev", Command("run", "shop-dev", "node-image")),
        ("awake shop-dev until tomorrow 08:00", Command("awake", "shop-dev", until="tomorrow 08:00")),
        ("skip shop-dev this week", Command("skip", "shop-dev")),
    ],
)
def test_a_line_is_read_as_a_command(line: str, expected: Command) -> None:
    assert read_command(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("help me", "help takes no arguments"),
        ("plan all", "plan takes no arguments"),
        ("status shop-dev", "status takes no arguments"),
        ("WHY", "why needs the name of one cluster"),
        ("pause", "pause needs the name of one cluster, or the id of a run"),
        ("resume a b", "resume needs the name of one cluster, or the id of a run"),
        ("cancel", "cancel needs the name of one cluster, or the id of a run"),
        ("run shop-dev", "run needs a runbook and a cluster, for example: run node-image shop-dev"),
        ("awake shop-dev", "awake needs a cluster and a time, for example: awake shop-dev until 22:00"),
        ("skip shop-dev", "skip needs a cluster, for example: skip shop-dev this week"),
        ("Delete shop-dev", "there is no command delete"),
        ("x" * 41, "there is no command " + "x" * 40),
        ("why " + "x" * 201, "why needs the name of one cluster"),
        ("run " + "x" * 41 + " a", "run needs a runbook and a cluster, for example: run node-image shop-dev"),
    ],
)
def test_a_line_that_is_not_a_command_is_answered_with_what_is_missing(line: str, expected: str) -> None:
    assert read_command(line) == expected


def test_the_longest_name_is_read() -> None:
    assert read_command("why " + "x" * 200) == Command("why", "x" * 200)
    assert read_command("run " + "r" * 40 + " a") == Command("run", "a", "r" * 40)
    assert read_command("awake a until " + "t" * 60) == Command("awake", "a", until="t" * 60)
    assert isinstance(read_command("awake a until " + "t" * 61), str)


def test_every_command_either_only_reads_or_needs_a_rule() -> None:
    assert sorted(READ_ONLY) == ["help", "plan", "status", "why"]
    assert sorted(CHANGING) == ["awake", "cancel", "pause", "resume", "run", "skip"]


@pytest.mark.parametrize(
    ("person", "command", "ring", "runbook", "expected"),
    [
        ("ana", "run", "pre-production", "reboot", True),
        ("ana", "skip", "pre-production", "", True),
        ("ana", "cancel", "pre-production", "", False),
        ("ana", "run", "", "reboot", False),
        ("ben", "run", "pre-production", "reboot", False),
        ("ben", "run", "production", "node-image", True),
        ("ben", "run", "production", "reboot", False),
        ("ben", "run", "production", "", True),
        ("cleo", "pause", "", "", True),
        ("cleo", "pause", "production", "", True),
        ("dan", "pause", "production", "", False),
    ],
)
def test_a_rule_allows_its_commands_to_its_people_in_its_rings_for_its_runbooks(
    person: str, command: str, ring: str, runbook: str, *, expected: bool
) -> None:
    rules = (
        CommandRule(People(("ana",)), frozenset({"run", "skip"}), rings=frozenset({RingName("pre-production")})),
        CommandRule(
            People(("ben",)),
            frozenset({"run"}),
            frozenset({RingName("production")}),
            frozenset({RunbookName("node-image")}),
        ),
        CommandRule(People(("cleo",)), frozenset({"pause"})),
    )
    settings = Settings(FleetSettings((), ()), commands=rules)
    assert may(Person(person), command, ring, runbook, settings) is expected


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("23:05", at(16, 22, 5)),
        ("22:30", at(17, 21, 30)),
        ("22:31", at(16, 21, 31)),
        ("8:00", at(17, 7)),
        ("tomorrow 23:00", at(17, 22)),
        ("Tomorrow 08:00", at(17, 7)),
        ("2026-11-18T22:00", at(18, 21)),
        ("2026-11-18 22:00", at(18, 21)),
        ("2026-11-18T22:00+05:00", at(18, 17)),
        ("2026-11-18 22:00Z", at(18, 22)),
    ],
)
def test_a_time_is_read_in_the_zone(text: str, expected: datetime) -> None:
    found = read_until(text, "Europe/Amsterdam", NOW)
    assert found == expected
    assert isinstance(found, datetime)
    assert found.tzinfo is UTC


def test_a_time_of_day_is_on_the_day_of_the_zone() -> None:
    """In Auckland it is already Tuesday morning."""
    assert read_until("11:00", "Pacific/Auckland", NOW) == at(16, 22)
    assert read_until("tomorrow 11:00", "Pacific/Auckland", NOW) == at(17, 22)


@pytest.mark.parametrize(
    "text", ["24:00", "8", "tomorrow", "tomorrow 25:00", "22:00 today", "tomorrow 08:00 sharp", "later", "x" * 50]
)
def test_a_text_that_is_not_a_time_is_answered_with_examples(text: str) -> None:
    shown = f"{text[:40]} is not a time: write 22:00, tomorrow 08:00 or 2026-11-18T22:00+01:00"
    assert read_until(text, "Europe/Amsterdam", NOW) == shown
