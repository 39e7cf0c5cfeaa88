"""Assess: gather the facts that the runbook needs, then decide purely, and record both."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta

from ops.facts import Question, facts
from ops.model.decision import Act, Decision, Nothing, Tell, Wait
from ops.model.fleet import Cluster
from ops.model.plan import Plan
from ops.model.run import Run, State, StepRecord
from ops.policy.rings import ring_of
from ops.policy.routes import channels_of
from ops.ports import Json
from ops.records import Stored
from ops.runbooks import runbooks
from ops.settings import Settings
from ops.wire import to_json
from ops.workflows.activities.closing import close, tell_end
from ops.workflows.activities.consenting import consider
from ops.workflows.activities.context import Context, run_of
from ops.workflows.answer import Answer
from ops.workflows.reporting import report_run

_PAUSED_LOOK = timedelta(minutes=30)
_CONFIG_LOOK = timedelta(minutes=15)


def assess(context: Context, payload: Mapping[str, Json]) -> dict[str, Json]:
    """Decides what the run does now. Answers end, assess (after a sleep), approve or act."""
    return assess_run(context, run_of(context, payload)).write()


def assess_run(context: Context, stored: Stored[Run]) -> Answer:
    """The same, for a run in hand."""
    run, now = stored.value, context.ports.clock.now()
    if run.state.is_final:
        return tell_end(context, run)
    control = context.control(run.id)
    if control.cancelled_by:
        ended = replace(run, state=State.HALTED, why=f"cancelled by {control.cancelled_by}{_because(control.why)}")
        return close(context, stored, ended, now)
    if control.paused_by:
        return _sleep(context, stored, now + _PAUSED_LOOK, f"paused by {control.paused_by}", "paused")
    settings = context.config.settings
    if settings is None or context.config.problem:
        why = f"the configuration is not valid, so nothing new begins: {context.config.problem}"
        return _sleep(context, stored, now + _CONFIG_LOOK, why, "configuration")
    gathered, reference = _gather(context, run, settings, now)
    decision = runbooks()[run.runbook].decide(gathered, settings, run, now)
    known = replace(
        in_ring(run, gathered, settings),
        facts_ref=reference,
        config_hash=settings.hash,
        channels=channels_for(gathered, settings),
        plan=None,
        steps=(),
    )
    considered = consider(context, known, decision, decide_at(gathered, settings, known))
    current = Stored(stored.key, considered.run, stored.etag)
    if considered.asks is not None:
        return _ask(context, current, considered.asks, decision)
    return _record(context, current, considered.run, considered.decision, now)


def _ask(context: Context, stored: Stored[Run], plan: Plan, decision: Decision) -> Answer:
    """Keeps the plan that somebody has to approve; what follows is the approval."""
    opens = decision.until if isinstance(decision, Wait) else None
    skips = decision.skips if isinstance(decision, Wait) else plan.skips
    steps = tuple(StepRecord(step.id, step.title, params=step.params) for step in plan.steps)
    asking = replace(stored.value, plan=plan, plan_hash=plan.hash, steps=steps, skips=skips, until=opens, loud=False)
    context.runs.replace(stored, asking)
    return Answer("approve")


def decide_at(gathered: object, settings: Settings, run: Run) -> Callable[[datetime], Decision]:
    """What would be decided at another time, were today's facts still true."""
    return lambda at: runbooks()[run.runbook].decide(gathered, settings, run, at)


def decide_now(context: Context, run: Run, settings: Settings, now: datetime) -> tuple[Decision, object]:
    """The decision and the facts it rests on, with nothing recorded: what `plan` and `why` show."""
    gathered, _ = _gather(context, run, settings, now, keep=False)
    return runbooks()[run.runbook].decide(gathered, settings, run, now), gathered


def _gather(context: Context, run: Run, settings: Settings, now: datetime, *, keep: bool = True) -> tuple[object, str]:
    kind = runbooks()[run.runbook].facts
    question = Question(run, settings, now, context.ports)
    for field in fields(kind):
        question.known[field.name] = facts()[field.name].gather(question)
    gathered = kind(**question.known)
    if not keep:
        return gathered, ""
    content = json.dumps(to_json(gathered), sort_keys=True).encode()
    return gathered, context.ports.store.put_content(content)


def _record(context: Context, stored: Stored[Run], run: Run, decision: Decision, now: datetime) -> Answer:
    match decision:
        case Nothing(why, skips, loud):
            state = State.DONE if run.finished else State.SKIPPED
            ended = replace(run, state=state, why=why, skips=skips, code=skips[-1].code if skips else "", loud=loud)
            return close(context, stored, ended, now)
        case Tell(headline, lines, skips, ok):
            state = State.DONE if ok else State.NEEDS_YOU
            told = replace(
                run,
                state=State.DONE,
                headline=headline,
                why="",
                lines=lines,
                skips=skips,
                acted=True,
                loud=state is State.NEEDS_YOU,
            )
            return close(context, stored, told, now)
        case Wait(until, why, code, loud, skips, lines):
            if run.dry_run:
                ended = replace(run, state=State.DONE, headline="would wait", why=why, code=code, skips=skips)
                return close(context, stored, ended, now)
            waiting = replace(run, why=why, code=code, loud=loud, skips=skips, lines=lines)
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
                loud=False,
            )
            if run.dry_run:
                return close(context, stored, replace(acting, state=State.DONE, headline="would act"), now)
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
            return Answer("act")


def _sleep(context: Context, stored: Stored[Run], until: datetime, why: str, code: str) -> Answer:
    run = replace(stored.value, state=State.WAITING, until=until, why=why, code=code)
    context.runs.replace(stored, run)
    report_run(context.ports, run)
    return Answer("assess", until)


def channels_for(gathered: object, settings: Settings) -> tuple[str, ...]:
    """Where the run's messages go: every channel of every route that matches its cluster; none: where all go."""
    cluster = getattr(gathered, "cluster", None)
    return channels_of(cluster, settings) if isinstance(cluster, Cluster) else ()


def in_ring(run: Run, gathered: object, settings: Settings) -> Run:
    """The run with the ring that its cluster is in."""
    cluster = getattr(gathered, "cluster", None)
    ring = ring_of(cluster, settings) if isinstance(cluster, Cluster) else None
    return replace(run, ring=ring.name if ring else "")


def _because(why: str) -> str:
    return f": {why}" if why else ""
