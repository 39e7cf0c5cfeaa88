"""When approvers are asked, and how a request changes over time (docs/approvals.md, rules 4, 5, 8 and 11)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ops.model.approval import Approval, ApprovalState
from ops.policy.approvers import approved, needed, valid_votes
from ops.policy.calendar import next_open, occurrence_at
from ops.settings import Settings
from ops.settings.approval import ApprovalRule

_HORIZON = timedelta(days=14)
_HOUR = timedelta(hours=1)


def asks_at(rule: ApprovalRule, now: datetime, gather: timedelta) -> datetime:
    """When approvers are asked: after the gathering time, within the rule's hours (rule 4); immediately if the rule has no hours."""
    ready = now + gather
    if rule.hours is None:
        return ready
    opening = next_open(rule.hours, (), ready, _HORIZON)
    return ready if opening is None else opening.start


def next_look(rules: Sequence[ApprovalRule], now: datetime) -> datetime:
    """When a run checks again whether it needs approval: once per hour, just after the samples, within the hours (rule 8)."""
    hour = now.replace(minute=0, second=0, microsecond=0) + _HOUR + timedelta(minutes=1)
    return min(_within_hours(rule, hour) for rule in rules)


def _within_hours(rule: ApprovalRule, at: datetime) -> datetime:
    if rule.hours is None or occurrence_at(rule.hours, at) is not None:
        return at
    opening = next_open(rule.hours, (), at, _HORIZON)
    return at if opening is None else opening.start


def expired_if_due(approval: Approval, now: datetime) -> Approval:
    """Returns the request, marked as expired if its time is over (rule 11)."""
    if approval.state is ApprovalState.PENDING and now >= approval.expires:
        return replace(approval, state=ApprovalState.EXPIRED, decided_at=approval.expires, why="no one decided in time")
    return approval


def advanced(approval: Approval, rule: ApprovalRule, settings: Settings, now: datetime) -> Approval:
    """Returns the request with the changes that are now due: asked, reminded, escalated, expired or approved (rules 4, 5, 11)."""
    current = expired_if_due(approval, now)
    if current.state.is_decided or now < current.asks_at:
        return current
    if current.votes and len(valid_votes(current, rule, settings)) >= needed(current, rule, settings):
        return approved(current, rule, settings, now)
    current = replace(current, asked=True)
    if now >= current.remind_at:
        current = replace(current, reminded=True)
    if current.escalate_at is not None and now >= current.escalate_at and rule.escalate_to and not current.escalated:
        current = replace(current, escalated=True, escalated_to=rule.escalate_to)
    return current


def next_event(approval: Approval, now: datetime) -> datetime:
    """When a pending request will next change by the passage of time alone."""
    events = (approval.asks_at, approval.remind_at, approval.escalate_at, approval.expires)
    return min((at for at in events if at is not None and at > now), default=approval.expires)
