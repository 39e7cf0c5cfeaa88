"""Clusters that stay busy for a day or whose last operation has failed are reported once, and once when that is over."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.endpoints.timers import every_hour
from ops.engine.preview import preview_run
from ops.model.decision import Nothing
from ops.model.fleet import Cluster, Power
from ops.model.reasons import SkipReason
from ops.runbooks.power import RUNBOOK, Facts
from ops.tables.busy_clusters import busy_clusters
from ops.tables.conditions import open_conditions
from tests.driving import IN_WINDOW, manual_request, start, world_with
from tests.fakes import ALL_OPERATIONS, CONFIG, World, cluster, pool

DAY = datetime(2026, 11, 17, 10, tzinfo=UTC)


def hours(world: World, count: int) -> None:
    """Fire the hourly timer this many times, one hour apart."""
    for _ in range(count):
        every_hour(world.context, timedelta(days=90))
        world.clock.at += timedelta(hours=1)


def texts(world: World) -> list[str]:
    return [condition.text for condition in open_conditions(world.store)]


@pytest.mark.parametrize(
    ("changes", "states"),
    [
        ({"provisioning_state": "Updating"}, "Updating"),
        ({"provisioning_state": "Stopping"}, "Stopping"),
        (
            {"pools": (pool("user1", provisioning_state="RollingUpgradeRemovingSurgeNodes"),)},
            "user1: RollingUpgradeRemovingSurgeNodes",
        ),
    ],
)
def test_an_operation_that_does_not_end_is_reported_after_a_day(changes: dict[str, object], states: str) -> None:
    world = world_with(replace(cluster(), **changes), CONFIG, IN_WINDOW)  # type: ignore[arg-type]  # fields by name
    hours(world, 24)
    assert texts(world) == []
    hours(world, 1)
    (text,) = texts(world)
    hours(world, 2)
    assert f"at every hourly scan since Mon 2026-11-16 22:30 UTC ({states})" in text
    posted = [content for content in world.chat.shown.values() if "does not end" in str(content)]
    assert len(posted) == 1
    world.clusters.put(cluster())
    hours(world, 1)
    assert texts(world) == []
    assert "is not running anymore" in str(world.chat.shown)


def test_operations_with_a_pause_between_them_are_not_one() -> None:
    world = world_with(cluster(provisioning_state="Updating"), CONFIG, IN_WINDOW)
    for state in ("Updating", "Succeeded", "Updating"):
        world.clusters.put(cluster(provisioning_state=state))
        hours(world, 1 if state == "Succeeded" else 20)
    assert texts(world) == []


@pytest.mark.parametrize("remaining", [(), (cluster("shop-lab", env="lab"),)])
def test_a_cluster_that_is_deleted_or_outside_the_rings_is_forgotten(remaining: tuple[Cluster, ...]) -> None:
    world = world_with(cluster(provisioning_state="Updating"), CONFIG, IN_WINDOW)
    hours(world, 1)
    assert len(list(busy_clusters(world.store).scan())) == 1
    world.clusters.fleet.clear()
    world.clusters.put(*remaining)
    hours(world, 1)
    assert list(busy_clusters(world.store).scan()) == []


def test_a_start_that_left_the_cluster_failed_and_running_is_never_as_it_should_be() -> None:
    of = cluster(provisioning_state="Failed", power=Power.RUNNING)
    world = world_with(of, ALL_OPERATIONS, DAY)
    decision = RUNBOOK.decide(Facts(of, None, None), world.settings, preview_run(of, DAY, "power"), DAY)
    assert isinstance(decision, Nothing)
    assert [(skip.code, skip.needs_person) for skip in decision.skips] == [(SkipReason.CLUSTER_FAILED, True)]
    assert "as scheduled" not in start(world, manual_request(world, "power")).to_end().why
    hours(world, 2)
    (text,) = texts(world)
    assert "Azure reports its last operation as Failed and its power state as running" in text
    assert world.clusters.begun == []
    world.clusters.put(cluster())
    hours(world, 1)
    assert texts(world) == []
    assert "is Succeeded again" in str(world.chat.shown)


def test_a_failed_cluster_that_is_stopped_is_started_again_by_its_schedule() -> None:
    of = cluster(provisioning_state="Failed", power=Power.STOPPED)
    world = world_with(of, ALL_OPERATIONS, DAY)
    start(world, manual_request(world, "power")).turns(6)
    assert world.clusters.begun == ["start"]
