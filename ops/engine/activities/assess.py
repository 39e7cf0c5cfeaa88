"""Assess: gather the facts that the runbook needs, decide with a pure function, and record both."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta

from ops.approvals.gate import pass_gate
from ops.context import Context, run_of
from ops.engine.activities.finish_run import finish_run, report_end
from ops.engine.activities.refused_actions import hold_refused, last_refusal
from ops.engine.transition import Outcome, Transition
from ops.facts import FactQuery, facts
from ops.messaging.conditions import report_blocked
from ops.messaging.message_sync import report_run
from ops.model.decision import Act, Decision, Nothing, Report, Wait
from ops.model.fleet import Cluster
from ops.model.json import Json
from ops.model.plan import Plan
from ops.model.reasons import SkipReason, WaitReason
from ops.model.run import Run, State, StepRecord
from ops.policy.routes import channels_of
from ops.runbooks import runbooks
from ops.serialization import to_json
from ops.settings import Settings
from ops.tables.base import Stored
from ops.telemetry.metrics import Metric

_PAUSED_LOOK = timedelta(minutes=30)
_CONFIG_LOOK = timedelta(minutes=15)


def assess(context: Context, payload: Mapping[str, Json]) -> Transition:
    """Decides what the run does now. Reports END, ASSESS (after a sleep), APPROVE or ACT."""
    return assess_run(context, run_of(context, payload))


def assess_run(context: Context, stored: Stored[Run]) -> Transition:
    """Like `assess`, for a run that has already been read."""
    run, now = stored.value, context.ports.clock.now()
    if run.state.is_final:
        return report_end(context, run)
    control = context.control(run.id)
    if control.cancelled_by:
        ended = replace(
            run, state=State.HALTED, why=f"cancelled by {control.cancelled_by}{_reason_suffix(control.why)}"
        )
        return finish_run(context, stored, ended, now)
    if control.paused_by:
        return _sleep(context, stored, now + _PAUSED_LOOK, f"paused by {control.paused_by}", WaitReason.PAUSED)
    settings = context.config.settings
    if settings is None or context.config.problem:
        why = f"the configuration is not valid, so nothing new starts: {context.config.problem}"
        return _sleep(context, stored, now + _CONFIG_LOOK, why, WaitReason.CONFIGURATION)
    gathered, reference = _gather_facts(context, run, settings, now)
    runbook = runbooks()[run.runbook]
    decision = hold_refused(context.ports.store, run, runbook.decide(gathered, settings, run, now), now)
    known = replace(
        in_ring(run, gathered, settings),
        facts_ref=reference,
        config_hash=settings.hash,
        channels=run_channels(gathered, settings),
        plan=None,
        steps=(),
    )
    _measure(context, known, decision, runbook.days_behind(gathered))
    if run.rollout:
        report_blocked(context.ports, run, decision, now, known.channels)
    considered = pass_gate(context, known, decision, decide_at(gathered, settings, known))
    current = Stored(stored.key, considered.run, stored.etag)
    if considered.asks is not None:
        return _await_approval(context, current, considered.asks, decision)
    return _record(context, current, considered.run, considered.decision, now)


def _measure(context: Context, run: Run, decision: Decision, days_behind: int | None) -> None:
    code = decision.code if isinstance(decision, Wait) else None
    kind = type(decision).__name__.lower()
    context.ports.metrics.record(Metric.DECISIONS, runbook=run.runbook, decision=kind, code=str(code or ""))
    if days_behind is not None:
        context.ports.metrics.record(Metric.DAYS_BEHIND, days_behind, ring=run.ring, cluster=run.target_name)


def _await_approval(context: Context, stored: Stored[Run], plan: Plan, decision: Decision) -> Transition:
    """Stores the plan that needs approval; the next activity requests it."""
    opens = decision.until if isinstance(decision, Wait) else None
    skips = decision.skips if isinstance(decision, Wait) else plan.skips
    steps = tuple(StepRecord(step.id, step.title, params=step.params) for step in plan.steps)
    requesting = replace(
        stored.value, plan=plan, plan_hash=plan.hash, steps=steps, skips=skips, until=opens, notify=False
    )
    context.runs.replace(stored, requesting)
    return Transition(Outcome.APPROVE)


def decide_at(gathered: object, settings: Settings, run: Run) -> Callable[[datetime], Decision]:
    """Returns what would be decided at another time if the facts stayed the same."""
    return lambda at: runbooks()[run.runbook].decide(gathered, settings, run, at)


def decide_now(context: Context, run: Run, settings: Settings, now: datetime) -> tuple[Decision, object]:
    """Returns the decision and the facts it is based on, without recording them. Used by `plan` and `why`."""
    gathered, _ = _gather_facts(context, run, settings, now, keep=False)
    return runbooks()[run.runbook].decide(gathered, settings, run, now), gathered


def _gather_facts(
    context: Context, run: Run, settings: Settings, now: datetime, *, keep: bool = True
) -> tuple[object, str]:
    kind = runbooks()[run.runbook].facts
    question = FactQuery(run, settings, now, context.ports)
    for field in fields(kind):
        question.known[field.name] = facts()[field.name].gather(question)
    gathered = kind(**question.known)
    if not keep:
        return gathered, ""
    content = json.dumps(to_json(gathered), sort_keys=True).encode()
    return gathered, context.ports.store.put_content(content)


def _record(context: Context, stored: Stored[Run], run: Run, decision: Decision, now: datetime) -> Transition:
    match decision:
        case Nothing(why, skips, notify):
            state = State.DONE if run.finished else State.SKIPPED
            code = str(skips[-1].code) if skips else ""
            refused = last_refusal(context.ports.store, run)
            if refused is not None:
                # What was refused for one node does not undo what was done for the others.
                state = State.DONE if refused.subject and run.finished else State.SKIPPED
                why, code = refused.cause, WaitReason.REFUSED
            elif run.obstacle and any(skip.code is SkipReason.NO_WINDOW_LEFT for skip in skips):
                why = f"{why}; the last attempt ended with: {run.obstacle}"
            ended = replace(run, state=state, why=why, skips=skips, code=code, notify=notify)
            return finish_run(context, stored, ended, now)
        case Report(headline, lines, skips, ok):
            state = State.DONE if ok else State.NEEDS_YOU
            reported = replace(
                run,
                state=State.DONE,
                headline=headline,
                why="",
                lines=lines,
                skips=skips,
                acted=True,
                notify=state is State.NEEDS_YOU,
            )
            return finish_run(context, stored, reported, now)
        case Wait(until, why, reason, notify, skips, lines):
            code = str(reason or "")
            if run.dry_run:
                ended = replace(run, state=State.DONE, headline="would wait", why=why, code=code, skips=skips)
                return finish_run(context, stored, ended, now)
            waiting = replace(run, why=why, code=code, notify=notify, skips=skips, lines=lines)
            return _sleep(context, Stored(stored.key, waiting, stored.etag), until, why, code)
        case Act(plan):
            steps = tuple(StepRecord(step.id, step.title, params=step.params) for step in plan.steps)
            acting = replace(
                run,
                plan=plan,
                plan_hash=plan.hash,
                steps=steps,
                skips=plan.skips,
                why="",
                code="",
                until=None,
                lines=(),
                notify=False,
            )
            if run.dry_run:
                return finish_run(context, stored, replace(acting, state=State.DONE, headline="would act"), now)
            context.note(
                now,
                acting,
                "plan",
                "; ".join(plan.reasons),
                key=f"{plan.hash}.{now:%Y%m%dT%H%M}",
                plan=plan.hash,
                facts=run.facts_ref,
                approval=run.approval,
            )
            context.runs.replace(stored, acting)
            return Transition(Outcome.ACT)


def _sleep(context: Context, stored: Stored[Run], until: datetime, why: str, code: str) -> Transition:
    run = replace(stored.value, state=State.WAITING, until=until, why=why, code=code)
    context.runs.replace(stored, run)
    report_run(context.ports, run)
    return Transition(Outcome.ASSESS, until)


def run_channels(gathered: object, settings: Settings) -> tuple[str, ...]:
    """Returns the channels of every route that matches the run's cluster; an empty list means the default channels."""
    cluster = getattr(gathered, "cluster", None)
    return channels_of(cluster, settings) if isinstance(cluster, Cluster) else ()


def in_ring(run: Run, gathered: object, settings: Settings) -> Run:
    """Returns the run with the ring whose rules apply to it."""
    cluster = getattr(gathered, "cluster", None)
    return replace(run, ring=runbooks()[run.runbook].ring(cluster, settings) if isinstance(cluster, Cluster) else "")


def _reason_suffix(why: str) -> str:
    return f": {why}" if why else ""
