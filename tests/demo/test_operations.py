"""Runs are counted by operation and by how they ended, beside what the oracle expects."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ops.model.run import Run, State
from simulator.demo.operations import Operation, added, tally_operations

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
def test_a_run_counts_by_how_it_ended(state: State, expected: Operation) -> None:
    assert tally_operations([replace(RUN, state=state)], {"power": 1}) == (expected,)


def test_what_needs_somebody_has_succeeded_in_telling() -> None:
    alert = replace(RUN, runbook="budget", state=State.DONE, notify=True)
    assert tally_operations([alert], {"budget": 1}) == (Operation("budget", 1, 1, 0, 0, 1),)


def test_a_dry_run_counts_nowhere() -> None:
    assert tally_operations([replace(RUN, state=State.DONE, dry_run=True)], {}) == ()


def test_what_is_expected_and_never_ran_is_a_line_of_its_own() -> None:
    (reboot,) = tally_operations([], {"reboot": 1})
    assert (reboot, reboot.as_expected) == (Operation("reboot", 0, 0, 0, 0, 1), False)


def test_what_ran_and_nobody_expected_is_too() -> None:
    (spot,) = tally_operations([replace(RUN, runbook="spot", state=State.DONE)], {})
    assert (spot, spot.as_expected) == (Operation("spot", 1, 1, 0, 0, 0), False)


def test_weeks_add_up() -> None:
    weeks = ((Operation("spot", 1, 1, 0, 0, 1),), (Operation("spot", 2, 0, 1, 1, 0), Operation("power", 3, 3, 0, 0, 3)))
    assert added(weeks) == (Operation("spot", 3, 1, 1, 1, 1), Operation("power", 3, 3, 0, 0, 3))
