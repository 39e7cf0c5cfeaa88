"""The bars in a cluster's calendar row."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ops.model.calendar import Span
from ops.model.run import Run, State, StepRecord, StepState
from ops.render.timeline import Bar
from simulator.demo.bars import FleetHistory
from simulator.demo.world import AksUpgrade, StoppedPeriod, stopped_periods
from simulator.world.journal import Entry, Kind
from simulator.world.specs import FleetSpec
from tests.simulator.oracle.journal_builder import MONDAY, REGIONS, cluster

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)


def tue(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 17, hour, minute, tzinfo=UTC)


def run(runbook: str, *finished: StepRecord) -> Run:
    return Run("r", runbook, "id", "dev", "o", MONDAY, "timer", "daytwo", finished=finished, state=State.DONE)


STEP = StepRecord("stop", "stop the cluster", StepState.DONE, began=tue(22), ended=tue(22, 6), evidence="is stopped")


def bars(*runs: Run, stopped: tuple[StoppedPeriod, ...] = (), by_aks: tuple[AksUpgrade, ...] = ()) -> tuple[Bar, ...]:
    return FleetHistory(runs, by_aks, stopped).bars("dev", NOW)


def test_each_operation_has_its_own_bar_style() -> None:
    kinds = [bars(run(runbook, STEP))[0].kind for runbook in ("node-image", "reboot", "power")]
    assert kinds == ["node-image", "reboot", "power"]


def test_a_failed_step_is_drawn_as_failed() -> None:
    failed = replace(STEP, state=StepState.FAILED, evidence="", why="it did not stop")
    assert bars(run("power", failed)) == (
        Bar(Span(tue(22), tue(22, 6)), "failed", "stop the cluster: it did not stop"),
    )


def test_an_eviction_group_is_drawn_as_one_bar_until_its_end() -> None:
    events = replace(run("spot", STEP), acted=True, began=tue(10), ended=tue(10, 12), headline="5 spot nodes evicted")
    assert bars(events) == (Bar(Span(tue(10), tue(10, 12)), "spot", "5 spot nodes evicted"),)


def test_a_budget_run_is_not_drawn_for_a_cluster() -> None:
    assert bars(replace(run("budget", STEP), target_name="dev")) == ()


def test_stopped_periods_are_drawn_below_other_bars_until_now() -> None:
    stopped = (StoppedPeriod("dev", tue(22, 5), None), StoppedPeriod("other", tue(1), None))
    assert [bar.kind for bar in bars(run("power", STEP), stopped=stopped)] == ["sleep", "power"]
    assert bars(stopped=stopped)[0].span == Span(tue(22, 5), NOW)


def test_stopped_periods_are_read_from_the_journal() -> None:
    fleet = FleetSpec("tiny", MONDAY, REGIONS, (replace(cluster("dev"), stopped=True), cluster("test")))
    events = [
        Entry(0, MONDAY + timedelta(hours=8), Kind.POWER, "dev", detail={"power": "Running"}),
        Entry(1, MONDAY + timedelta(hours=9), Kind.POWER, "test", "pool", detail={"power": "Stopped"}),
        Entry(2, MONDAY + timedelta(hours=19), Kind.POWER, "test", detail={"power": "Stopped"}),
    ]
    assert stopped_periods(fleet, events) == (
        StoppedPeriod("dev", MONDAY, MONDAY + timedelta(hours=8)),
        StoppedPeriod("test", MONDAY + timedelta(hours=19), None),
    )
