"""Pause, resume, and cancel requests are stored and take effect between steps."""

from ops.model.run import State, StepState
from ops.tables.runs import Control, controls, runs
from tests.driving import AzureOperations
from tests.engine.worlds import upgrade, world_in_window


def test_a_pause_takes_effect_between_pools_and_lasts_until_the_resume() -> None:
    world = world_in_window(pools=2)
    operations = AzureOperations(world)
    reasons: list[str] = []

    def meanwhile(activity: str) -> None:
        (run,) = runs(world.store).scan()
        if activity == "poll" and not reasons:
            controls(world.store).insert(run.key, Control(paused_by="ana"))
            reasons.append(activity)
        if activity == "assess" and reasons:
            reasons.append(run.value.why)
            if len(reasons) > 3:
                controls(world.store).change(run.key, lambda _: Control())
        operations(activity)

    run = upgrade(world, meanwhile).record
    assert world.clusters.begun == ["upgrade user1", "upgrade user2"]
    assert "paused by ana" in reasons
    assert run.state is State.DONE


def test_the_running_pool_is_completed_and_no_other_pool_begins_after_a_cancel() -> None:
    world = world_in_window(pools=2)
    operations = AzureOperations(world)

    def meanwhile(activity: str) -> None:
        (run,) = runs(world.store).scan()
        if activity == "poll":
            controls(world.store).insert(run.key, Control(cancelled_by="ana"))
        operations(activity)

    run = upgrade(world, meanwhile).record
    assert world.clusters.begun == ["upgrade user1"]
    assert (run.state, run.why) == (State.HALTED, "cancelled by ana")
    assert run.finished[0].state is StepState.DONE
