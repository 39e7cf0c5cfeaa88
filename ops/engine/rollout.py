"""The rollout: one durable instance per runbook and week.

1. advance   read the runs' records, begin the rings that may begin, halt where the failure budget is spent, report
2. sleep     until the next look or a hint from a run that ended; again from 1 in a new generation
"""

from typing import cast

from ops.engine.flow import Flow, Orchestration, wait
from ops.engine.transition import Transition
from ops.model.json import Json

_TURNS_A_GENERATION = 20


def rollout(flow: Flow, payload: dict[str, Json]) -> Orchestration:
    """Moves one rollout on until it ends; `payload` is `{"rollout": id}`."""
    for _ in range(_TURNS_A_GENERATION):
        answer = Transition.read(cast("dict[str, Json]", (yield flow.call("advance_rollout", payload))))
        if answer.kind == "end":
            return payload["rollout"]
        if answer.until is not None:
            yield from wait(flow, answer.until)
    flow.continue_as_new(payload)
    return payload["rollout"]
