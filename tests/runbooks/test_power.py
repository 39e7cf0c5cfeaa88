"""Power schedules as a table of cases: docs/power.md."""

from datetime import UTC, datetime, timedelta

import pytest

from ops.engine.preview import preview_run
from ops.model.decision import Act, Nothing, Wait
from ops.model.fleet import Cluster
from ops.runbooks.power import RUNBOOK, Facts
from ops.settings.readers import parse_awake
from tests.fakes import ALL_OPERATIONS, cluster, settings

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
