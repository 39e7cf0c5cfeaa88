"""The errand: what a person asked in a chat and takes longer than a chat waits.

1. look up what was asked, and send it to where the question came from; what does not answer now is asked again, for half an hour
"""

from typing import cast

from ops.ports import Json
from ops.workflows.answer import Answer
from ops.workflows.flow import Flow, Orchestration, wait

_TRIES = 6


def errand(flow: Flow, payload: dict[str, Json]) -> Orchestration:
    """Answers one question; `payload` says which, in which chat, and where the answer goes."""
    for _ in range(_TRIES):
        answer = Answer.read(cast("dict[str, Json]", (yield flow.call("answer_question", payload))))
        if answer.kind == "end":
            return None
        if answer.until is not None:
            yield from wait(flow, answer.until)
    return None
