"""Advance a rollout: start the rings that are ready, or halt it if too many runs have failed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ops.context import Context
from ops.engine.run_starter import start_unless_idle
from ops.engine.transition import Outcome, Transition
from ops.messaging.message_sync import report_rollout
from ops.model.json import Json
from ops.model.ledger import Entry
from ops.model.reasons import WaitReason
from ops.model.run import Rollout, RunSummary, State
from ops.model.run_request import RunRequest
from ops.policy.rings import next_progress
from ops.tables.runs import Control, controls, rollouts, runs
from ops.tables.set_aside import each

_LOOK_AGAIN = timedelta(minutes=30)


def advance_rollout(context: Context, payload: Mapping[str, Json]) -> Transition:
    """Advances the rollout once. Reports RETRY after a sleep, or END."""
    table = rollouts(context.ports.store)
    stored = table.must_get(str(payload["rollout"]))
    rollout, now = stored.value, context.ports.clock.now()
    if rollout.state.is_final:
        return Transition(Outcome.END)
    _start_missing(context, rollout, now)
    moves = next_progress(rollout, summaries(context, rollout), now)
    while moves.begin:
        for index in moves.begin:
            _start_each(context, rollout, rollout.plan.rings[index].targets, now)
        rollout = replace(rollout, rings_begun=max(moves.begin) + 1)
        moves = next_progress(rollout, summaries(context, rollout), now)
    rollout = replace(rollout, state=moves.state, why=moves.why, until=now + _LOOK_AGAIN)
    if rollout.state.is_final:
        rollout = replace(rollout, until=None, ended=now)
        _end(context, rollout, now)
    table.replace(stored, rollout)
    report_rollout(context.ports, rollout, summaries(context, rollout))
    return Transition(Outcome.END) if rollout.state.is_final else Transition(Outcome.RETRY, rollout.until)


def _start_missing(context: Context, rollout: Rollout, now: datetime) -> None:
    """Starts runs that do not wait for a ring: on AKS-managed clusters, and on clusters found after their ring has started."""
    begun = [target for ring in rollout.plan.rings[: rollout.rings_begun] for target in ring.targets]
    _start_each(context, rollout, (*rollout.plan.watched, *begun), now, only_missing=True)


def _start_each(
    context: Context,
    rollout: Rollout,
    targets: Sequence[tuple[str, str]],
    now: datetime,
    *,
    only_missing: bool = False,
) -> None:
    """Starts the runs of these targets. A run whose record cannot be read is not started, and does not stop the others."""

    def start(target: tuple[str, str]) -> None:
        run_request = _run_request(rollout, *target, now)
        if not only_missing or runs(context.ports.store).get(run_request.run_id) is None:
            start_unless_idle(context, run_request)

    each(context.ports.store, "rollout runs", targets, start, lambda target: f"{rollout.id} {target[0]}")


def summaries(context: Context, rollout: Rollout) -> dict[str, RunSummary]:
    """Returns the rollout's started runs, keyed by target. AKS-managed clusters do not count towards the failure budget.

    A run whose record cannot be read is left out, so the rollout treats it as one that has not ended.
    """
    targets = [target for ring in rollout.plan.rings for target in ring.targets]
    ids = {_run_request(rollout, *target, rollout.created).run_id: target for target in targets}
    found = ((ids[key], stored.value) for key, stored in runs(context.ports.store).get_all(ids) if stored is not None)
    return {
        target: RunSummary(run.id, target, name, run.state, run.acted, run.why, run.code)
        for (target, name), run in found
    }


def _run_request(rollout: Rollout, target: str, name: str, at: datetime) -> RunRequest:
    plan = rollout.plan
    return RunRequest(plan.runbook, target, name, plan.period, at, "timer", "daytwo", rollout.id)


def _end(context: Context, rollout: Rollout, now: datetime) -> None:
    text = f"{rollout.state}: {rollout.why}"
    # A rollout can end several times, since new clusters can join it; each end is recorded.
    size = sum(len(ring.targets) for ring in rollout.plan.rings)
    context.ports.ledger.append(Entry(f"{rollout.id}|end|{size}", now, "rollout", rollout.id, text))
    if rollout.state is State.HALTED:
        for run in summaries(context, rollout).values():
            if not run.state.is_final and (not run.acted or run.code == WaitReason.APPROVAL):
                _cancel(context, run.id, rollout.why, now)


def _cancel(context: Context, run: str, why: str, now: datetime) -> None:
    def change(old: Control | None) -> Control:
        if old is not None and old.cancelled_by:
            return old
        return Control(cancelled_by="the rollout, which has halted", why=why, at=now)

    controls(context.ports.store).change(run, change)
    context.engine.wake(run)
