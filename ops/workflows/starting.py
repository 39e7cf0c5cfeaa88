"""A signal becomes one run: the store's insert-if-absent decides, not the engine."""

from ops.model.run import Run, State
from ops.model.signal import Signal
from ops.records import runs
from ops.runbooks import runbooks
from ops.workflows.activities.assess import assess_run
from ops.workflows.activities.context import Context
from ops.workflows.operation import VERSION

OPERATION = "operation"
ROLLOUT = "rollout"
# The index of what the janitor still has to look at, so that it need not read every run that ever was.
OPEN = "open"


def start(context: Context, signal: Signal) -> tuple[Run, bool]:
    """The run of this signal, and whether it is new. An engine that lost the start is helped by the janitor.

    Raises KeyError where there is no such runbook.
    """
    run = _record(signal)
    table = runs(context.ports.store)
    context.ports.store.insert(OPEN, run.id, {})
    is_new = table.insert(run.id, run)
    existing = run if is_new else table.must_get(run.id).value
    if not existing.state.is_final:
        context.engine.start(OPERATION, run.id, {"run": run.id})
    return existing, is_new


def start_quietly(context: Context, signal: Signal) -> None:
    """As `start`, but what decides that there is nothing to do starts no instance: a line in the run index is all."""
    run = _record(signal)
    table = runs(context.ports.store)
    context.ports.store.insert(OPEN, run.id, {})
    table.insert(run.id, run)
    stored = table.must_get(run.id)
    if stored.value.state is State.WAITING and stored.value.until is None and stored.value.plan is None:
        answer = assess_run(context, stored)
        if answer.kind == "end":
            return
    if not table.must_get(run.id).value.state.is_final:
        context.engine.start(OPERATION, run.id, {"run": run.id})


def _record(signal: Signal) -> Run:
    return Run(
        id=signal.run_id,
        runbook=runbooks()[signal.runbook].name,
        target=signal.target,
        target_name=signal.target_name,
        occurrence=signal.occurrence,
        created=signal.at,
        source=signal.source,
        by=signal.by,
        rollout=signal.rollout,
        dry_run=signal.dry_run,
        version=VERSION,
        params=dict(signal.params),
    )
