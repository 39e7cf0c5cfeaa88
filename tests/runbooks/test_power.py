"""Power schedules as a table of cases: docs/power.md."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.engine.preview import preview_run
from ops.model.calendar import Window
from ops.model.decision import Act, Nothing, Wait
from ops.model.fleet import Cluster, Power
from ops.policy.calendar import occurrences
from ops.policy.power import tag_window
from ops.runbooks.power import RUNBOOK, Facts
from ops.settings.readers import parse_awake
from tests.fakes import ALL_OPERATIONS, MONDAY, cluster, settings

NIGHT = datetime(2026, 11, 17, 21, tzinfo=UTC)
DAY = datetime(2026, 11, 17, 10, tzinfo=UTC)


def decide(
    of: Cluster, now: datetime, *, tag: object = None, awake_until: datetime | None = None, config: str = ALL_OPERATIONS
) -> object:
    facts = Facts(of, tag, awake_until)  # type: ignore[arg-type]  # a window, or what is wrong with it
    return RUNBOOK.decide(facts, settings(config), preview_run(of, now, "power"), now)


@pytest.mark.parametrize(("now", "running", "verb"), [(NIGHT, True, "stop-cluster"), (DAY, False, "start-cluster")])
def test_the_schedule_starts_or_stops_a_cluster(now: datetime, running: bool, verb: str) -> None:  # noqa: FBT001 - a column
    decision = decide(cluster(running=running), now)
    assert isinstance(decision, Act)
    assert [step.verb for step in decision.plan.steps] == [verb]


@pytest.mark.parametrize(("now", "running"), [(NIGHT, False), (DAY, True)])
def test_a_cluster_in_its_desired_state_is_not_changed(now: datetime, running: bool) -> None:  # noqa: FBT001 - a column
    assert isinstance(decide(cluster(running=running), now), Nothing)


@pytest.mark.parametrize(
    ("of", "code"),
    [
        (cluster(env="sandbox"), "no-schedule"),
        (cluster("shop-prod", env="prod"), "no-schedule"),
        (cluster(node_auto_provisioning=True), "node-auto-provisioning"),
    ],
)
def test_a_cluster_without_a_schedule_or_with_auto_provisioning_is_never_stopped(of: Cluster, code: str) -> None:
    decision = decide(of, NIGHT)
    assert isinstance(decision, Nothing)
    assert [skip.code for skip in decision.skips] == [code]


def test_production_is_never_stopped_even_if_a_schedule_selects_it() -> None:
    config = ALL_OPERATIONS.replace("{select: {tags: {env: dev}}, awake", "{select: {names: [shop-*]}, awake")
    decision = decide(cluster("shop-prod", env="prod"), NIGHT, config=config)
    assert isinstance(decision, Nothing)
    assert decision.why == "production is the last ring, whose clusters are never stopped"


def test_a_cluster_outside_the_rings_is_never_stopped_even_if_a_schedule_selects_it() -> None:
    config = ALL_OPERATIONS.replace("{select: {tags: {env: dev}}, awake", "{select: {names: [lab*]}, awake")
    assert isinstance(decide(cluster("lab", env="sandbox"), NIGHT, config=config), Nothing)


def test_an_override_keeps_a_cluster_awake_until_the_override_expires() -> None:
    assert isinstance(decide(cluster(), NIGHT, awake_until=NIGHT + timedelta(hours=1)), Nothing)
    assert isinstance(decide(cluster(), NIGHT, awake_until=NIGHT), Act)


def test_a_tag_can_narrow_a_schedule_but_not_widen_it() -> None:
    narrow, wide = parse_awake("mon-fri 12:00-13:00", "UTC"), parse_awake("mon-sun 00:00-23:00", "UTC")
    assert isinstance(decide(cluster(), DAY, tag=narrow), Act)
    assert isinstance(decide(cluster(), NIGHT, tag=wide), Act)


def test_an_invalid_tag_has_no_effect_and_is_reported() -> None:
    decision = decide(cluster(), NIGHT, tag="not times of day")
    assert isinstance(decision, Nothing)
    assert decision.skips[0].code == "bad-tag"


def test_a_run_waits_for_an_operation_in_progress() -> None:
    assert isinstance(decide(cluster(provisioning_state="Updating"), NIGHT), Wait)


def test_each_quarter_of_an_hour_is_a_separate_period() -> None:
    first, second = (RUNBOOK.due([cluster()], settings(ALL_OPERATIONS), NIGHT + timedelta(minutes=m)) for m in (0, 15))
    assert first[0].run_id != second[0].run_id


NIGHTLY = """power:
  - {select: {tags: {env: dev}}, zone: America/New_York}
