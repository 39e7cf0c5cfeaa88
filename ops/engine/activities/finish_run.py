"""Unwind, conclude, finish: how a run releases everything that it holds."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from ops.approvals.requests import withdraw_all
from ops.context import Context, run_of
from ops.engine.activities.lease import release_all
from ops.engine.transition import Outcome, Transition
from ops.messaging.message_sync import publish, report_run
from ops.model.json import Json
from ops.model.plan import Step
from ops.model.run import Run, State, StepRecord, StepState
from ops.tables.base import Stored
from ops.tables.runs import LIVE
from ops.verbs import verbs

_TOUCHED = (StepState.INTENDED, StepState.RUNNING, StepState.DONE, StepState.FAILED, StepState.UNDOING)


def unwind(context: Context, payload: Mapping[str, Json]) -> Transition:
    """Names the next step to undo, in reverse order. Reports UNDO, or CONCLUDE if none is left."""
    run = run_of(context, payload).value
    steps = reversed(run.plan.steps if run.plan else ())
    for step in steps:
        if _needs_undo(step, run.step(step.id)):
            return Transition(Outcome.UNDO, step=step.id)
    return Transition(Outcome.CONCLUDE)


def _needs_undo(step: Step, record: StepRecord) -> bool:
    """Returns only the temporary steps that have begun and whose undo has not failed."""
    if record.state is StepState.FAILED and record.began is None:
        return False
    return step.temporary and bool(verbs()[step.verb].undo) and record.state in _TOUCHED and not record.undo_failed


def conclude(context: Context, payload: Mapping[str, Json]) -> Transition:
    """Releases the leases. Reports END for a failed run, otherwise ASSESS."""
    stored = run_of(context, payload)
    run, now = stored.value, context.ports.clock.now()
    release_all(context.ports.store, run)
    done = tuple(record for record in run.steps if record.state in (StepState.DONE, StepState.UNDONE))
    if _has_failed(run):
        return finish_run(context, stored, replace(run, state=State.FAILED), now)
    until = run.until if run.until is not None and run.until > now else None
    state = run.state if until is None else State.WAITING
    going_on = replace(run, finished=(*run.finished, *done), steps=(), plan=None, until=until, state=state)
    context.runs.replace(stored, going_on)
    return Transition(Outcome.ASSESS, until)


def finish_run(context: Context, stored: Stored[Run], run: Run, now: datetime) -> Transition:
    """Ends a run: updates its record and message, writes its ledger entry, and wakes its rollout."""
    ended = replace(run, ended=now, until=None)
    context.runs.replace(stored, ended)
    return report_end(context, ended)


def report_end(context: Context, ended: Run) -> Transition:
    """Does everything that must follow the end of a run. Each part is safe to repeat, since the process may be killed between two parts."""
    withdraw_all(context, ended, ended.why or ended.headline)
    context.ports.store.delete(LIVE, ended.id)
    if ended.ended is not None:
        context.note(ended.ended, ended, "end", f"{ended.state}: {ended.why or ended.headline}", key="end")
    report_run(context.ports, ended)
    publish(context.ports, ended)
    if ended.rollout:
        context.engine.wake(ended.rollout)
    return Transition(Outcome.END)


def _has_failed(run: Run) -> bool:
    return any(record.failed or record.state is StepState.FAILED for record in run.steps)
