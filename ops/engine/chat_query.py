"""The chat query orchestrator: answers a question from a chat if the answer takes longer than the chat waits.

1. answer    look up the answer and send it to the place where the question was asked; retried for up to half an hour
"""

from typing import cast

from ops.engine.flow import Flow, Orchestration, wait
from ops.engine.transition import Activity, Outcome, Transition
from ops.model.json import Json

_ATTEMPTS = 6


def chat_query(flow: Flow, payload: dict[str, Json]) -> Orchestration:
    """Answers one question. `payload` contains the question and the address for the answer."""
    for _ in range(_ATTEMPTS):
        report = Transition.read(cast("dict[str, Json]", (yield flow.call(Activity.ANSWER_QUERY, payload))))
        if report.outcome is Outcome.END:
            return None
        if report.until is not None:
            yield from wait(flow, report.until)
    return None
