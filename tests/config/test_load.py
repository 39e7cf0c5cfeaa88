"""Loading daytwo.yaml in the various forms in which people write it."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from ops.chats.slack.settings import SLACK
from ops.config import ConfigError, FeedError, Feeds, load, read_beside
from ops.model.calendar import Freeze, Window
from ops.settings.fields import PerRegionPair, TagValues
from ops.settings.fleet import Ring
from ops.settings.node_image import NODE_IMAGE
from ops.settings.select import Select

WHOLE = """\
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings:                                   # order of rollout
    - {name: pre-production, select: {tags: {env: [dev, test]}}, window: evenings}
    - {name: production, select: {tags: {env: prod}}, max-concurrent: 1 per region pair}
windows:
  nights: {days: mon-thu, from: "22:00", to: "05:00", zone: Europe/Amsterdam}
  evenings: {days: [sun, wed], from: 18:00, to: 21:30, zone: Europe/Amsterdam}
freezes:
  - {name: year end, from: 2026-12-18, to: 2027-01-04}
  - {name: launch, from: 2026-11-18T18:00:00+01:00, to: 2026-11-19T06:00:00+01:00}
  - {name: audit, from: 2026-11-20 12:00, to: 2026-11-20 13:00, zone: America/New_York}
node-image: {driver: auto, every: week, window: nights, proven-for: 3d, proven-awake: 4h, proven-nodes: 5,
  max-image-age: 4w, start-stopped-clusters: false, failure-budget: 1}
chat:
  slack: {channel: C0123}
