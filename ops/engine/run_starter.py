"""Turns a run request into exactly one run. The insert into the store is what decides, not the engine."""

import logging

from ops.approvals.gate import needs_approval_now
from ops.context import Context
from ops.engine import VERSION, Orchestrator, started
from ops.engine.activities.assess import assess_run, decide_at, decide_now, in_ring, run_channels
from ops.engine.activities.refused_actions import hold_refused
from ops.engine.transition import Outcome
from ops.messaging.conditions import report_blocked
from ops.model.decision import Act
from ops.model.run import Run, State
from ops.model.run_request import RunRequest
from ops.ports.errors import OutsideError
from ops.runbooks import runbooks
from ops.tables.base import marked
from ops.tables.runs import LIVE, runs

_LOG = logging.getLogger(__name__)

# An index of unfinished runs, so that the janitor does not read every run that was ever recorded.
UNFINISHED = "open"


def start_run(context: Context, run_request: RunRequest) -> tuple[Run, bool]:
    """Starts the run for a request; returns the run and whether it is new.

    If the engine loses the start, the janitor starts the run again.

    Raises:
        KeyError: there is no such runbook.
    """
    run = _new_run(run_request)
    table = runs(context.ports.store)
    context.ports.store.insert(UNFINISHED, run.id, {})
    is_new = table.insert(run.id, run)
    if is_new:
        context.ports.store.insert(LIVE, run.id, {})
    existing = run if is_new else table.must_get(run.id).value
    if not existing.state.is_final:
        context.engine.start(Orchestrator.OPERATION, run.id, started(run=run.id))
    return existing, is_new


def start_unless_idle(context: Context, run_request: RunRequest) -> None:
    """Like `start_run`, but a run that has nothing to do is only recorded, without starting an instance."""
    run = _new_run(run_request)
    table = runs(context.ports.store)
    context.ports.store.insert(UNFINISHED, run.id, {})
    if table.insert(run.id, run):
        context.ports.store.insert(LIVE, run.id, {})
    stored = table.must_get(run.id)
    if stored.value.state is State.WAITING and stored.value.until is None and stored.value.plan is None:
        try:
            if assess_run(context, stored).outcome is Outcome.END:
                return
        except OutsideError as error:
            # The run's own instance retries, so a cluster that cannot be read does not delay the others.
            _LOG.warning("%s could not be assessed yet; its own instance retries: %s", run.id, error)
    if not table.must_get(run.id).value.state.is_final:
        context.engine.start(Orchestrator.OPERATION, run.id, started(run=run.id))


def start_if_actionable(context: Context, run_request: RunRequest) -> None:
    """Starts a run only if it would act or needs approval; used for conditions that a timer checks repeatedly.

    Anything else is reported only if a person is needed.
    """
    settings = context.config.settings
    if settings is None or runs(context.ports.store).get(run_request.run_id) is not None:
        return
    of_this_target = run_request.run_id.rsplit(".", 1)[0] + "."
    if any(_is_unfinished(context, key) for key in marked(context.ports.store, UNFINISHED, of_this_target)):
        return
    run = _new_run(run_request)
    now = context.ports.clock.now()
    planned, gathered = decide_now(context, run, settings, now)
    decision = hold_refused(context.ports.store, run, planned, now)
    report_blocked(context.ports, run, decision, now, run_channels(gathered, settings))
    if isinstance(decision, Act) or needs_approval_now(
        in_ring(run, gathered, settings), decision, decide_at(gathered, settings, run), settings
    ):
        start_run(context, run_request)


def _is_unfinished(context: Context, run_id: str) -> bool:
    stored = runs(context.ports.store).get(run_id)
    return stored is not None and not stored.value.state.is_final


def _new_run(run_request: RunRequest) -> Run:
    return Run(
        id=run_request.run_id,
        runbook=runbooks()[run_request.runbook].name,
        target=run_request.target,
        target_name=run_request.target_name,
        period=run_request.period,
        created=run_request.at,
        source=run_request.source,
        by=run_request.by,
        rollout=run_request.rollout,
        batch=run_request.batch,
        dry_run=run_request.dry_run,
        version=VERSION,
        params=dict(run_request.params),
    )
