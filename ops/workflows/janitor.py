"""The janitor compares store and engine: what fell between is finished, what is old is purged."""

from dataclasses import replace
from datetime import datetime, timedelta

from ops.model.ledger import Entry
from ops.model.run import Run, State
from ops.records import Stored, rollouts, runs
from ops.workflows.activities.context import Context
from ops.workflows.starting import OPERATION, ROLLOUT

# A run that was just recorded may be on its way into the engine.
_SETTLED_AFTER = timedelta(minutes=10)


def tidy(context: Context, now: datetime, *, purge_after: timedelta) -> None:
    """Starts again what the engine lost (each activity is idempotent, so that is safe), purges what ended long ago."""
    for run in runs(context.ports.store).scan():
        if run.value.state.is_final:
            _purge(context, run, now, purge_after)
        elif now - run.value.created > _SETTLED_AFTER and not context.engine.is_live(run.key):
            text = "the engine has lost this run: started again where the store says it was"
            context.ports.ledger.append(Entry(f"{run.key}|revived|{now:%Y%m%dT%H}", now, "janitor", run.key, text))
            context.engine.start(OPERATION, run.key, {"run": run.key, **_position(run.value)})
    for rollout in rollouts(context.ports.store).scan():
        if not rollout.value.state.is_final and not context.engine.is_live(rollout.key):
            context.engine.start(ROLLOUT, rollout.key, {"rollout": rollout.key})


def _position(run: Run) -> dict[str, str | bool]:
    """Where to go on: a run with a plan in hand first unwinds what it holds, any other is assessed."""
    return {"activity": "unwind"} if run.plan is not None and run.state is State.RUNNING else {"activity": "assess"}


def _purge(context: Context, run: Stored[Run], now: datetime, purge_after: timedelta) -> None:
    ended = run.value.ended
    if ended is None or run.value.purged or now - ended < purge_after:
        return
    context.engine.purge(run.key)
    runs(context.ports.store).replace(run, replace(run.value, purged=True))
