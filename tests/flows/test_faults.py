"""Weeks in which Azure, Kubernetes, Slack and Event Grid misbehave: invariants hold, and every fault has fired."""

import sys
from collections import Counter

import pytest

from tests.flows.rough_week import RoughWeek, rough_week

SEEDS = (1, 2, 3, 4, 5)
MANY = range(100, 160)


def hold(week: RoughWeek) -> None:
    assert week.violations == ()
    assert week.messages_wrong == ()
    assert week.leases_held == ()
    assert week.not_ended == ()


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_harmed_lost_or_doubled(seed: int) -> None:
    hold(rough_week(seed))


@pytest.mark.soak
@pytest.mark.parametrize("seed", MANY)
def test_nothing_is_harmed_lost_or_doubled_in_many_weeks(seed: int) -> None:
    hold(rough_week(seed))


def test_every_fault_fired_and_every_precondition_held(capsys: pytest.CaptureFixture[str]) -> None:
    fired: Counter[str] = Counter()
    happened: Counter[str] = Counter()
    for week in map(rough_week, SEEDS):
        fired.update(week.fired)
        happened.update(week.happened)
    with capsys.disabled():
        sys.stdout.write(f"\n{len(SEEDS)} rough weeks: {_told(fired)}; {_told(happened)}\n")
    assert [name for name, count in fired.items() if not count] == []
    assert {name for name, count in happened.items() if count} >= {
        "upgrade-node-image begun",
        "start begun",
        "stop begun",
        "messages",
        "runs that took their leases",
        "events delivered",
        "runs and rollouts",
    }


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
