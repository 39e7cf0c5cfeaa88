"""What is drawn on a cluster's lane of the calendar."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ops.model.calendar import Span
from ops.model.run import Run, State, StepRecord, StepState
from ops.render.timeline import Bar
from simulator.demo.bars import Happenings
from simulator.demo.world import Sleep, WorkOfAks, sleeps
from simulator.world.journal import Entry, Kind
from simulator.world.specs import FleetSpec
from tests.simulator.oracle.story import MONDAY, REGIONS, cluster

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)


def tue(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 17, hour, minute, tzinfo=UTC)


def run(runbook: str, *finished: StepRecord) -> Run:
    return Run("r", runbook, "id", "dev", "o", MONDAY, "timer", "daytwo", finished=finished, state=State.DONE)


STEP = StepRecord("stop", "stop the cluster", StepState.DONE, began=tue(22), ended=tue(22, 6), evidence="is stopped")


def bars(*runs: Run, slept: tuple[Sleep, ...] = (), by_aks: tuple[WorkOfAks, ...] = ()) -> tuple[Bar, ...]:
    return Happenings(runs, by_aks, slept).bars("dev", NOW)


def test_each_operation_has_bars_of_its_own() -> None:
    kinds = [bars(run(runbook, STEP))[0].kind for runbook in ("node-image", "reboot", "power")]
    assert kinds == ["node-image", "reboot", "power"]


def test_a_step_that_failed_is_drawn_as_that() -> None:
    failed = replace(STEP, state=StepState.FAILED, evidence="", why="it did not stop")
    assert bars(run("power", failed)) == (
        Bar(Span(tue(22), tue(22, 6)), "failed", "stop the cluster: it did not stop"),
    )


def test_a_burst_is_one_bar_until_its_outcome_is_known() -> None:
    told = replace(run("spot", STEP), acted=True, began=tue(10), ended=tue(10, 12), headline="5 spot nodes evicted")
    assert bars(told) == (Bar(Span(tue(10), tue(10, 12)), "spot", "5 spot nodes evicted"),)


def test_a_budget_is_no_clusters() -> None:
    assert bars(replace(run("budget", STEP), target_name="dev")) == ()


def test_sleep_lies_under_what_is_done_and_reaches_until_now() -> None:
    slept = (Sleep("dev", tue(22, 5), None), Sleep("other", tue(1), None))
    assert [bar.kind for bar in bars(run("power", STEP), slept=slept)] == ["sleep", "power"]
    assert bars(slept=slept)[0].span == Span(tue(22, 5), NOW)


def test_a_fleets_sleep_is_read_from_its_journal() -> None:
    fleet = FleetSpec("tiny", MONDAY, REGIONS, (replace(cluster("dev"), stopped=True), cluster("test")))
    told = [
        Entry(0, MONDAY + timedelta(hours=8), Kind.POWER, "dev", detail={"power": "Running"}),
        Entry(1, MONDAY + timedelta(hours=9), Kind.POWER, "test", "pool", detail={"power": "Stopped"}),
        Entry(2, MONDAY + timedelta(hours=19), Kind.POWER, "test", detail={"power": "Stopped"}),
    ]
    assert sleeps(fleet, told) == (
        Sleep("dev", MONDAY, MONDAY + timedelta(hours=8)),
        Sleep("test", MONDAY + timedelta(hours=19), None),
    )
