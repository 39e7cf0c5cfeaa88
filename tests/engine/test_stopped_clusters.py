"""A cluster that was woken is put back, whatever happened."""

from dataclasses import replace

from ops.model.run import State, StepState
from ops.tables.runs import Control, controls, runs
from tests.engine.upgrading import Operations, carry_out, world


def test_woken_upgraded_proven_and_put_back() -> None:
    by = world(asleep=True)
    run, _ = carry_out(by)
    assert by.clusters.begun == ["start", "upgrade user1", "stop"]
    assert run.state is State.DONE
    assert [record.state for record in run.finished] == [StepState.UNDONE, StepState.DONE]


def test_put_back_after_a_failure() -> None:
    by = world(asleep=True)
    run, _ = carry_out(by, Operations(by, failed="QuotaExceeded"))
    assert by.clusters.begun == ["start", "upgrade user1", "stop"]
    assert run.state is State.FAILED


def test_put_back_when_a_person_cancels() -> None:
    by = world(asleep=True)
    operations = Operations(by)

    def meanwhile(activity: str) -> None:
        if by.clusters.begun == ["start"]:
            (run,) = runs(by.store).scan()
            controls(by.store).insert(run.key, Control(cancelled_by="ana", why="not tonight"))
        operations(activity)

    run, _ = carry_out(by, meanwhile)
    assert by.clusters.begun == ["start", "stop"]
    assert (run.state, run.why) == (State.HALTED, "cancelled by ana: not tonight")


def test_a_cluster_that_somebody_else_started_is_not_stopped() -> None:
    by = world(asleep=True)
    operations = Operations(by)

    def meanwhile(activity: str) -> None:
        (only,) = by.clusters.fleet.values()
        if activity == "begin" and not by.clusters.begun:
            by.clusters.fleet[only.id] = replace(only, running=True)
        operations(activity)

    run, _ = carry_out(by, meanwhile)
    assert by.clusters.begun == ["upgrade user1"]
    assert run.state is State.DONE
