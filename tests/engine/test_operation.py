"""A run's transition table: every report that an activity can make leads to a position."""

import ast
from pathlib import Path

import pytest

from ops.engine.transition import (
    TRANSITIONS,
    Activity,
    IllegalTransitionError,
    Outcome,
    Position,
    Transition,
    next_position,
)
from tools.transition_diagram import PAGE, diagram, embedded

POLLING = Position(Activity.POLL, "pool.user1")


@pytest.mark.parametrize(
    ("here", "outcome", "following"),
    [
        (POLLING, Outcome.RETRY, POLLING),
        (Position(Activity.CONCLUDE), Outcome.END, None),
        (Position(Activity.ASSESS), Outcome.ASSESS, Position(Activity.ASSESS)),
        (Position(Activity.ASSESS), Outcome.ACT, Position(Activity.LEASE)),
        (Position(Activity.LEASE), Outcome.STEP, Position(Activity.BEGIN, "next")),
        (Position(Activity.BEGIN, "pool.user1"), Outcome.PENDING, POLLING),
        (POLLING, Outcome.PENDING, POLLING),
        (POLLING, Outcome.VERIFY, Position(Activity.VERIFY, "pool.user1")),
        (Position(Activity.VERIFY, "p"), Outcome.PENDING, Position(Activity.VERIFY, "p")),
        (POLLING, Outcome.UNWIND, Position(Activity.UNWIND)),
        (Position(Activity.UNWIND), Outcome.UNDO, Position(Activity.BEGIN, "next", undo=True)),
        (Position(Activity.BEGIN, "s", undo=True), Outcome.PENDING, Position(Activity.POLL, "s", undo=True)),
        (Position(Activity.POLL, "s", undo=True), Outcome.VERIFY, Position(Activity.VERIFY, "s", undo=True)),
        (Position(Activity.UNWIND), Outcome.CONCLUDE, Position(Activity.CONCLUDE)),
    ],
)
def test_each_report_leads_to_exactly_one_next_position(
    here: Position, outcome: Outcome, following: Position | None
) -> None:
    assert next_position(here, Transition(outcome, step="next")) == following


@pytest.mark.parametrize(
    ("here", "outcome"),
    [(Activity.ASSESS, Outcome.STEP), (Activity.POLL, Outcome.ACT), (Activity.CONCLUDE, Outcome.UNDO)],
)
def test_an_illegal_pair_raises_an_error(here: Activity, outcome: Outcome) -> None:
    with pytest.raises(IllegalTransitionError):
        next_position(Position(here), Transition(outcome))


def test_every_activity_can_lead_to_the_end_of_the_run() -> None:
    following = {here: {then.activity for (a, _), then in TRANSITIONS.items() if a is here} for here, _ in TRANSITIONS}
    ends = {here for here, then in following.items() if None in then}
    while more := {here for here, then in following.items() if here not in ends and then & ends}:
        ends |= more
    assert ends == set(following)


def test_every_outcome_in_the_activities_code_is_in_the_table() -> None:
    """An outcome without a row makes this test fail; otherwise it would first be noticed when it stops a run at night."""
    written = {
        node.attr
        for path in Path("ops/engine/activities").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Outcome"
    }
    assert written == {outcome.name for _, outcome in TRANSITIONS}


def test_the_diagram_in_the_documentation_matches_the_table() -> None:
    text = PAGE.read_text()
    assert embedded(text, diagram()) == text, "run `python -m tools.transition_diagram` and commit the page"
