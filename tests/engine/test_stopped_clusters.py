"""A cluster that was started for an upgrade is stopped afterwards, however the run ends."""

from dataclasses import replace

from ops.model.fleet import Power
from ops.model.run import State, StepState
from ops.tables.runs import Control, controls, runs
from tests.driving import AzureOperations
from tests.engine.worlds import upgrade, world_in_window


def test_a_stopped_cluster_is_started_upgraded_and_stopped_again() -> None:
    world = world_in_window(stopped=True)
    run = upgrade(world).record
    assert world.clusters.begun == ["start", "upgrade user1", "stop"]
    assert run.state is State.DONE
    assert [record.state for record in run.finished] == [StepState.UNDONE, StepState.DONE]


def test_a_started_cluster_is_stopped_again_after_a_failure() -> None:
    world = world_in_window(stopped=True)
    run = upgrade(world, AzureOperations(world, failed="QuotaExceeded")).record
    assert world.clusters.begun == ["start", "upgrade user1", "stop"]
    assert run.state is State.FAILED


def test_a_started_cluster_is_stopped_again_when_a_person_cancels_the_run() -> None:
    world = world_in_window(stopped=True)
    operations = AzureOperations(world)

    def meanwhile(activity: str) -> None:
        if world.clusters.begun == ["start"]:
            (run,) = runs(world.store).scan()
            controls(world.store).insert(run.key, Control(cancelled_by="ana", why="not tonight"))
        operations(activity)

    run = upgrade(world, meanwhile).record
    assert world.clusters.begun == ["start", "stop"]
    assert (run.state, run.why) == (State.HALTED, "cancelled by ana: not tonight")


def test_a_cluster_that_someone_else_has_started_is_not_stopped() -> None:
    world = world_in_window(stopped=True)
    operations = AzureOperations(world)

    def meanwhile(activity: str) -> None:
        if activity == "begin" and not world.clusters.begun:
            world.clusters.put(replace(world.clusters.only, power=Power.RUNNING))
        operations(activity)

    run = upgrade(world, meanwhile).record
    assert world.clusters.begun == ["upgrade user1"]
    assert run.state is State.DONE
