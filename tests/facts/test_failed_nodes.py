"""Which nodes come last: those that a run of the last seven nights cordoned and did not restart."""

import pytest

from ops.facts import FactQuery
from ops.facts.failed_nodes import gather
from ops.model.run import Run, State, StepRecord, StepState
from ops.tables.runs import runs
from tests.driving import NIGHT, run_request
from tests.engine.worlds import world_with_all_operations
from tests.fakes import World

NODE = {"node": "aks-1", "uid": "u1"}
CORDON = StepRecord("cordon.aks-1", "cordon aks-1", StepState.UNDONE, params=NODE)
RESTART = StepRecord("restart.aks-1", "aks-1", StepState.DONE, params=NODE)


def run_of(world: World, night: str, **more: object) -> Run:
    request = run_request(world, "reboot", night)
    plain = (request.run_id, "reboot", request.target, request.target_name, night, NIGHT, "timer", "daytwo")
    return Run(*plain, state=State.DONE, **more)  # type: ignore[arg-type]  # fields by name


def gathered(night: str = "2026-11-15", **more: object) -> tuple[str, ...]:
    """What tonight's run learns from the run of another night."""
    world = world_with_all_operations()
    before = run_of(world, night, **more)
    runs(world.store).insert(before.id, before)
    return gather(FactQuery(run_of(world, "2026-11-16"), world.settings, NIGHT, world.context.ports))


def test_a_node_that_was_restarted_has_not_failed() -> None:
    assert gathered(finished=(CORDON, RESTART)) == ()


@pytest.mark.parametrize("state", [StepState.LEFT, StepState.PLANNED])
def test_a_node_whose_restart_was_given_up_has_failed(state: StepState) -> None:
    left = StepRecord("restart.aks-1", "aks-1", state, params=NODE)
    assert gathered(finished=(CORDON,), steps=(left,)) == ("u1",)


def test_a_node_whose_drain_has_failed_is_named_by_its_uid() -> None:
    drain = StepRecord("drain.aks-1", "drain aks-1", StepState.FAILED, params=NODE, failed=True)
    assert gathered(steps=(CORDON, drain)) == ("u1",)


def test_a_node_whose_cordon_could_not_be_undone_has_failed() -> None:
    stays = StepRecord("cordon.aks-1", "cordon aks-1", StepState.FAILED, params=NODE, undo_failed=True, failed=True)
    assert gathered(steps=(stays,)) == ("u1",)


def test_a_node_that_a_lost_run_has_cordoned_has_failed() -> None:
    held = StepRecord("cordon.aks-1", "cordon aks-1", StepState.DONE, params=NODE)
    assert gathered(steps=(held,)) == ("u1",)


def test_a_plan_of_an_earlier_version_that_names_no_uid_is_left_out() -> None:
    assert gathered(finished=(StepRecord("cordon.aks-1", "cordon", StepState.UNDONE, params={"node": "aks-1"}),)) == ()


def test_a_node_that_was_not_cordoned_keeps_its_place() -> None:
    left = StepRecord("cordon.aks-1", "cordon aks-1", StepState.LEFT, params=NODE)
    assert gathered(steps=(left,)) == ()


@pytest.mark.parametrize(("night", "failed"), [("2026-11-16", ("u1",)), ("2026-11-09", ("u1",)), ("2026-11-08", ())])
def test_a_failure_counts_for_seven_nights(night: str, failed: tuple[str, ...]) -> None:
    assert gathered(night, finished=(CORDON,)) == failed
