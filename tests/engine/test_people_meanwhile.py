"""What people say while a run is under way holds for all that it has not begun."""

from datetime import UTC, datetime, timedelta

from ops.endpoints.run_controls import set_override
from ops.engine.run_starter import start_run
from ops.model.run import State
from ops.model.run_request import RunRequest
from ops.ports.errors import TryLaterError
from ops.tables.power import power_changed
from ops.tables.runs import Control, controls, runs
from tests.fakes import CONFIG, LANES, NEW, World, cluster, pool
from tests.in_memory_engine import Double

NIGHT = datetime(2026, 11, 16, 23, tzinfo=UTC)


def test_a_skip_between_two_pools_holds_for_the_second() -> None:
    by = World(config=CONFIG)
    by.clock.at = NIGHT
    only = cluster("shop-dev", pool("user1"), pool("user2"))
    by.clusters.put(only)
    run, _ = start_run(by.context, RunRequest("node-image", only.id, only.name, "2026-w47", NIGHT, "timer", "daytwo"))

    def meanwhile(activity: str) -> None:
        if activity == "poll":
            by.clusters.end(only.id, image=NEW)
            set_override(by.context, "skip", only.id, NIGHT + timedelta(days=5), "ana")

    Double(by, meanwhile).run("operation", {"run": run.id})
    ended = runs(by.store).must_get(run.id).value
    assert by.clusters.begun == ["upgrade user1"]
    assert (ended.state, ended.why) == (State.DONE, "a person skips it until Sat 2026-11-21 23:00 UTC")


def test_keep_awake_holds_for_a_stop_that_azure_has_not_taken_yet() -> None:
    by = World(config=LANES)
    by.clock.at = NIGHT
    only = cluster("shop-dev")
    by.clusters.put(only)
    run, _ = start_run(by.context, RunRequest("power", only.id, only.name, "x", NIGHT, "timer", "daytwo"))
    by.clusters.refuse = TryLaterError("stopping shop-dev: 429", 300)
    begins: list[str] = []

    def meanwhile(activity: str) -> None:
        if activity == "begin":
            begins.append(activity)
        if len(begins) == 2:
            set_override(by.context, "awake", only.id, by.clock.at + timedelta(hours=5), "ana")
            by.clusters.refuse = None
        if activity == "poll":
            by.clusters.end(only.id, running=False)

    Double(by, meanwhile).run("operation", {"run": run.id})
    assert len(begins) >= 2
    assert by.clusters.begun == []


def test_a_cluster_that_was_just_started_is_not_stopped_at_once() -> None:
    """docs/power.md, rule 5: also where a run that is cancelled puts it back."""
    by = World(config=CONFIG)
    by.clock.at = NIGHT
    only = cluster("shop-dev", running=False)
    by.clusters.put(only)
    run, _ = start_run(by.context, RunRequest("node-image", only.id, only.name, "2026-w47", NIGHT, "timer", "daytwo"))
    stopped_at: list[datetime] = []

    def meanwhile(activity: str) -> None:
        if activity == "poll" and by.clusters.begun[-1] == "start":
            by.clusters.end(only.id, running=True)
            controls(by.store).change(run.id, lambda _: Control(cancelled_by="ana"))
        elif activity == "poll":
            stopped_at.append(by.clock.at)
            by.clusters.end(only.id, running=False)

    started_at: list[datetime | None] = []

    def watching(activity: str) -> None:
        if activity == "unwind":
            started_at.append(power_changed(by.store, only.id))
        meanwhile(activity)

    Double(by, watching).run("operation", {"run": run.id})
    assert by.clusters.begun == ["start", "stop"]
    assert started_at[0] is not None
    assert stopped_at[0] - started_at[0] >= timedelta(minutes=15)
