"""The rollout orchestrator: one durable instance per runbook and week.

1. advance   read the runs' records, start the rings that are ready, halt if the failure budget is exhausted, report
2. sleep     until the next check, or until a run that has ended wakes it; then continue with 1
"""

from typing import cast

from ops.engine.flow import Flow, Orchestration, wait
from ops.engine.transition import Activity, Outcome, Transition
from ops.model.json import Json

_TURNS_PER_GENERATION = 20


def rollout(flow: Flow, payload: dict[str, Json]) -> Orchestration:
    """Advances one rollout until it ends. `payload` is `{"rollout": id}`."""
    for _ in range(_TURNS_PER_GENERATION):
        report = Transition.read(cast("dict[str, Json]", (yield flow.call(Activity.ADVANCE_ROLLOUT, payload))))
        if report.outcome is Outcome.END:
            return payload["rollout"]
        if report.until is not None:
            yield from wait(flow, report.until)
    flow.continue_as_new(payload)
    return payload["rollout"]
