"""A vote from any chat or the page becomes one decision, by the same rules (docs/approvals.md)."""

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
_DECIDING = ("approved", "rejected", "counted")
_WOKEN = 12
_REASON = 300
_UNKNOWN = "there is no such request; it may have been made anew"


class LongReasonError(ValueError):
    """The reason is longer than what is recorded. It is not shortened: half a reason may say something else."""


def read_reason(text: str) -> str:
    """The reason that a person gave, as one line of printable text. Raises LongReasonError."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    reason = " ".join(printable.split())
    if len(reason) > LONGEST_REASON:
        raise LongReasonError(
            f"the reason is longer than {LONGEST_REASON} characters, so nothing is decided: shorten it"
        )
    return reason


@dataclass(frozen=True, slots=True)
class ApprovalAction:
    """What a door was told, by whom it has proven. `event` names the delivery: the same again is the same press."""

    token: str
    choice: Choice
    identity: Identity
    event: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class VoteOutcome:
    """What came of it: `result` as the ledger names it, `text` for the person; `approval` None where there is none."""

    result: str
    text: str
    approval: Approval | None = None


def record_vote(context: Context, click: ApprovalAction) -> VoteOutcome:
    """Decides, or says why not. Every attempt is in the ledger; what was decided wakes the runs.

    Raises ConflictError where the request changed ten times meanwhile, and what the store raises: then nothing is decided.
    Once something is, nothing is raised any more: what the ledger or the store does not take then, the next tick makes up for.
    """
    now = context.ports.clock.now()
    settings = context.config.settings
    asked = request_id_of_token(context.ports.store, click.token)
    if not asked or settings is None:
        found = VoteOutcome("unknown", _UNKNOWN)
        _note(context, click, found, now)
        return found
    # One form may be sent with either choice: the two are not the same press.
    event = hashlib.sha256(f"{click.identity}|{click.event}|{click.choice}".encode()).hexdigest()[:32]
    known = attempts(context.ports.store)
    before = known.get(event)
    if before is not None:
        approval = approvals(context.ports.store).must_get(asked).value
        verdict = VoteResult(before.value.result, before.value.text)
    else:
        approval, verdict = _apply(context, asked, replace(click, event=event), (settings, now))
    found = VoteOutcome(verdict.result, verdict.text, approval)
    try:
        _wake_runs(context, found)
        again = before is not None or not known.insert(event, AttemptRecord(verdict.result, verdict.text, now))
        if again:  # perhaps by a delivery that came at the same moment: both hear the same
            said = known.must_get(event).value
            found = replace(found, result=said.result, text=said.text)
        _note(context, click, found, now, again=again)
    except OutsideError as error:
        if found.result not in _DECIDING:
            raise
        _LOG.warning("%s was decided, and not all of it could be written down at once: %s", approval.id, error)
    return found


def _apply(
    context: Context, approval_id: str, click: ApprovalAction, at: tuple[Settings, datetime]
) -> tuple[Approval, VoteResult]:
    """The press by compare-and-swap: the first that is written wins."""
    settings, now = at
    person = person_of(settings, click.identity)
    said: list[VoteResult] = []

    def change(old: Approval | None) -> Approval:
        if old is None:
            raise ValueError(f"there is no request {approval_id}")
        pressed = VoteAttempt(
            click.token, click.choice, person, click.identity.door, click.event, now, click.reason[:_REASON]
        )
        after, verdict = apply_vote(old, current_rule(settings, old), pressed, settings)
        said[:] = [verdict]
        return after

    return approvals(context.ports.store).change(approval_id, change), said[0]


def _wake_runs(context: Context, found: VoteOutcome) -> None:
    """A decision is news, and its runs look at the world again; also where an earlier delivery died before it said so.

    The person waits: what runs there are beyond the first few, the next tick wakes.
    """
    if found.approval is None or found.result not in _DECIDING:
        return
    context.ports.store.insert(CHANGED_REQUESTS, found.approval.id, {})
    for part in found.approval.standing[:_WOKEN]:
        context.engine.wake(part.run)


def _note(context: Context, click: ApprovalAction, found: VoteOutcome, now: datetime, *, again: bool = False) -> None:
    settings = context.config.settings
    person = person_of(settings, click.identity) if settings else None
    by = person.name if person else str(click.identity)
    parts = found.approval.parts if found.approval else ()
    subject = found.approval.id if found.approval else "unknown request"
    text = f"{click.choice} by {by} in {click.identity.door}: {found.result}: {found.text}"
    data = {
        "event": click.event,
        "plans": ",".join(part.plan.hash for part in parts),
        "door": click.identity.door,
        "identity": str(click.identity),
        "choice": str(click.choice),
        "result": found.result,
        "reason": click.reason[:_REASON],
        "delivered-again": "yes" if again else "no",
    }
    # Each delivery has a line of its own, also one that comes again within the same second.
    key = f"attempt|{click.event}|{now.isoformat()}|{secrets.token_hex(4)}"
    context.ports.ledger.append(Entry(key, now, "attempt", subject, text, by, data))
