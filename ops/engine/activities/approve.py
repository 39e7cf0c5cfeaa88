"""Approve: ask the approvers that policy names, and wait for their decision or its deadline (docs/approvals.md)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from ops.approvals.notifications import report_approval, was_delivered
from ops.approvals.requests import advance, approval_of, expire_if_due, request_approval, withdraw
from ops.context import Context, run_of
from ops.engine.activities.finish_run import finish_run, report_end
from ops.engine.transition import Outcome, Transition
from ops.messaging.message_sync import report_run
from ops.model.approval import Approval, ApprovalState, PartState
from ops.model.json import Json
from ops.model.reasons import EndReason, WaitReason
from ops.model.run import Run, State
from ops.model.wording import clock, instant
from ops.policy.approval_status import Denied, Missing, Pending, approval_status, decided_text
from ops.policy.approval_times import next_event
from ops.policy.approvers import can_be_granted, rule_for
from ops.settings.approval import ApprovalRule
from ops.tables.base import Stored

_LOOK = timedelta(hours=1)


def approve(context: Context, payload: Mapping[str, Json]) -> Transition:
    """Checks the run's request once. Reports END or ASSESS, either immediately or when the approval may have changed."""
    stored = run_of(context, payload)
    run, settings = stored.value, context.config.settings
    if run.state.is_final:
        return report_end(context, run)
    control = context.control(run.id)
    if control.cancelled_by or control.paused_by or settings is None or context.config.problem or run.plan is None:
        return Transition(Outcome.ASSESS)
    now = context.ports.clock.now()
    rule = rule_for(settings, run.runbook, run.ring, run.plan.risk)
    match approval_status(approval_of(context.ports.store, run), run, run.plan, rule, settings, now):
        case Missing(changed) if rule is not None:
            return _wait(context, stored, request_approval(context, run, rule, settings, changed), rule)
        case Missing(changed):
            return _finish_moved(context, stored, "; ".join(changed))
        case Pending(approval) if rule is not None:
            return _wait(context, stored, approval, rule)
        case Denied(approval):
            return _finish_denied(context, stored, approval)
        case _:
            return Transition(Outcome.ASSESS)


def _wait(context: Context, stored: Stored[Run], asked: Approval, rule: ApprovalRule) -> Transition:
    """Advances the request, shows it in the chats, and sleeps until its state may have changed."""
    settings, now = context.config.settings, context.ports.clock.now()
    run = replace(stored.value, approval=asked.id, approved="")
    if settings is None:
        return Transition(Outcome.ASSESS)
    if not can_be_granted(asked, rule, settings):
        why = f"no one can approve it: {asked.needed} approvals are needed from {rule.label or 'an empty list'}, not counting the requester"
        remedy = "add approvers under `approval: from` in daytwo.yaml, then start the run again"
        ended = replace(run, state=State.FAILED, why=why, code=EndReason.NO_APPROVERS, remedy=remedy, notify=True)
        return finish_run(context, stored, ended, now)
    approval = advance(context, asked.id, rule, settings)
    report_approval(context.ports, approval, settings)
    if approval.state is ApprovalState.EXPIRED:
        return _finish_denied(context, Stored(stored.key, run, stored.etag), approval)
    # Plans, people and the configuration can also change, and no event reports these changes.
    until = min(next_event(approval, now), now + _LOOK)
    if approval.asked:
        why = f"waiting for approval by {rule.label}, until {clock(approval.expires)}"
        waiting = replace(run, state=State.NEEDS_YOU, until=until, why=why, code=WaitReason.APPROVAL)
    else:
        why = f"will ask {rule.label} for approval at {clock(approval.asks_at)}"
        waiting = replace(run, state=State.WAITING, until=until, why=why, code=WaitReason.APPROVAL)
    context.runs.replace(stored, waiting)
    report_run(context.ports, waiting)
    return Transition(Outcome.ASSESS, until)


def _finish_moved(context: Context, stored: Stored[Run], why: str) -> Transition:
    """Ends a run that has left the ring in which approval was requested, if no rule says who approves it now."""
    run, now = stored.value, context.ports.clock.now()
    withdraw(context, run, PartState.SUPERSEDED, why)
    text = f"{why}: the request for approval no longer counts; the next run follows the rules of the new ring"
    return finish_run(context, stored, replace(run, state=State.SKIPPED, why=text, code=EndReason.RING_CHANGED), now)


def _finish_denied(context: Context, stored: Stored[Run], refused: Approval) -> Transition:
    """Ends a run whose request was rejected or has expired. If no chat delivered the request, the run fails."""
    run, now = stored.value, context.ports.clock.now()
    approval = expire_if_due(context, refused.id)
    report_approval(context.ports, approval, context.config.settings)
    if approval.state is ApprovalState.REJECTED:
        ended = replace(run, state=State.HALTED, why=decided_text(approval), code=EndReason.REJECTED)
    elif was_delivered(context.ports, approval):
        why = f"not approved by {instant(approval.expires)}, so nothing was done"
        ended = replace(run, state=State.SKIPPED, why=why, code=EndReason.NOT_APPROVED)
    else:
        why = "no approver could be asked: no chat has accepted the request for approval"
        remedy = "check the log for why the chat refused the message, then start the run again"
        ended = replace(run, state=State.FAILED, why=why, code=EndReason.NOT_DELIVERED, remedy=remedy, notify=True)
    return finish_run(context, stored, ended, now)
