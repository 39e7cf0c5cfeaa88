"""Pause, resume and cancel are kept in the store and honoured between steps."""

from ops.model.run import State, StepState
from ops.tables.runs import Control, controls, runs
from tests.engine.upgrading import Operations, carry_out, world


def test_a_pause_holds_between_pools_and_a_resume_goes_on() -> None:
    by = world(pools=2)
    operations = Operations(by)
    looks: list[str] = []

    def meanwhile(activity: str) -> None:
        (run,) = runs(by.store).scan()
        if activity == "poll" and not looks:
            controls(by.store).insert(run.key, Control(paused_by="ana"))
            looks.append(activity)
        if activity == "assess" and looks:
            looks.append(run.value.why)
            if len(looks) > 3:
                controls(by.store).change(run.key, lambda _: Control())
        operations(activity)

    run, _ = carry_out(by, meanwhile)
    assert by.clusters.begun == ["upgrade user1", "upgrade user2"]
    assert "paused by ana" in looks
    assert run.state is State.DONE


def test_a_cancel_lets_the_running_pool_finish_and_begins_no_other() -> None:
    by = world(pools=2)
    operations = Operations(by)

    def meanwhile(activity: str) -> None:
        (run,) = runs(by.store).scan()
        if activity == "poll":
            controls(by.store).insert(run.key, Control(cancelled_by="ana"))
        operations(activity)

    run, _ = carry_out(by, meanwhile)
    assert by.clusters.begun == ["upgrade user1"]
    assert (run.state, run.why) == (State.HALTED, "cancelled by ana")
    assert run.finished[0].state is StepState.DONE
