"""Power control is level-triggered: the timer compares the desired with the actual state and corrects any difference."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.endpoints.overrides import set_override
from ops.endpoints.timers import every_five_minutes
from ops.model.fleet import Power
from ops.model.outcome import Stale
from ops.model.plan import Claim, Step
from ops.model.reasons import SkipReason
from ops.model.run import State, StepRecord
from ops.tables.base import store_key
from ops.tables.leases import leases
from ops.tables.runs import runs
from ops.verbs.contract import StepContext
from ops.verbs.stop_cluster import StopCluster
from tests.driving import IN_WINDOW, AzureOperations, DrivenRun, manual_request, run_request, start, start_due
from tests.engine.worlds import world_with_all_operations
from tests.fakes import NEW, World


def test_a_cluster_outside_its_hours_is_stopped_by_the_next_tick() -> None:
    world = world_with_all_operations()
    start_due(world)
    (started,) = world.engine.started
    run = DrivenRun(world, started.split()[1]).to_end(AzureOperations(world, polls=1))
    assert (run.state, world.clusters.begun) == (State.DONE, ["stop"])
    assert run.finished[0].evidence == "the cluster is stopped"


def test_no_run_starts_for_a_cluster_in_its_desired_state() -> None:
    world = world_with_all_operations()
    world.clock.at = datetime(2026, 11, 17, 10, tzinfo=UTC)
    start_due(world)
    assert (world.engine.started, list(runs(world.store).scan())) == ([], [])


def test_an_override_keeps_a_cluster_awake_until_the_override_ends() -> None:
    world = world_with_all_operations()
    body = f'{{"target": "{world.clusters.only.id}", "until": "2026-11-17T02:00:00+01:00", "by": "ana"}}'.encode()
    assert set_override(world.context, "awake", body).status == 202
    start_due(world)
    assert world.engine.started == []
    world.clock.at = datetime(2026, 11, 17, 1, tzinfo=UTC)
    start_due(world)
    assert len(world.engine.started) == 1


@pytest.mark.parametrize("until", ["22:00", "2026-11-17T02:00:00", "2026-11-01T00:00:00Z", "2027-11-01T00:00:00Z", 7])
def test_an_override_without_a_valid_end_is_rejected(until: object) -> None:
    world = world_with_all_operations()
    quoted = f"{until!r}".replace("'", '"')
    body = f'{{"target": "{world.clusters.only.id}", "until": {quoted}}}'.encode()
    assert set_override(world.context, "awake", body).status == 400


def test_a_run_fails_if_its_start_fails_for_lack_of_capacity() -> None:
    world = world_with_all_operations()
    world.clock.at = datetime(2026, 11, 17, 10, tzinfo=UTC)
    world.clusters.put(replace(world.clusters.only, power=Power.STOPPED))

    def meanwhile(activity: str) -> None:
        if activity == "poll":
            world.clusters.end(world.clusters.only.id, running=False, failed="AllocationFailed")

    run = start(world, manual_request(world, "power")).to_end(meanwhile)
    assert (run.state, run.code) == (State.FAILED, "AllocationFailed")


def test_a_start_that_fails_for_lack_of_capacity_is_tried_at_each_check_and_reported_each_time() -> None:
    world = world_with_all_operations()
    world.clock.at = datetime(2026, 11, 17, 10, tzinfo=UTC)
    world.clusters.put(replace(world.clusters.only, power=Power.STOPPED))

    def meanwhile(activity: str) -> None:
        if activity == "poll":
            world.clusters.end(world.clusters.only.id, running=False, failed="AllocationFailed")

    for number in (1, 2):
        start_due(world)
        run = DrivenRun(world, world.engine.started[-1].split()[1]).to_end(meanwhile)
        assert (run.code, world.clusters.begun, world.chat.posts) == ("AllocationFailed", ["start"] * number, number)
        world.clock.at += timedelta(minutes=15)


def woken_by_an_upgrade() -> tuple[World, DrivenRun]:
    """A night in which an upgrade has started a stopped cluster, and the engine has lost the upgrade since."""
    world = world_with_all_operations()
    world.clock.at = IN_WINDOW
    world.clusters.put(replace(world.clusters.only, power=Power.STOPPED))
    upgrade = start(world, run_request(world))
    upgrade.turns(20, AzureOperations(world, polls=1))
    assert "start" in world.clusters.begun
    assert world.clusters.only.is_running
    world.engine.live.clear()
    return world, upgrade


def test_a_cluster_that_an_upgrade_has_started_is_not_stopped_even_after_its_lease_has_expired() -> None:
    world, upgrade = woken_by_an_upgrade()
    world.clusters.end(world.clusters.only.id, image=NEW)
    world.clock.advance(minutes=25)
    start_due(world)
    assert [each for each in world.engine.started if each.startswith("operation power")] == []
    power = start(world, manual_request(world, "power")).to_end(turns=5)
    assert (power.state, power.skips[0].code) == (State.SKIPPED, SkipReason.HELD)
    assert power.why == f"{upgrade.id} has started it and will stop it"


def test_a_stop_that_was_planned_before_the_upgrade_started_the_cluster_does_not_begin() -> None:
    world, _ = woken_by_an_upgrade()
    world.clusters.end(world.clusters.only.id, image=NEW)
    task = StepContext(
        world.clusters.only.id,
        Step("stop", "stop-cluster", "stop", {}, 60),
        StepRecord("stop", "stop"),
        world.clock.at,
        world.context.ports,
    )
    assert isinstance(StopCluster().check(task), Stale)


def test_a_lost_upgrade_is_recovered_before_its_lease_expires() -> None:
    world, upgrade = woken_by_an_upgrade()
    world.engine.started.clear()
    world.clock.advance(minutes=5)
    every_five_minutes(world.context)
    assert f"operation {upgrade.id}" in world.engine.started
    lease = leases(world.store).must_get(store_key(Claim.of_cluster(upgrade.record.target).name)).value
    assert [holder.run for holder in lease.holders if world.clock.at < holder.expires] == [upgrade.id]


def test_a_running_step_whose_timer_was_lost_is_woken() -> None:
    world = world_with_all_operations()
    world.clock.at = IN_WINDOW
    run = start(world, run_request(world))
    run.turns(4)
    (step,) = run.record.steps
    assert step.expected_end is not None
    world.clock.at = step.expected_end + timedelta(minutes=10)
    every_five_minutes(world.context)
    assert world.engine.woken == []
    world.clock.advance(minutes=6)
    every_five_minutes(world.context)
    assert world.engine.woken == [run.id]


def test_a_run_whose_timer_was_lost_is_woken() -> None:
    world = world_with_all_operations()
    world.clock.at = IN_WINDOW.replace(hour=12)
    run = start(world, run_request(world))
    run.to_first_step()
    assert run.until is not None
    world.clock.at = run.until + timedelta(minutes=16)
    every_five_minutes(world.context)
    assert world.engine.woken == [run.id]
