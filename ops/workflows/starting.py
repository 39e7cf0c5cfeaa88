"""A signal becomes one run: the store's insert-if-absent decides, not the engine."""

import logging

from ops.model.decision import Act
from ops.model.run import Run, State
from ops.model.signal import Signal
from ops.ports import OutsideError
from ops.records import LIVE, runs
from ops.runbooks import runbooks
from ops.workflows.activities.assess import assess_run, channels_for, decide_at, decide_now, in_ring
from ops.workflows.activities.consenting import asks_now
from ops.workflows.activities.context import Context
from ops.workflows.operation import VERSION
from ops.workflows.standing import report_held

_LOG = logging.getLogger(__name__)

OPERATION = "operation"
ROLLOUT = "rollout"
ERRAND = "errand"
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
    if is_new:
        context.ports.store.insert(LIVE, run.id, {})
    existing = run if is_new else table.must_get(run.id).value
    if not existing.state.is_final:
        context.engine.start(OPERATION, run.id, {"run": run.id})
    return existing, is_new


def start_quietly(context: Context, signal: Signal) -> None:
    """As `start`, but what decides that there is nothing to do starts no instance: a line in the run index is all."""
    run = _record(signal)
    table = runs(context.ports.store)
    context.ports.store.insert(OPEN, run.id, {})
    if table.insert(run.id, run):
        context.ports.store.insert(LIVE, run.id, {})
    stored = table.must_get(run.id)
    if stored.value.state is State.WAITING and stored.value.until is None and stored.value.plan is None:
        try:
            if assess_run(context, stored).kind == "end":
                return
        except OutsideError as error:
            # Its own instance looks again: one cluster that cannot be read holds up no other.
            _LOG.warning("%s could not be assessed at once: %s", run.id, error)
    if not table.must_get(run.id).value.state.is_final:
        context.engine.start(OPERATION, run.id, {"run": run.id})


def start_if_it_acts(context: Context, signal: Signal) -> None:
    """For what a timer looks at again and again: only what would act, or has something to ask, becomes a run.

    Of the rest only what waits for a person is told.
    """
    settings = context.config.settings
    if settings is None or runs(context.ports.store).get(signal.run_id) is not None:
        return
    of_this_target = signal.run_id.rsplit(".", 1)[0] + "."
    if any(_goes_on(context, marker.key) for marker in context.ports.store.scan(OPEN, of_this_target)):
        return
    run = _record(signal)
    decision, gathered = decide_now(context, run, settings, context.ports.clock.now())
    report_held(context.ports, signal, decision, channels_for(gathered, settings))
    if isinstance(decision, Act) or asks_now(
        in_ring(run, gathered, settings), decision, decide_at(gathered, settings, run), settings
    ):
        start(context, signal)


def _goes_on(context: Context, run_id: str) -> bool:
    stored = runs(context.ports.store).get(run_id)
    return stored is not None and not stored.value.state.is_final


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
