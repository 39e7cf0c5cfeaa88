"""A thread that shows a run's details also shows its end."""

from dataclasses import replace

from ops.messaging.message_sync import report_run
from ops.model.run import State
from ops.tables.runs import Control, controls
from tests.driving import AzureOperations, DrivenRun, manual_request, start
from tests.engine.worlds import world_in_window
from tests.fakes import World


def details_of(world: World, run: DrivenRun) -> str:
    """What the chat shows as the run's details."""
    keys = [key for key, subject in world.chat.keys.items() if subject == f"{run.id}.details"]
    return " ".join(str(world.chat.shown[key]) for key in keys)


def test_details_show_the_end_of_a_run_whose_other_steps_were_abandoned() -> None:
    world = world_in_window(pools=2)
    run = start(world, manual_request(world))
    run.turns(5)
    assert "begins" in details_of(world, run)
    controls(world.store).change(run.id, lambda _: Control(cancelled_by="ben"))
    assert run.to_end(AzureOperations(world, polls=1)).state is State.HALTED
    assert "cancelled by ben" in details_of(world, run)
    assert "halted" in details_of(world, run)


def test_details_that_were_never_posted_are_not_posted_for_one_step() -> None:
    world = world_in_window()
    run = start(world, manual_request(world))
    run.to_end(AzureOperations(world, polls=1))
    report_run(world.context.ports, replace(run.record, finished=run.record.finished[:1]))
    assert details_of(world, run) == ""