"""


def test_the_zone_of_an_entry_without_hours_applies_to_the_tag() -> None:
    """21:00 UTC is 16:00 in New York: working hours."""
    config = ALL_OPERATIONS.replace(
        ALL_OPERATIONS[ALL_OPERATIONS.index("power:") : ALL_OPERATIONS.index("spot:")], NIGHTLY
    )
    of = cluster(tags={"env": "dev", "daytwo-awake": "mon-fri 09:00-17:00"})
    for now, verb in ((NIGHT, None), (NIGHT + timedelta(hours=2), "stop-cluster")):
        decision = decide(of, now, tag=tag_window(of, settings(config)), config=config)
        assert ([step.verb for step in decision.plan.steps] if isinstance(decision, Act) else [None]) == [verb]


def test_an_entry_without_a_zone_reads_the_tag_in_utc() -> None:
    config = ALL_OPERATIONS.replace(
        ALL_OPERATIONS[ALL_OPERATIONS.index("power:") : ALL_OPERATIONS.index("spot:")],
        "power:\n  - {select: {tags: {env: dev}}}\n",
    )
    of = cluster(tags={"env": "dev", "daytwo-awake": "mon-fri 09:00-17:00"})
    assert isinstance(decide(of, NIGHT, tag=tag_window(of, settings(config)), config=config), Act)


@pytest.mark.parametrize("text", ["mon-sun 00:00-24:00", "mon-fri 0:00-24:00", "mon, tue 00:00 - 24:00"])
def test_whole_days_can_be_written(text: str) -> None:
    window = parse_awake(text, "Europe/Amsterdam")
    assert isinstance(window, Window)
    (tuesday,) = occurrences(window, DAY, DAY + timedelta(minutes=1))
    assert tuesday.duration == timedelta(days=1)


def test_every_hour_of_the_week_is_awake_with_whole_days() -> None:
    window = parse_awake("mon-sun 00:00-24:00", "UTC")
    week = [MONDAY + timedelta(minutes=30 * half) for half in range(48 * 7)]
    assert all(isinstance(decide(cluster(), at, tag=window, config=WITHOUT_HOURS), Nothing) for at in week)


WITHOUT_HOURS = ALL_OPERATIONS.replace(', awake: "mon-fri 08:00-19:00", zone: UTC', "")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("", 'this is not days and times: write it like "mon-fri 08:00-19:00", or remove it'),
        ("always", "to keep the cluster awake always, write mon-sun 00:00-24:00"),
        ("24/7", "to keep the cluster awake always, write mon-sun 00:00-24:00"),
        ("mon-fri", "add the times"),
        ("08:00-19:00", "add the days before the times"),
        ("mon-fri 8-19", "8-19 are not times of day: write them like 08:00-19:00"),
        ("mon-fri 08:00-25:00", "08:00-25:00 are not times of day"),
        ("mon-fri 08:00-19:00 CET", "leave out what follows the times, since the zone of the entry in `power` applies"),
        ("mon-fri 08:00-12:00,13:00-17:00", "only one time span is possible"),
        ("mon-fri 08:00-08:00", "a whole day is 00:00-24:00"),
        ("mon-fri 24:00-08:00", "24:00-08:00 are not times of day"),
        ("mo-fr 08:00-19:00", "mo-fr is not a day: write days like mon-thu"),
    ],
)
def test_each_tag_that_cannot_be_read_has_its_remedy(text: str, remedy: str) -> None:
    of = cluster(tags={"env": "dev", "daytwo-awake": text})
    decision = decide(of, NIGHT, tag=tag_window(of, settings(ALL_OPERATIONS)))
    assert isinstance(decision, Nothing)
    assert decision.skips[0].needs_person
    assert f"{text!r}: " in decision.why
    assert remedy in decision.why


def test_a_tag_without_a_common_time_changes_nothing_and_is_reported() -> None:
    of = cluster(tags={"env": "dev", "daytwo-awake": "mon-fri 22:00-06:00"})
    for now in (NIGHT, DAY):
        for power in (Power.RUNNING, Power.STOPPED):
            decision = decide(replace(of, power=power), now, tag=tag_window(of, settings(ALL_OPERATIONS)))
            assert isinstance(decision, Nothing)
            assert "write a tag within mon,tue,wed,thu,fri 08:00-19:00 UTC" in decision.why
            assert decision.skips[0].needs_person
