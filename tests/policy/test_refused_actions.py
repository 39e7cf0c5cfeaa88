"""When an action that is refused for a lasting reason is tried again, and which refusal holds a plan back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ops.model.plan import Plan, Step
from ops.model.refusal import RefusedAction
from ops.policy.refused_actions import holding, next_attempt
from tests.fakes import MONDAY

REFUSED = RefusedAction("id", "stop-cluster", "ScopeLocked", "why", "", "run", MONDAY, MONDAY, 1)


@pytest.mark.parametrize(
    ("times", "pause"),
    [
        (1, timedelta(minutes=5)),
        (2, timedelta(minutes=15)),
        (3, timedelta(hours=1)),
        (4, timedelta(hours=4)),
        (5, timedelta(hours=12)),
        (6, timedelta(hours=24)),
        (60, timedelta(hours=24)),
    ],
)
def test_the_pauses_grow_to_a_day(times: int, pause: timedelta) -> None:
    later = MONDAY + timedelta(days=1)
    assert next_attempt(replace(REFUSED, times=times, last=later)) == later + pause


def plan(*verbs: str) -> Plan:
    return Plan("power", "id", tuple(Step(verb, verb, verb, {}) for verb in verbs))


def test_a_plan_is_held_until_every_action_can_be_tried_again() -> None:
    longer = replace(REFUSED, verb="start-cluster", times=2)
    both = plan("start-cluster", "stop-cluster")
    assert holding([REFUSED, longer], both, MONDAY) == longer
    assert holding([longer, REFUSED], both, MONDAY) == longer
    assert holding([longer, REFUSED], plan("stop-cluster"), MONDAY) == REFUSED
    assert holding([REFUSED], plan("start-cluster"), MONDAY) is None
    assert holding([REFUSED], both, MONDAY + timedelta(minutes=4, seconds=59)) == REFUSED
    assert holding([REFUSED], both, MONDAY + timedelta(minutes=5)) is None
