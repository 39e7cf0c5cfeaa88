"""When an action that is refused for a lasting reason is tried again, and which refusal holds a plan back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ops.model.plan import Plan, Step
from ops.model.refusal import RefusedAction
from ops.model.run import Run
from ops.policy.refused_actions import concerns, holding, in_force, is_disruptive, next_attempt
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


def test_what_costs_a_drain_is_tried_again_after_a_week() -> None:
    assert next_attempt(replace(REFUSED, disruptive=True)) == MONDAY + timedelta(days=7)


def plan(*steps: Step) -> Plan:
    return Plan("reboot", "id", steps)


def step(verb: str, node: str = "", *, temporary: bool = False) -> Step:
    return Step(f"{verb}.{node}", verb, verb, {"node": node} if node else {}, temporary=temporary)


STOP, START = step("stop-cluster"), step("start-cluster")


def test_a_refusal_concerns_its_verb_on_its_node_or_on_the_whole_cluster() -> None:
    assert concerns(REFUSED, STOP)
    assert not concerns(REFUSED, START)
    restart = replace(REFUSED, verb="restart-node", subject="a")
    assert concerns(restart, step("restart-node", "a"))
    assert not concerns(restart, step("restart-node", "b"))
    assert not concerns(restart, step("restart-node"))
    assert concerns(replace(restart, subject=""), step("restart-node", "b"))


def test_a_step_is_disruptive_if_its_node_was_drained_before() -> None:
    cordon, drain, restart = step("cordon", "a", temporary=True), step("drain", "a"), step("restart", "a")
    assert is_disruptive(plan(cordon, drain, restart), restart)
    assert not is_disruptive(plan(cordon, drain, restart), drain)
    assert not is_disruptive(plan(cordon, restart), restart)
    assert not is_disruptive(plan(step("drain", "b"), restart), restart)
    assert not is_disruptive(plan(restart, drain), restart)
    assert not is_disruptive(plan(START, STOP), STOP)


def run(source: str, name: str = "r1") -> Run:
    return Run(name, "power", "id", "shop", "p", MONDAY, source, "ana")


@pytest.mark.parametrize("source", ["timer", "cli"])
def test_a_refusal_is_in_force_until_its_next_attempt_is_due(source: str) -> None:
    other = replace(REFUSED, times=2)
    assert in_force([REFUSED, other], run(source), MONDAY) == (REFUSED, other)
    assert in_force([REFUSED, other], run(source), MONDAY + timedelta(minutes=4, seconds=59)) == (REFUSED, other)
    assert in_force([REFUSED, other], run(source), MONDAY + timedelta(minutes=5)) == (other,)


def test_a_persons_run_is_held_back_by_its_own_refusals_only() -> None:
    assert in_force([REFUSED], run("http"), MONDAY) == ()
    assert in_force([REFUSED], run("http", REFUSED.run), MONDAY) == (REFUSED,)
    assert in_force([REFUSED], run("http", REFUSED.run), MONDAY + timedelta(minutes=5)) == ()


def test_a_plan_is_held_until_every_action_can_be_tried_again() -> None:
    longer = replace(REFUSED, verb="start-cluster", times=2)
    assert holding([REFUSED, longer], plan(START, STOP)) == longer
    assert holding([longer, REFUSED], plan(START, STOP)) == longer
    assert holding([longer, REFUSED], plan(STOP)) == REFUSED
    assert holding([REFUSED], plan(START)) is None
