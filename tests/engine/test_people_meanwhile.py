"""A person's request during a run applies to every step that has not begun."""

from datetime import datetime, timedelta

from ops.endpoints.run_controls import set_override
from ops.model.run import State
from ops.ports.errors import TryLaterError
from ops.tables.power import power_changed
from ops.tables.runs import Control, controls
from tests.driving import NIGHT, AzureOperations, run_request, start, world_with
from tests.fakes import ALL_OPERATIONS, CONFIG, NEW, cluster, pool


def test_a_skip_between_two_pools_applies_to_the_second() -> None:
    world = world_with(cluster("shop-dev", pool("user1"), pool("user2")), CONFIG)
    only = world.clusters.only.id

    def meanwhile(activity: str) -> None:
        if activity == "poll":
            world.clusters.end(only, image=NEW)
            set_override(world.context, "skip", only, NIGHT + timedelta(days=5), "ana")

    ended = start(world).to_end(meanwhile)
    assert world.clusters.begun == ["upgrade user1"]
    assert (ended.state, ended.why) == (State.DONE, "a person has skipped it until Sat 2026-11-21 23:00 UTC")


def test_keep_awake_applies_to_a_stop_that_azure_has_not_accepted_yet() -> None:
    world = world_with(cluster("shop-dev"), ALL_OPERATIONS)
    world.clusters.refuse = TryLaterError("stopping shop-dev: 429", 300)
    operations = AzureOperations(world, polls=1)
    begins: list[str] = []

    def meanwhile(activity: str) -> None:
        if activity == "begin":
            begins.append(activity)
        if len(begins) == 2:
            set_override(world.context, "awake", world.clusters.only.id, world.clock.at + timedelta(hours=5), "ana")
            world.clusters.refuse = None
        operations(activity)

    start(world, run_request(world, "power", "x")).to_end(meanwhile)
    assert len(begins) >= 2
    assert world.clusters.begun == []


def test_a_cluster_that_was_just_started_is_not_stopped_immediately() -> None:
    """Tests rule 5 in docs/power.md, which also applies when a cancelled run is undone."""
    world = world_with(cluster("shop-dev", running=False), CONFIG)
    only = world.clusters.only.id
    run = start(world)
    stopped_at: list[datetime] = []
    started_at: list[datetime | None] = []

    def meanwhile(activity: str) -> None:
        if activity == "unwind":
            started_at.append(power_changed(world.store, only))
        if activity == "poll" and world.clusters.begun[-1] == "start":
            world.clusters.end(only, running=True)
            controls(world.store).change(run.id, lambda _: Control(cancelled_by="ana"))
        elif activity == "poll":
            stopped_at.append(world.clock.at)
            world.clusters.end(only, running=False)

    run.to_end(meanwhile)
    assert world.clusters.begun == ["start", "stop"]
    assert started_at[0] is not None
    assert stopped_at[0] - started_at[0] >= timedelta(minutes=15)
