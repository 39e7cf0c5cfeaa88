"""The janitor compares the store with the engine: it restarts instances that the engine has lost, and purges old records."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from ops.context import Context
from ops.engine import Orchestrator, started
from ops.engine.run_starter import UNFINISHED
from ops.model.json import Json
from ops.model.ledger import Entry
from ops.model.run import Rollout, Run, StepState
from ops.ports.store import Store
from ops.tables.base import documents, marked
from ops.tables.runs import LIVE, rollouts, runs
from ops.tables.set_aside import each

# Deliveries are kept so that repeated ones are recognized: Event Grid events, votes, and commands whose reply is a post.
_DELIVERIES = ("event", "attempt", "answered-command")
# Event Grid retries for a day.
_DELIVERED_FOR = timedelta(days=2)
# A run that was recorded only recently may not have reached the engine yet.
_SETTLED_AFTER = timedelta(minutes=10)
# A live run that should have continued this long ago has lost its timer; a wake event makes it read the store.
_OVERDUE_AFTER = timedelta(minutes=15)


def reconcile_engine(context: Context, now: datetime, *, purge_after: timedelta) -> None:
    """Restarts instances that the engine has lost (safe, since each activity is idempotent), and purges those that ended long ago."""
    store = context.ports.store
    each(store, "unfinished", marked(store, UNFINISHED), lambda key: _reconcile(context, key, now, purge_after))
    for kind in _DELIVERIES:
        _purge_deliveries(store, kind, now - max(purge_after, _DELIVERED_FOR))


def recover_lost(context: Context, now: datetime) -> None:
    """Restarts runs and rollouts that the engine has lost, and wakes those that it has not continued in time.

    It is called often, because a run must be recovered before its lease expires: otherwise another run could take the
    cluster from it. Runs that wait for a later time are left to the hourly check.
    """
    store = context.ports.store
    each(store, "live runs", marked(store, LIVE), lambda key: _recover_run(context, key, now))
    each(store, "live rollouts", marked(store, UNFINISHED, "rollout."), lambda key: _recover_rollout(context, key))


def _recover_run(context: Context, key: str, now: datetime) -> None:
    stored = runs(context.ports.store).get(key)
    if stored is None or stored.value.state.is_final:
        return
    run = stored.value
    if run.until is not None and now < run.until:
        return
    _revive(context, run, now)
    if any(now - due > _OVERDUE_AFTER for due in (run.until, *_expected_ends(run)) if due is not None):
        context.engine.wake(run.id)


def _expected_ends(run: Run) -> tuple[datetime | None, ...]:
    """Returns when the run's running steps should have ended. A wake event only makes a run look earlier."""
    return tuple(record.expected_end for record in run.steps if record.state is StepState.RUNNING)


def _recover_rollout(context: Context, key: str) -> None:
    stored = rollouts(context.ports.store).get(key)
    if stored is not None and not stored.value.state.is_final:
        _revive_rollout(context, stored.value)


def _purge_deliveries(store: Store, kind: str, before: datetime) -> None:
    """Deletes the records of deliveries that can no longer be repeated; each record has the time of its delivery."""

    def purge(record: tuple[str, Json]) -> None:
        key, value = record
        at = value.get("at") if isinstance(value, Mapping) else None
        if isinstance(at, str) and datetime.fromisoformat(at) < before:
            store.delete(kind, key)

    each(store, f"old {kind}", list(documents(store, kind)), purge, lambda record: record[0])


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
    else:
        _revive(context, run, now)


def _revive(context: Context, run: Run, now: datetime) -> None:
    """Restarts the run's instance if the engine has lost it."""
    if now - run.created > _SETTLED_AFTER and not context.engine.is_live(run.id):
        text = "the engine has lost this run: restarted from the recorded position"
        context.ports.ledger.append(Entry(f"{run.id}|revived|{now:%Y%m%dT%H}", now, "janitor", run.id, text))
        context.engine.start(Orchestrator.OPERATION, run.id, started(run=run.id, **_resume_position(run)))


def _reconcile_rollout(context: Context, rollout: Rollout, now: datetime, purge_after: timedelta) -> None:
    if rollout.state.is_final:
        _purge(context, rollout.id, rollout.ended, now, purge_after)
    else:
        _revive_rollout(context, rollout)


def _revive_rollout(context: Context, rollout: Rollout) -> None:
    if not context.engine.is_live(rollout.id):
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
