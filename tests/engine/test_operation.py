"""The positions of an operation: what follows which answer."""

import pytest

from ops.engine.operation import Position, after
from ops.engine.transition import Transition

HERE = Position("poll", "pool.user1")


@pytest.mark.parametrize(
    ("here", "answer", "following"),
    [
        (HERE, "again", HERE),
        (HERE, "end", None),
        (Position("assess"), "assess", Position("assess")),
        (Position("assess"), "act", Position("lease")),
        (Position("lease"), "step", Position("begin", "next")),
        (Position("begin", "pool.user1"), "pending", HERE),
        (HERE, "pending", HERE),
        (HERE, "verify", Position("verify", "pool.user1")),
        (Position("verify", "pool.user1"), "pending", Position("verify", "pool.user1")),
        (HERE, "unwind", Position("unwind")),
        (Position("unwind"), "undo", Position("begin", "next", undo=True)),
        (Position("begin", "s", undo=True), "pending", Position("poll", "s", undo=True)),
        (Position("poll", "s", undo=True), "verify", Position("verify", "s", undo=True)),
        (Position("unwind"), "conclude", Position("conclude")),
    ],
)
def test_what_follows(here: Position, answer: str, following: Position | None) -> None:
    assert after(here, Transition(answer, step="next")) == following


def test_an_answer_that_nobody_gives_is_an_error() -> None:
    with pytest.raises(KeyError):
        after(HERE, Transition("nonsense"))
