"""An activity that fails for a reason that no code expects is reported and tried again; its instance does not end."""

import datetime as dt

import pytest

from ops.endpoints.timers import every_hour
from ops.engine.activities import assess, invoke
from ops.tables.conditions import open_conditions
from tests.driving import DrivenRun, run_request, start
from tests.engine.worlds import world_in_window

DAY = dt.timedelta(days=1)


def records(run: DrivenRun) -> list[str]:
    """The open condition about what was set aside."""
    every_hour(run.world.context, DAY)
    return [each.text for each in open_conditions(run.world.store) if each.what == "Records"]


def test_a_run_whose_activity_fails_is_reported_and_continues_once_the_defect_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = world_in_window()
    run = start(world, run_request(world))
    with monkeypatch.context() as broken:
        broken.setattr(assess, "assess_run", _fails)
        assert run.call("assess") == "retry"
        assert run.call("assess") == "retry"
    assert records(run) == [f"set aside: run {run.id}: assess failed: ZeroDivisionError: a defect"]
    run.turns(8)
    assert world.clusters.begun == ["upgrade user1"]
    assert records(run) == []


def _fails(*_: object) -> None:
    raise ZeroDivisionError("a defect")


def test_an_activity_without_a_record_fails_as_before() -> None:
    world = world_in_window()
    with pytest.raises(KeyError):
        invoke("answer_query", world.context, {})
