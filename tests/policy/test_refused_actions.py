"""When a refused action is tried again, and what it holds back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.model.plan import Plan, Step
from ops.model.refusal import RefusedAction
from ops.model.run import Run
from ops.policy.refused_actions import concerns, holding, in_force, is_disruptive, next_attempt

AT = datetime(2026, 11, 16, 23, tzinfo=UTC)
REFUSED = RefusedAction("id", "restart-node", "ScopeLocked", "locked", "", "r1", AT, AT, 1)
RUN = Run("r2", "reboot", "id", "shop-dev", "2026-11-16", AT, "timer", "daytwo")


def step(kind: str, node: str, *, temporary: bool = False) -> Step:
    return Step(f"{kind}.{node}", f"{kind}-node", node, {"node": node}, temporary=temporary)


CORDON, DRAIN, RESTART = step("cordon", "a", temporary=True), step("drain", "a"), step("restart", "a")
PLAN = Plan("reboot", "id", (CORDON, DRAIN, RESTART))


@pytest.mark.parametrize(
    ("times", "pause"),
    [
        (1, timedelta(minutes=5)),
        (2, timedelta(minutes=15)),
        (3, timedelta(hours=1)),
        (4, timedelta(hours=4)),
        (5, timedelta(hours=12)),
        (6, timedelta(days=1)),
        (60, timedelta(days=1)),
    ],
)
def test_the_pauses_grow_to_a_day(times: int, pause: timedelta) -> None:
    later = AT + timedelta(days=1)
    assert next_attempt(replace(REFUSED, times=times, last=later)) == later + pause


def test_a_plan_is_held_by_the_refusal_that_lasts_longest() -> None:
    longer = replace(REFUSED, verb="drain-node", times=2)
    assert holding([REFUSED, longer], PLAN) == longer
    assert holding([longer, REFUSED], PLAN) == longer


def test_an_attempt_that_costs_a_drain_is_made_once_a_week() -> None:
    assert next_attempt(replace(REFUSED, disruptive=True)) == AT + timedelta(days=7)


@pytest.mark.parametrize(("of", "costs"), [(CORDON, False), (DRAIN, False), (RESTART, True)])
def test_only_a_step_after_something_that_cannot_be_undone_costs_a_drain(of: Step, *, costs: bool) -> None:
    assert is_disruptive(PLAN, of) is costs


def test_a_drain_of_another_node_costs_nothing() -> None:
    other = step("cordon", "b", temporary=True)
    assert not is_disruptive(replace(PLAN, steps=(DRAIN, other)), other)


def test_a_step_after_the_start_of_a_cluster_costs_no_drain() -> None:
    begins, upgrade = Step("start", "start-cluster", "x", {}, temporary=True), Step("pool", "upgrade", "p", {})
    assert not is_disruptive(Plan("node-image", "id", (begins, upgrade, replace(upgrade, id="q"))), upgrade)


def test_a_refusal_of_one_node_does_not_hold_back_another() -> None:
    own = replace(REFUSED, verb="cordon-node", subject="a")
    assert concerns(own, CORDON)
    assert not concerns(own, step("cordon", "b"))
    assert concerns(replace(own, subject=""), step("cordon", "b"))
    assert holding([own], PLAN) == own
    assert holding([replace(own, subject="b")], PLAN) is None


@pytest.mark.parametrize(
    ("source", "run", "later", "held"),
    [
        ("timer", "r2", timedelta(minutes=4), True),
        ("timer", "r2", timedelta(minutes=5), False),
        ("cli", "r2", timedelta(), True),
        ("http", "r2", timedelta(), False),
        ("http", "r1", timedelta(), True),
    ],
)
def test_a_person_tries_at_once_what_was_refused_to_others(
    source: str, run: str, later: timedelta, *, held: bool
) -> None:
    assert bool(in_force([REFUSED], replace(RUN, source=source, id=run), AT + later)) is held
