"""The errand: what a person asked in a chat and takes longer than a chat waits.

1. look up what was asked, and send it to where the question came from; what does not answer now is asked again, for half an hour
"""

from typing import cast

from ops.engine.flow import Flow, Orchestration, wait
from ops.engine.transition import Transition
from ops.model.json import Json

_TRIES = 6


def chat_query(flow: Flow, payload: dict[str, Json]) -> Orchestration:
    """Answers one question; `payload` says which, in which chat, and where the answer goes."""
    for _ in range(_TRIES):
        answer = Transition.read(cast("dict[str, Json]", (yield flow.call("answer_question", payload))))
        if answer.kind == "end":
            return None
        if answer.until is not None:
            yield from wait(flow, answer.until)
    return None
