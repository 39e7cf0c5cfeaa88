"""Turns votes, from any chat or the page, into one decision by the same rules (docs/approvals.md)."""

import hashlib
import logging
import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from ops.approvals.requests import CHANGED_REQUESTS, current_rule, request_id_of_token
from ops.context import Context
from ops.model.approval import LONGEST_REASON, Approval, Choice
from ops.model.ledger import Entry
from ops.model.people import Identity
from ops.policy.people import person_of
from ops.policy.voting import VoteAttempt, VoteResult, apply_vote
from ops.ports.errors import OutsideError
from ops.settings import Settings
from ops.tables.approvals import AttemptRecord, approvals, attempts

_LOG = logging.getLogger(__name__)
_VOTED = ("approved", "rejected", "counted")
_MOST_WOKEN = 12
_REASON = 300
_UNKNOWN = "there is no such request; a newer one may have replaced it"


class LongReasonError(ValueError):
    """The reason is longer than the limit. It is not truncated, since that could change its meaning."""


def read_reason(text: str) -> str:
    """Returns the reason that a person gave, as one line of printable text.

    Raises:
        LongReasonError: the reason is longer than `LONGEST_REASON`.
    """
    printable = "".join(character if character.isprintable() else " " for character in text)
    reason = " ".join(printable.split())
    if len(reason) > LONGEST_REASON:
        raise LongReasonError(
            f"the reason is longer than {LONGEST_REASON} characters, so nothing is decided: shorten it"
        )
    return reason


@dataclass(frozen=True, slots=True)
class ApprovalAction:
    """A vote from an authenticated person. `event` identifies the vote: a repeated delivery has the same event."""

    token: str
    choice: Choice
    identity: Identity
    event: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class VoteOutcome:
    """The result of a vote: a code for the ledger, a text for the person, and the request (None if there is none)."""

    result: str
    text: str
    approval: Approval | None = None


def record_vote(context: Context, action: ApprovalAction) -> VoteOutcome:
    """Records a vote, or says why it does not count. Every attempt is in the ledger; a decision wakes the runs.

    Once the vote is recorded, nothing is raised: the next timer completes any write that the ledger or the store did not accept.

    Raises:
        ConflictError: the request has changed ten times in the meantime; nothing was decided.
        OutsideError: the store does not answer; nothing was decided.
    """
    now = context.ports.clock.now()
    settings = context.config.settings
    request_id = request_id_of_token(context.ports.store, action.token)
    if not request_id or settings is None:
        outcome = VoteOutcome("unknown", _UNKNOWN)
        _note(context, action, outcome, now)
        return outcome
    # The same form can be submitted with either choice, and these are different votes.
    event = hashlib.sha256(f"{action.identity}|{action.event}|{action.choice}".encode()).hexdigest()[:32]
    known = attempts(context.ports.store)
    before = known.get(event)
    if before is not None:
        approval = approvals(context.ports.store).must_get(request_id).value
        verdict = VoteResult(before.value.result, before.value.text)
    else:
        approval, verdict = _apply(context, request_id, replace(action, event=event), (settings, now))
    outcome = VoteOutcome(verdict.result, verdict.text, approval)
    try:
        _wake_runs(context, outcome)
        again = before is not None or not known.insert(event, AttemptRecord(verdict.result, verdict.text, now))
        if again:  # a concurrent delivery was faster, so both get the same reply
            reply = known.must_get(event).value
            outcome = replace(outcome, result=reply.result, text=reply.text)
        _note(context, action, outcome, now, again=again)
    except OutsideError as error:
        if outcome.result not in _VOTED:
            raise
        _LOG.warning("the vote on %s was recorded, but not everything that follows from it: %s", approval.id, error)
    return outcome


def _apply(
    context: Context, approval_id: str, action: ApprovalAction, at: tuple[Settings, datetime]
) -> tuple[Approval, VoteResult]:
    """Applies the vote by compare-and-swap: the first write wins."""
    settings, now = at
    person = person_of(settings, action.identity)
    results: list[VoteResult] = []

    def change(old: Approval | None) -> Approval:
        if old is None:
            raise ValueError(f"there is no request {approval_id}")
        attempt = VoteAttempt(
            action.token, action.choice, person, action.identity.endpoint, action.event, now, action.reason[:_REASON]
        )
        after, verdict = apply_vote(old, current_rule(settings, old), attempt, settings)
        results[:] = [verdict]
        return after

    return approvals(context.ports.store).change(approval_id, change), results[0]


def _wake_runs(context: Context, found: VoteOutcome) -> None:
    """Wakes the runs after a decision, even if an earlier delivery crashed before it woke them.

    The person is waiting for the reply, so only the first runs are woken now; the next timer wakes the others.
    """
    if found.approval is None or found.result not in _VOTED:
        return
    context.ports.store.insert(CHANGED_REQUESTS, found.approval.id, {})
    for part in found.approval.active_parts[:_MOST_WOKEN]:
        context.engine.wake(part.run)


def _note(context: Context, action: ApprovalAction, found: VoteOutcome, now: datetime, *, again: bool = False) -> None:
    settings = context.config.settings
    person = person_of(settings, action.identity) if settings else None
    by = person.name if person else str(action.identity)
    parts = found.approval.parts if found.approval else ()
    subject = found.approval.id if found.approval else "unknown request"
    text = f"{action.choice} by {by} in {action.identity.endpoint}: {found.result}: {found.text}"
    data = {
        "event": action.event,
        "plans": ",".join(part.plan.hash for part in parts),
        "endpoint": action.identity.endpoint,
        "identity": str(action.identity),
        "choice": str(action.choice),
        "result": found.result,
        "reason": action.reason[:_REASON],
        "delivered-again": "yes" if again else "no",
    }
    # Each delivery has its own entry, even a repeated one within the same second.
    key = f"attempt|{action.event}|{now.isoformat()}|{secrets.token_hex(4)}"
    context.ports.ledger.append(Entry(key, now, "attempt", subject, text, by, data))
