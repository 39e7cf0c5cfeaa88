"""The janitor: what fell between store and engine is finished, what is old is purged."""

from datetime import timedelta

from ops.engine.run_starter import start_run
from ops.model.run import State
from ops.model.run_request import RunRequest
from ops.scheduling.due_runs import start_due_rollouts
from ops.scheduling.janitor import reconcile_engine
from ops.tables.runs import runs
from tests.fakes import MONDAY, NEW, World, cluster, pool
from tests.in_memory_engine import Double

DAY = timedelta(days=1)


def started() -> tuple[World, str]:
    by = World()
    only = cluster("shop-dev", pool(image=NEW))
    by.clusters.put(only)
    run, _ = start_run(by.context, RunRequest("node-image", only.id, only.name, "2026-w47", by.clock.at, "http", "ana"))
    return by, run.id


def test_a_run_that_the_engine_has_lost_is_started_again() -> None:
    by, run_id = started()
    by.engine.live.clear()
    reconcile_engine(by.context, by.clock.pass_(minutes=11), purge_after=DAY)
    assert by.engine.started == [f"operation {run_id}"] * 2
    assert [entry.kind for entry in by.ledger.written.values()] == ["janitor"]


def test_a_run_that_lives_is_left_alone() -> None:
    by, run_id = started()
    reconcile_engine(by.context, by.clock.pass_(hours=2), purge_after=DAY)
    assert by.engine.started == [f"operation {run_id}"]


def test_a_run_that_has_just_been_recorded_is_left_alone() -> None:
    by, run_id = started()
    by.engine.live.clear()
    reconcile_engine(by.context, by.clock.pass_(minutes=5), purge_after=DAY)
    assert by.engine.started == [f"operation {run_id}"]


def test_an_ended_run_is_purged_once_when_it_is_old_enough() -> None:
    by, run_id = started()
    Double(by).run("operation", {"run": run_id})
    assert runs(by.store).must_get(run_id).value.state is State.SKIPPED
    reconcile_engine(by.context, by.clock.at, purge_after=DAY)
    assert by.engine.purged == []
    reconcile_engine(by.context, by.clock.pass_(days=1), purge_after=DAY)
    reconcile_engine(by.context, by.clock.pass_(days=1), purge_after=DAY)
    assert by.engine.purged == [run_id]


def test_a_lost_rollout_is_started_again() -> None:
    by, _ = started()
    start_due_rollouts(by.context, by.settings, list(by.clusters.fleet.values()), MONDAY)
    by.engine.live.clear()
    reconcile_engine(by.context, MONDAY, purge_after=DAY)
    assert by.engine.started.count("rollout rollout.node-image.2026-w47") == 2


def test_a_rollout_is_started_once_however_often_it_is_due() -> None:
    by, _ = started()
    for _ in range(3):
        start_due_rollouts(by.context, by.settings, list(by.clusters.fleet.values()), MONDAY)
    assert by.engine.started.count("rollout rollout.node-image.2026-w47") == 1


def test_deliveries_are_forgotten_once_nobody_delivers_them_again() -> None:
    by = World()
    for kind in ("event", "attempt", "answered-command"):
        by.store.insert(kind, "old", {"at": (MONDAY - timedelta(days=15)).isoformat()})
        by.store.insert(kind, "young", {"at": (MONDAY - timedelta(days=13)).isoformat()})
    reconcile_engine(by.context, MONDAY, purge_after=timedelta(days=14))
    for kind in ("event", "attempt", "answered-command"):
        assert [record.key for record in by.store.scan(kind)] == ["young"]