"""
LEAST = """\
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings: [{name: all, select: {names: ["*"]}}]
"""
NIGHTS = Window("nights", frozenset({0, 1, 2, 3}), time(22), time(5), "Europe/Amsterdam")
EVENINGS = Window("evenings", frozenset({2, 6}), time(18), time(21, 30), "Europe/Amsterdam")


def test_a_full_document_is_read_into_settings() -> None:
    settings = load(WHOLE, "daytwo.yaml")
    assert settings.fleet.subscriptions == ("00000000-0000-0000-0000-000000000000",)
    assert settings.fleet.rings == (
        Ring("pre-production", Select(tags={"env": TagValues({"dev", "test"})}), EVENINGS),
        Ring("production", Select(tags={"env": TagValues({"prod"})}), None, PerRegionPair(1)),
    )
    assert settings.windows == {"nights": NIGHTS, "evenings": EVENINGS}
    assert settings.freezes == (
        Freeze("year end", date(2026, 12, 18), date(2027, 1, 4)),
        Freeze("launch", datetime(2026, 11, 18, 17, tzinfo=UTC), datetime(2026, 11, 19, 5, tzinfo=UTC)),
        Freeze(
            "audit",
            datetime(2026, 11, 20, 17, tzinfo=UTC),
            datetime(2026, 11, 20, 18, tzinfo=UTC),
            "America/New_York",
        ),
    )
    runbook = settings.get(NODE_IMAGE)
    assert runbook is not None
    assert (runbook.window, runbook.proven_for, runbook.proven_awake) == (NIGHTS, timedelta(days=3), timedelta(hours=4))
    assert (runbook.proven_nodes, runbook.max_image_age, runbook.failure_budget) == (5, timedelta(days=28), 1)
    assert runbook.start_stopped_clusters is False
    slack = settings.chat.get(SLACK)
    assert slack is not None
    assert slack.channel == "C0123"


def test_only_the_fleet_is_required() -> None:
    settings = load(LEAST, "daytwo.yaml")
    assert settings.fleet.rings == (Ring("all", Select(names=("*",))),)
    assert (settings.windows, settings.freezes, settings.get(NODE_IMAGE)) == ({}, (), None)
    assert settings.chat.get(SLACK) is None


def test_omitted_keys_under_node_image_get_the_published_defaults() -> None:
    window = 'windows: {nights: {days: mon-thu, from: "22:00", to: "05:00", zone: Europe/Amsterdam}}\n'
    runbook = load(f"{LEAST}{window}node-image: {{window: nights}}\n", "daytwo.yaml").get(NODE_IMAGE)
    assert runbook is not None
    assert (runbook.proven_for, runbook.proven_awake) == (timedelta(days=2), timedelta(hours=8))
    assert (runbook.proven_nodes, runbook.max_image_age, runbook.failure_budget) == (3, timedelta(days=21), 0)
    assert runbook.start_stopped_clusters is True


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("mon", {0}),
        ("mon-thu", {0, 1, 2, 3}),
        ("fri-mon", {4, 5, 6, 0}),
        ('"mon,wed"', {0, 2}),
        ("[mon, Wednesday]", {0, 2}),
        ("[sat-sun, tue]", {5, 6, 1}),
        ("sun-sun", {6}),
    ],
)
def test_days_can_be_written_in_several_ways(written: str, days: set[int]) -> None:
    windows = f'windows: {{w: {{days: {written}, from: "01:00", to: "02:00", zone: UTC}}}}\n'
    assert load(LEAST + windows, "daytwo.yaml").windows["w"].days == days


def test_a_freeze_with_an_ambiguous_wall_time_is_extended() -> None:
    """On October 25, 2026, clocks in Amsterdam show 02:30 twice: at 00:30 and at 01:30 UTC."""
    freeze = "freezes: [{name: x, from: 2026-10-25 02:30, to: 2026-10-25 02:40, zone: Europe/Amsterdam}]\n"
    (found,) = load(LEAST + freeze, "daytwo.yaml").freezes
    assert found.start == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert found.end == datetime(2026, 10, 25, 1, 40, tzinfo=UTC)


def test_the_hash_depends_on_the_content_and_not_on_its_formatting() -> None:
    turned = WHOLE.replace(
        "name: production, select: {tags: {env: prod}}", "select: {tags: {env: prod}}, name: production"
    )
    respelt = f"# a comment\n{turned}"
    assert load(WHOLE, "a.yaml").hash == load(respelt, "b.yaml").hash
    assert turned != WHOLE
    assert load(WHOLE, "a.yaml").hash != load(WHOLE.replace("C0123", "C0124"), "a.yaml").hash
    assert len(load(WHOLE, "a.yaml").hash) == 12


def test_a_byte_order_mark_is_ignored() -> None:
    assert load(b"\xef\xbb\xbf" + LEAST.encode(), "daytwo.yaml") == load(LEAST, "daytwo.yaml")


CALENDAR = b"""\
BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:test\r
X-WR-TIMEZONE:Europe/Amsterdam\r
BEGIN:VEVENT\r
UID:1\r
SUMMARY:Year end\r
DTSTART;VALUE=DATE:20261218\r
DTEND;VALUE=DATE:20270105\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:2\r
SUMMARY:Payroll\r
DTSTART:20260925T120000\r
DTEND:20260925T180000\r
RRULE:FREQ=MONTHLY\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:3\r
SUMMARY:Called off\r
STATUS:CANCELLED\r
DTSTART:20261201T120000Z\r
DTEND:20261201T180000Z\r
END:VEVENT\r
END:VCALENDAR\r
"""


def feeds(folder: Path) -> Feeds:
    return Feeds(read_beside(folder), date(2026, 11, 1), date(2026, 12, 31))


def test_a_calendar_file_next_to_the_configuration_adds_its_freezes(tmp_path: Path) -> None:
    (tmp_path / "freeze.ics").write_bytes(CALENDAR)
    settings = load(f"{LEAST}freezes: [{{ics: freeze.ics}}]\n", "daytwo.yaml", feeds(tmp_path))
    assert [(freeze.name, str(freeze.start), str(freeze.end)) for freeze in settings.freezes] == [
        ("Payroll", "2026-11-25 11:00:00+00:00", "2026-11-25 17:00:00+00:00"),
        ("Year end", "2026-12-18", "2027-01-04"),
        ("Payroll", "2026-12-25 11:00:00+00:00", "2026-12-25 17:00:00+00:00"),
    ]


@pytest.mark.parametrize(
    ("location", "wrong"),
    [
        ("missing.ics", "the file cannot be read"),
        ("../freeze.ics", "the file must be in the folder of the configuration"),
        ("/etc/hostname", "the file must be in the folder of the configuration"),
        ("https://example.com/freeze.ics", "addresses are not read here"),
        ("http://example.com/freeze.ics", "the address does not begin with https://"),
        ("broken.ics", "it is not a calendar"),
    ],
)
def test_a_calendar_that_cannot_be_read_is_a_problem_on_loading(tmp_path: Path, location: str, wrong: str) -> None:
    (tmp_path / "broken.ics").write_bytes(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:yesterday\r\n")
    with pytest.raises(ConfigError) as refused:
        load(f'{LEAST}freezes:\n  - {{ics: "{location}"}}\n', "daytwo.yaml", feeds(tmp_path))
    (problem,) = refused.value.problems
    assert problem.line == 5
    assert wrong in problem.wrong


def test_an_address_is_read_with_the_given_adapter() -> None:
    def fetch(address: str) -> bytes:
        if address != "https://example.com/freeze.ics":
            raise FeedError(f"{address} answers 404")
        return CALENDAR

    given = Feeds(read_beside(Path(), fetch), date(2026, 12, 20), date(2026, 12, 21))
    text = LEAST + "freezes: [{ics: https://example.com/%s}]\n"
    assert [freeze.name for freeze in load(text % "freeze.ics", "daytwo.yaml", given).freezes] == ["Year end"]
    with pytest.raises(ConfigError, match="answers 404"):
        load(text % "other.ics", "daytwo.yaml", given)


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ('{ics: "https://example.com/freeze.ics?word=hunter2"}', "example.com"),
        ('{ics: "http://ana:hunter2@example.com/freeze.ics"}', "example.com"),
        ('{ics: "https://[hunter2/freeze.ics"}', "an address"),
        ('{ics: "example.com/freeze.ics?word=hunter2"}', "an address"),
        ('{ics: "https:/example.com/hunter2"}', "an address"),
        ('{ics: "https://example.com/hunter2", name: n}', "{ics: example.com name: n}"),
        ('{ics: ["https://example.com/hunter2"]}', "[example.com"),
        ("{ics: freeze.ics}", "freeze.ics"),
    ],
)
def test_a_problem_shows_only_the_host_in_a_calendars_address(tmp_path: Path, entry: str, shown: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(f"{LEAST}freezes:\n  - {entry}\n", "daytwo.yaml", feeds(tmp_path))
    assert refused.value.problems[0].value == shown
    assert "hunter2" not in str(refused.value)
