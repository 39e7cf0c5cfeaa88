"""The operation orchestrator: one durable instance per run.

1. assess    gather the facts and decide; nothing to do: end; wait: sleep until then or until woken, then assess again
2. approve   if policy requires it: ask the approvers, then assess again; a plan that asks for more voids the approval
3. lease     the cluster and its region pair, before the first effect; taken by another run: sleep, assess again
4. begin     check the first step and begin it; if the world no longer fits the plan, go to 7
5. poll      until the Azure operation has ended
6. verify    that the world shows the effect; then begin the next step
7. unwind    undo the temporary steps in reverse order, whatever happened: begin, poll and verify of the undo
8. conclude  release the leases; failed: end; otherwise assess again, since there may be more to do

`ops.engine.transition.TRANSITIONS` is this list as a table. The store holds what has happened; the history carries only the
position in the table, and every 40 turns a new generation starts from that position, so the history stays bounded.
"""

from typing import cast

from ops.engine.flow import Flow, Orchestration, wait
from ops.engine.transition import Activity, Position, Transition, next_position
from ops.model.json import Json

_TURNS_PER_GENERATION = 40


def operation(flow: Flow, payload: dict[str, Json]) -> Orchestration:
    """Executes one run. `payload` is `{"run": id}`, and the position if an earlier generation has left one."""
    run = str(payload["run"])
    position: Position | None = Position(
        Activity(str(payload.get("activity", Activity.ASSESS))),
        str(payload.get("step", "")),
        bool(payload.get("undo", False)),
    )
    for _ in range(_TURNS_PER_GENERATION):
        if position is None:
            return run
        raw = yield flow.call(position.activity, position.payload(run))
        report = Transition.read(cast("dict[str, Json]", raw))
        position = next_position(position, report)
        if position is not None and report.until is not None:
            yield from wait(flow, report.until)
    if position is not None:
        flow.continue_as_new(
            {
                **payload,
                "run": run,
                "activity": str(position.activity),
                "step": position.step,
                "undo": position.undo,
            }
        )
    return run
