"""The operation: one durable instance per run.

1. assess    gather the facts, decide; nothing or told: end; wait: sleep until then or until a hint, assess again
2. approve   where policy asks, of whoever it names; then assess again: another plan voids what was approved
3. lease     of the cluster and of its regions, before the first effect; taken by another: sleep, assess again
4. begin     check the first step and begin it; the world no longer fits: go to 7
5. poll      until the operation has ended
6. prove     that the world shows the effect; then the next step from 4
7. unwind    what was temporary is taken back in reverse, whatever happened: begin, poll, prove of the undo
8. conclude  leave the leases; failed: end; else assess again, since there may be more to do

The store holds what has happened; the position in this list is all that the history carries, and every 40 turns it is handed to a new
generation, so that the history stays bounded.
"""

from dataclasses import dataclass
from typing import cast

from ops.engine.flow import Flow, Orchestration, wait
from ops.engine.transition import Transition
from ops.model.json import Json

VERSION = 1
_TURNS_A_GENERATION = 40


@dataclass(frozen=True, slots=True)
class Position:
    """Where a run is: the activity to call next and on which step."""

    activity: str
    step: str = ""
    undo: bool = False

    def payload(self, run: str) -> dict[str, Json]:
        """What the activity is given."""
        return {"run": run, "step": self.step, "undo": self.undo}


def operation(flow: Flow, payload: dict[str, Json]) -> Orchestration:
    """Carries out one run; `payload` is `{"run": id}`, and the position where an earlier generation left it."""
    run = str(payload["run"])
    position: Position | None = Position(
        str(payload.get("activity", "assess")), str(payload.get("step", "")), bool(payload.get("undo", False))
    )
    for _ in range(_TURNS_A_GENERATION):
        if position is None:
            return run
        raw = yield flow.call(position.activity, position.payload(run))
        answer = Transition.read(cast("dict[str, Json]", raw))
        position = after(position, answer)
        if position is not None and answer.until is not None:
            yield from wait(flow, answer.until)
    if position is not None:
        flow.continue_as_new({"run": run, "activity": position.activity, "step": position.step, "undo": position.undo})
    return run


def after(here: Position, answer: Transition) -> Position | None:
    """The next position; None at the end. A pure table of the algorithm above. Raises KeyError for an answer that nobody gives."""
    following: dict[str, Position | None] = {
        "again": here,
        "end": None,
        "assess": Position("assess"),
        "approve": Position("approve"),
        "act": Position("lease"),
        "step": Position("begin", answer.step),
        "undo": Position("begin", answer.step, undo=True),
        "pending": Position("verify" if here.activity == "verify" else "poll", here.step, here.undo),
        "verify": Position("verify", here.step, here.undo),
        "unwind": Position("unwind"),
        "conclude": Position("conclude"),
    }
    return following[answer.kind]
