"""The janitor restarts runs that the engine has lost and purges old ones."""

from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest

from ops.endpoints.timers import every_hour
from ops.engine.run_starter import UNFINISHED
from ops.model.plan import Skip
from ops.model.reasons import SkipReason
from ops.model.run import State
from ops.scheduling.due_runs import start_due_rollouts
from ops.scheduling.janitor import reconcile_engine
from tests.driving import DrivenRun, start, world_with
from tests.fakes import CONFIG, MONDAY, NEW, World, cluster, pool

DAY = timedelta(days=1)


def started() -> tuple[World, str]:
    world = world_with(cluster("shop-dev", pool(image=NEW)), CONFIG, MONDAY)
    return world, start(world).id


def test_a_run_that_the_engine_has_lost_is_restarted() -> None:
    world, run_id = started()
    world.engine.live.clear()
    reconcile_engine(world.context, world.clock.advance(minutes=11), purge_after=DAY)
    assert world.engine.started == [f"operation {run_id}"] * 2
    assert [entry.kind for entry in world.ledger.written.values()] == ["janitor"]


def test_a_live_run_is_not_restarted() -> None:
    world, run_id = started()
    reconcile_engine(world.context, world.clock.advance(hours=2), purge_after=DAY)
    assert world.engine.started == [f"operation {run_id}"]


def test_a_run_that_was_just_recorded_is_not_restarted() -> None:
    world, run_id = started()
    world.engine.live.clear()
    reconcile_engine(world.context, world.clock.advance(minutes=5), purge_after=DAY)
    assert world.engine.started == [f"operation {run_id}"]


def test_an_ended_run_is_purged_exactly_once_after_a_day() -> None:
    world, run_id = started()
    assert DrivenRun(world, run_id).to_end().state is State.SKIPPED
    reconcile_engine(world.context, world.clock.at, purge_after=DAY)
    assert world.engine.purged == []
    reconcile_engine(world.context, world.clock.advance(days=1), purge_after=DAY)
    reconcile_engine(world.context, world.clock.advance(days=1), purge_after=DAY)
    assert world.engine.purged == [run_id]


def test_a_rollout_that_the_engine_has_lost_is_restarted() -> None:
    world, _ = started()
    start_due_rollouts(world.context, world.settings, list(world.clusters.fleet.values()), MONDAY)
    world.engine.live.clear()
    reconcile_engine(world.context, MONDAY, purge_after=DAY)
    assert world.engine.started.count("rollout rollout.node-image.2026-w47") == 2


def test_a_rollout_is_started_once_however_often_it_is_due() -> None:
    world, _ = started()
    for _ in range(3):
        start_due_rollouts(world.context, world.settings, list(world.clusters.fleet.values()), MONDAY)
    assert world.engine.started.count("rollout rollout.node-image.2026-w47") == 1


def test_deliveries_are_deleted_once_they_are_too_old_to_be_redelivered() -> None:
    world = World()
    for kind in ("event", "attempt", "answered-command"):
        world.store.insert(kind, "old", {"at": (MONDAY - timedelta(days=15)).isoformat()})
        world.store.insert(kind, "young", {"at": (MONDAY - timedelta(days=13)).isoformat()})
    reconcile_engine(world.context, MONDAY, purge_after=timedelta(days=14))
    for kind in ("event", "attempt", "answered-command"):
        assert [record.key for record in world.store.scan(kind)] == ["young"]


def test_a_code_from_another_version_is_kept_and_does_not_stop_a_timer() -> None:
    world, run_id = started()
    stored = world.context.runs.must_get(run_id)
    skip = Skip("user1", cast("SkipReason", "new-in-another-version"), "why")
    world.context.runs.replace(stored, replace(stored.value, skips=(skip,)))
    assert world.context.runs.must_get(run_id).value.skips == (skip,)
    every_hour(world.context, DAY)


def test_a_record_that_cannot_be_read_does_not_delay_other_runs(caplog: pytest.LogCaptureFixture) -> None:
    world, run_id = started()
    for unreadable in ("a", "z"):
        world.store.insert("run", unreadable, {"id": 7})
        world.store.insert(UNFINISHED, unreadable, {})
    world.engine.live.clear()
    reconcile_engine(world.context, world.clock.advance(minutes=11), purge_after=DAY)
    assert world.engine.started == [f"operation {run_id}"] * 2
    assert "run a: a stored Run has no version" in caplog.text
