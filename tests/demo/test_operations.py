"""Runs are counted by operation and end state, and compared with what the oracle expects."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ops.model.run import Run, State
from simulator.demo.operations import Operation, tally_operations, total_operations

AT = datetime(2026, 11, 16, tzinfo=UTC)
RUN = Run("r", "power", "id", "shop", "20261116t2245", AT, "timer", "daytwo")


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.DONE, Operation("power", 1, 1, 0, 0, 1)),
        (State.SKIPPED, Operation("power", 1, 0, 1, 0, 1)),
        (State.FAILED, Operation("power", 1, 0, 0, 1, 1)),
        (State.HALTED, Operation("power", 1, 0, 0, 1, 1)),
        (State.RUNNING, Operation("power", 1, 0, 0, 0, 1)),
    ],
)
def test_runs_are_counted_by_end_state(state: State, expected: Operation) -> None:
    assert tally_operations([replace(RUN, state=state)], {"power": 1}) == (expected,)


def test_an_alert_that_needs_a_person_counts_as_succeeded() -> None:
    alert = replace(RUN, runbook="budget", state=State.DONE, notify=True)
    assert tally_operations([alert], {"budget": 1}) == (Operation("budget", 1, 1, 0, 0, 1),)


def test_dry_runs_are_not_counted() -> None:
    assert tally_operations([replace(RUN, state=State.DONE, dry_run=True)], {}) == ()


def test_an_expected_operation_without_runs_is_listed() -> None:
    (reboot,) = tally_operations([], {"reboot": 1})
    assert (reboot, reboot.as_expected) == (Operation("reboot", 0, 0, 0, 0, 1), False)


def test_an_unexpected_operation_is_listed() -> None:
    (spot,) = tally_operations([replace(RUN, runbook="spot", state=State.DONE)], {})
    assert (spot, spot.as_expected) == (Operation("spot", 1, 1, 0, 0, 0), False)


def test_weeks_are_summed() -> None:
    weeks = ((Operation("spot", 1, 1, 0, 0, 1),), (Operation("spot", 2, 0, 1, 1, 0), Operation("power", 3, 3, 0, 0, 3)))
    assert total_operations(weeks) == (Operation("spot", 3, 1, 1, 1, 1), Operation("power", 3, 3, 0, 0, 3))
