"""Weeks in which Azure, Kubernetes, Slack, and Event Grid fail at times: all invariants hold, and every kind of fault occurs."""

import sys
from collections import Counter

import pytest

from tests.flows.rough_week import RoughWeek, rough_week

SEEDS = (1, 2, 3, 4, 5)
MANY = range(100, 160)


def assert_invariants(week: RoughWeek) -> None:
    assert week.violations == ()
    assert week.messages_wrong == ()
    assert week.leases_held == ()
    assert week.not_ended == ()


@pytest.mark.parametrize("seed", SEEDS)
def test_invariants_hold_in_a_rough_week(seed: int) -> None:
    assert_invariants(rough_week(seed))


@pytest.mark.soak
@pytest.mark.parametrize("seed", MANY)
def test_invariants_hold_in_many_rough_weeks(seed: int) -> None:
    assert_invariants(rough_week(seed))


def test_every_kind_of_fault_and_every_precondition_occurs(capsys: pytest.CaptureFixture[str]) -> None:
    fired: Counter[str] = Counter()
    occurred: Counter[str] = Counter()
    for week in map(rough_week, SEEDS):
        fired.update(week.fired)
        occurred.update(week.occurred)
    with capsys.disabled():
        sys.stdout.write(f"\n{len(SEEDS)} rough weeks: {_formatted(fired)}; {_formatted(occurred)}\n")
    assert [name for name, count in fired.items() if not count] == []
    assert {name for name, count in occurred.items() if count} >= {
        "upgrade-node-image begun",
        "start begun",
        "stop begun",
        "messages",
        "runs that took their leases",
        "events delivered",
        "runs and rollouts",
    }


def _formatted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
