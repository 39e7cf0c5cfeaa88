"""The janitor compares the store with the engine: it restarts instances that the engine has lost, and purges old records."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from ops.context import Context
from ops.engine import Orchestrator, started
from ops.engine.run_starter import UNFINISHED
from ops.model.ledger import Entry
from ops.model.run import Rollout, Run, StepState
from ops.ports.errors import OutsideError
from ops.tables.runs import rollouts, runs

_LOG = logging.getLogger(__name__)

# Deliveries are kept so that repeated ones are recognized: Event Grid events, votes, and commands whose reply is a post.
_DELIVERIES = ("event", "attempt", "answered-command")
# Event Grid retries for a day.
_DELIVERED_FOR = timedelta(days=2)
# A run that was recorded only recently may not have reached the engine yet.
_SETTLED_AFTER = timedelta(minutes=10)


def reconcile_engine(context: Context, now: datetime, *, purge_after: timedelta) -> None:
    """Restarts instances that the engine has lost (safe, since each activity is idempotent), and purges those that ended long ago."""
    for marker in list(context.ports.store.scan(UNFINISHED)):
        try:
            _reconcile(context, marker.key, now, purge_after)
        except OutsideError as error:
            _LOG.warning("%s could not be reconciled this time: %s", marker.key, error)
    for kind in _DELIVERIES:
        _purge_deliveries(context, kind, now - max(purge_after, _DELIVERED_FOR))


def _purge_deliveries(context: Context, kind: str, before: datetime) -> None:
    """Deletes the records of deliveries that can no longer be repeated; each record has the time of its delivery."""
    for record in list(context.ports.store.scan(kind)):
        at = record.value.get("at") if isinstance(record.value, Mapping) else None
        if isinstance(at, str) and datetime.fromisoformat(at) < before:
            context.ports.store.delete(kind, record.key)


def _reconcile(context: Context, key: str, now: datetime, purge_after: timedelta) -> None:
    run = runs(context.ports.store).get(key)
    rollout = rollouts(context.ports.store).get(key)
    if run is not None:
        _reconcile_run(context, run.value, now, purge_after)
    elif rollout is not None:
        _reconcile_rollout(context, rollout.value, now, purge_after)
    elif key.startswith(f"{Orchestrator.CHAT_QUERY}."):
        _reconcile_query(context, key)
    else:
        context.ports.store.delete(UNFINISHED, key)  # marked but never recorded: its request will be sent again


def _reconcile_run(context: Context, run: Run, now: datetime, purge_after: timedelta) -> None:
    if run.state.is_final:
        _purge(context, run.id, run.ended, now, purge_after)
    elif now - run.created > _SETTLED_AFTER and not context.engine.is_live(run.id):
        text = "the engine has lost this run: restarted from the recorded position"
        context.ports.ledger.append(Entry(f"{run.id}|revived|{now:%Y%m%dT%H}", now, "janitor", run.id, text))
        context.engine.start(Orchestrator.OPERATION, run.id, started(run=run.id, **_resume_position(run)))


def _reconcile_rollout(context: Context, rollout: Rollout, now: datetime, purge_after: timedelta) -> None:
    if rollout.state.is_final:
        _purge(context, rollout.id, rollout.ended, now, purge_after)
    elif not context.engine.is_live(rollout.id):
        context.engine.start(Orchestrator.ROLLOUT, rollout.id, started(rollout=rollout.id))


def _reconcile_query(context: Context, key: str) -> None:
    """Purges a query that was answered or has expired."""
    if not context.engine.is_live(key):
        context.engine.purge(key)
        context.ports.store.delete(UNFINISHED, key)


def _resume_position(run: Run) -> dict[str, str | bool]:
    """Returns where to resume: at the step that was begun, otherwise by undoing what the run holds, otherwise from the start."""
    for record in run.steps if run.plan is not None else ():
        if record.state in (StepState.INTENDED, StepState.RUNNING):
            return {"activity": "begin", "step": record.id}
        if record.state is StepState.UNDOING:
            return {"activity": "begin", "step": record.id, "undo": True}
    touched = run.plan is not None and any(record.state is not StepState.PLANNED for record in run.steps)
    return {"activity": "unwind" if touched else "assess"}


def _purge(context: Context, instance: str, ended: datetime | None, now: datetime, purge_after: timedelta) -> None:
    if ended is None or now - ended < purge_after:
        return
    context.engine.purge(instance)
    context.ports.store.delete(UNFINISHED, instance)
