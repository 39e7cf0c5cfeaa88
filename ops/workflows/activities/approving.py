"""Approve: ask whoever policy names, and wait until they have decided, or time has (docs/approvals.md)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from ops.model.approval import Approval, ApprovalState
from ops.model.run import Run, State
from ops.policy.approval import Asked, Missing, Refused, decided_text, standing
from ops.policy.approval_times import next_event
from ops.policy.approvers import can_be_granted, rule_for
from ops.ports import Json
from ops.records import Stored
from ops.settings.approval import ApprovalRule
from ops.workflows.activities.closing import close, tell_end
from ops.workflows.activities.context import Context, run_of
from ops.workflows.answer import Answer
from ops.workflows.asking import approval_of, ask, move, settle
from ops.workflows.reporting import report_run
from ops.workflows.telling import reached_anybody, report_approval

_LOOK = timedelta(hours=1)


def approve(context: Context, payload: Mapping[str, Json]) -> dict[str, Json]:
    """One look at the run's request. Answers end, or assess: at once, or when time or a person changes something."""
    stored = run_of(context, payload)
    run, settings = stored.value, context.config.settings
    if run.state.is_final:
        return tell_end(context, run).write()
    control = context.control(run.id)
    if control.cancelled_by or control.paused_by or settings is None or context.config.problem or run.plan is None:
        return Answer("assess").write()
    now = context.ports.clock.now()
    rule = rule_for(settings, run.runbook, run.ring, run.plan.risk)
    match standing(approval_of(context.ports.store, run), run, run.plan, rule, settings, now):
        case Missing(changed) if rule is not None:
            return _wait(context, stored, ask(context, run, rule, settings, changed), rule).write()
        case Asked(approval) if rule is not None:
            return _wait(context, stored, approval, rule).write()
        case Refused(approval):
            return _refused(context, stored, approval).write()
        case _:
            return Answer("assess").write()


def _wait(context: Context, stored: Stored[Run], asked: Approval, rule: ApprovalRule) -> Answer:
    """Moves the request on, shows it, and sleeps until something can have changed."""
    settings, now = context.config.settings, context.ports.clock.now()
    run = replace(stored.value, approval=asked.id, approved="")
    if settings is None:
        return Answer("assess")
    if not can_be_granted(asked, rule, settings):
        why = f"nobody can approve it: {rule.label or 'nobody'} may, {asked.needed} needed, the requester not counted"
        remedy = "name people enough under approval: from in daytwo.yaml, then start the run again"
        ended = replace(run, state=State.FAILED, why=why, code="nobody-may-approve", remedy=remedy, loud=True)
        return close(context, stored, ended, now)
    approval = move(context, asked.id, rule, settings)
    report_approval(context.ports, approval, settings)
    if approval.state is ApprovalState.EXPIRED:
        return _refused(context, Stored(stored.key, run, stored.etag), approval)
    # Plans, people and configuration change too, and nobody says so.
    until = min(next_event(approval, now), now + _LOOK)
    if approval.asked:
        why = f"waits for approval by {rule.label}, until {approval.expires:%a %H:%M} UTC"
        waiting = replace(run, state=State.NEEDS_YOU, until=until, why=why, code="approval")
    else:
        why = f"asks {rule.label} for approval at {approval.asks_at:%a %H:%M} UTC"
        waiting = replace(run, state=State.WAITING, until=until, why=why, code="approval")
    context.runs.replace(stored, waiting)
    report_run(context.ports, waiting)
    return Answer("assess", until)


def _refused(context: Context, stored: Stored[Run], refused: Approval) -> Answer:
    """The end of a run that was rejected, or that nobody decided about; a request that reached nobody is a failure."""
    run, now = stored.value, context.ports.clock.now()
    approval = settle(context, refused.id)
    report_approval(context.ports, approval, context.config.settings)
    if approval.state is ApprovalState.REJECTED:
        ended = replace(run, state=State.HALTED, why=decided_text(approval), code="rejected")
    elif reached_anybody(context.ports, approval):
        why = f"nobody approved it until {approval.expires:%a %Y-%m-%d %H:%M} UTC, so nothing was done"
        ended = replace(run, state=State.SKIPPED, why=why, code="not-approved")
    else:
        why = "nobody could be asked: no chat has taken the request for approval"
        remedy = "look what the chat says of its messages (the ledger has it), then start the run again"
        ended = replace(run, state=State.FAILED, why=why, code="not-asked", remedy=remedy, loud=True)
    return close(context, stored, ended, now)
