"""The records of approval requests: how they are created, joined, advanced over time, and withdrawn (docs/approvals.md)."""

import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from ops.context import Context
from ops.messaging.message_sync import destinations
from ops.model.approval import Approval, ApprovalState, Part, PartState
from ops.model.ledger import Entry
from ops.model.run import Run
from ops.model.run_request import slug
from ops.model.wording import instant
from ops.policy.approval_status import decided_text
from ops.policy.approval_times import advanced, asks_at, expired_if_due
from ops.policy.approvers import needed, rule_for
from ops.ports.errors import ConflictError
from ops.ports.store import Store
from ops.settings import Settings
from ops.settings.approval import ApprovalRule
from ops.settings.chat_sections import chat_names
from ops.tables.approvals import OpenRequest, RequestToken, approvals, open_requests, request_tokens

# Requests whose latest change has not been shown in the chats yet.
CHANGED_REQUESTS = "approval-news"
# An index of undecided requests, so that a timer does not read every request that was ever made.
OPEN_REQUESTS = "undecided"
_GATHER = timedelta(minutes=5)
_ROUNDS = 10
_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")


def approval_of(store: Store, run: Run) -> Approval | None:
    """Returns the run's current request."""
    stored = approvals(store).get(run.approval) if run.approval else None
    return stored.value if stored else None


def request_by_token(store: Store, word: str) -> Approval | None:
    """Returns the request that a token refers to, or None. Older tokens for the same request are also accepted."""
    identity = request_id_of_token(store, word)
    stored = approvals(store).get(identity) if identity else None
    return stored.value if stored else None


def request_id_of_token(store: Store, word: str) -> str:
    """Returns the id of that request; empty if there is none."""
    if not _WORD.fullmatch(word):
        return ""  # store keys cannot contain a slash, and tokens are short
    named = request_tokens(store).get(word)
    return named.value.approval if named else ""


def current_rule(settings: Settings, approval: Approval) -> ApprovalRule | None:
    """Returns the rule that now applies to a request: the configuration may have changed since it was made."""
    risk = approval.parts[0].plan.risk if approval.parts else ""
    return rule_for(settings, approval.runbook, approval.ring, risk)


def request_approval(
    context: Context, run: Run, rule: ApprovalRule, settings: Settings, changed: tuple[str, ...]
) -> Approval:
    """Returns the request for this run's plan: the ring's request if it can be joined, otherwise a new one.

    A repeated call finds the same request, so even if a process is killed in the meantime, people are not asked twice.

    Raises:
        ConflictError: other runs changed the request first, ten times in a row.
        ValueError: the run has no plan.
    """
    if run.plan is None:
        raise ValueError(f"{run.id} has no plan, so there is nothing to request")
    part = Part(run.id, run.target, run.target_name, run.plan, run.until, why="; ".join(changed))
    # One rule, one request: the runs of a rollout or batch in a ring share a request if one rule covers all their plans.
    risks = "-".join(sorted(rule.risks)) or "any"
    subject = f"{run.shares_request_with}.{slug(run.ring)}.{slug(risks)}" if run.shares_request_with else run.id
    withdraw(context, run, PartState.SUPERSEDED, part.why or "requested again")
    for _ in range(_ROUNDS):
        with suppress(ConflictError):  # another run has just joined: the request can still be joined
            # Read once for both, so that a request created in the meantime is joined in the next round instead of being duplicated.
            opened = open_requests(context.ports.store).get(subject)
            last = opened.value.approval if opened else ""
            joined = _join(context, last, part, channels_showing(context, run)) or _new(
                context, (subject, last), run, part, (rule, settings)
            )
            if joined is not None:
                return joined
    raise ConflictError(f"the request of {subject} changed {_ROUNDS} times while {run.id} was joining it")


def _join(context: Context, last: str, part: Part, channels: tuple[str, ...]) -> Approval | None:
    """Adds the part to the request with this id; returns None if it can no longer be joined. Raises ConflictError."""
    store, now = context.ports.store, context.ports.clock.now()
    stored = approvals(store).get(last) if last else None
    if stored is None:
        return None
    current = expired_if_due(stored.value, now)
    present = current.part(part.run)
    if present is not None and present.state is PartState.ASKED and present.plan.hash == part.plan.hash:
        return current
    if current.state.is_decided or current.votes or now >= current.remind_at:
        return None  # people need time to decide on the runs that join
    others = [each for each in current.parts if each.run != part.run]
    parts = tuple(sorted((*others, part), key=lambda each: each.target_name))
    token = _new_token(store, current.id)
    all_channels = tuple(dict.fromkeys((*current.channels, *channels)))
    joined = replace(current, parts=parts, revision=current.revision + 1, token=token, channels=all_channels)
    approvals(store).replace(stored, joined)
    return joined


def _new(
    context: Context, after: tuple[str, str], run: Run, part: Part, by: tuple[ApprovalRule, Settings]
) -> Approval | None:
    """Creates a new request after the last one for its subject; returns None if another process has just created one."""
    store, (subject, last), (rule, settings) = context.ports.store, after, by
    now = context.ports.clock.now()
    number = int(last.rsplit("-", 1)[1]) + 1 if last else 1
    identity = f"{subject}.approval-{number}"
    asked = asks_at(rule, now, _GATHER if run.shares_request_with else timedelta())
    expires = asked + rule.expires_after
    by_person = run.source in chat_names()
    fresh = Approval(
        id=identity,
        runbook=run.runbook,
        ring=run.ring,
        parts=(part,),
        created=now,
        asks_at=asked,
        expires=expires,
        remind_at=expires - rule.remind_before,
        token=_new_token(store, identity),
        escalate_at=asked + rule.escalate_after if rule.escalate_to else None,
        requester=run.by if by_person else "",
        # Only a chat proves who started a run. A run started by a timer is known to have no requester.
        requester_known=by_person or run.source == "timer",
        rollout=run.rollout,
        approvers=rule.approvers,
        channels=channels_showing(context, run),
    )
    fresh = replace(fresh, needed=needed(fresh, rule, settings))
    store.insert(OPEN_REQUESTS, identity, {})
    if not approvals(store).insert(identity, fresh):
        # created just now by another run, or by a process that was killed before it recorded that
        open_requests(store).change(subject, lambda _: OpenRequest(identity))
        return None
    open_requests(store).change(subject, lambda _: OpenRequest(identity))
    return fresh


def channels_showing(context: Context, run: Run) -> tuple[str, ...]:
    """Returns every channel that shows the run's messages, as `chat|channel`. Default channels are named, since the default can change."""
    return tuple(
        f"{chat.name}|{channel}" for chat in context.ports.chats for channel in destinations(chat, run.channels)
    )


def _new_token(store: Store, approval: str) -> str:
    """Creates a random token for a request. It has no effect until it is written to the request."""
    word = secrets.token_urlsafe(18)
    request_tokens(store).insert(word, RequestToken(approval))
    return word


def advance(context: Context, approval_id: str, rule: ApprovalRule, settings: Settings) -> Approval:
    """Advances a request to the current time and records each change in the ledger once."""
    now = context.ports.clock.now()

    def change(old: Approval | None) -> Approval:
        if old is None:
            raise ValueError(f"there is no request {approval_id}")
        return advanced(old, rule, settings, now)

    approval = approvals(context.ports.store).change(approval_id, change)
    _note_progress(context, approval)
    return approval


def expire_if_due(context: Context, approval_id: str) -> Approval:
    """Marks a request as expired once its time is over."""
    now = context.ports.clock.now()

    def change(old: Approval | None) -> Approval:
        if old is None:
            raise ValueError(f"there is no request {approval_id}")
        return expired_if_due(old, now)

    approval = approvals(context.ports.store).change(approval_id, change)
    _note_progress(context, approval)
    return approval


def _note_progress(context: Context, approval: Approval) -> None:
    """Records in the ledger, once, each change caused by the passage of time."""
    for word, happened in (
        ("asked", approval.asked),
        ("reminded", approval.reminded),
        ("escalated", approval.escalated),
    ):
        if happened:
            note_request(context, approval, word, f"{word}: {_summary(approval)}")
    if approval.state is ApprovalState.EXPIRED:
        note_request(context, approval, "expired", "no one decided in time")
    note_decision(context, approval)


def note_decision(context: Context, approval: Approval) -> None:
    """Records votes and the decision in the ledger, even if the process that accepted the vote was killed."""
    for vote in approval.votes:
        note_request(
            context, approval, f"vote.{vote.person}", f"{vote.person} approved in {vote.endpoint} (event {vote.event})"
        )
    if approval.state in (ApprovalState.APPROVED, ApprovalState.REJECTED):
        note_request(context, approval, str(approval.state), decided_text(approval))


def withdraw(context: Context, run: Run, state: PartState, why: str) -> None:
    """Withdraws a run's part from its request. If no part is left, the request ends."""
    if run.approval and approvals(context.ports.store).get(run.approval) is not None:
        _withdraw(context, run.approval, run, (state, why))


def withdraw_all(context: Context, run: Run, why: str) -> None:
    """Withdraws a run that has ended from every request that includes it, even requests that its record does not name."""
    for identity in dict.fromkeys(filter(None, (run.approval, *_unrecorded_requests(context, run)))):
        if approvals(context.ports.store).get(identity) is not None:
            _withdraw(context, identity, run, (PartState.CANCELLED, why))


def _unrecorded_requests(context: Context, run: Run) -> Iterator[str]:
    """Returns requests that the run's record does not name, because the process was killed between the two writes."""
    settings = context.config.settings
    if settings is None or not settings.has_approvals:
        return
    prefix = f"{run.shares_request_with}.{slug(run.ring)}." if run.shares_request_with else run.id
    yield from (opened.value.approval for opened in open_requests(context.ports.store).scan(prefix))


def _withdraw(context: Context, identity: str, run: Run, by: tuple[PartState, str]) -> None:
    now, (state, why) = context.ports.clock.now(), by

    def change(old: Approval | None) -> Approval:
        if old is None:
            raise ValueError(f"there is no request {identity}")
        part = old.part(run.id)
        is_pending = expired_if_due(old, now).state is ApprovalState.PENDING
        if part is None or part.state is not PartState.ASKED or (state is PartState.CANCELLED and not is_pending):
            return old  # a decision remains in force after its run has ended
        gone = replace(part, state=state, why=why)
        left = replace(old, parts=tuple(gone if each.run == run.id else each for each in old.parts))
        if left.active_parts or not is_pending:
            return left
        ended = ApprovalState.SUPERSEDED if state is PartState.SUPERSEDED else ApprovalState.CANCELLED
        return replace(left, state=ended, decided_at=now, why=why)

    before = approvals(context.ports.store).must_get(identity).value
    after = approvals(context.ports.store).change(identity, change)
    if after != before:
        note_request(context, after, f"{state}.{run.id}", f"{run.target_name}: {state}: {why}")
        context.ports.store.insert(CHANGED_REQUESTS, after.id, {})


def note_request(context: Context, approval: Approval, kind: str, text: str) -> None:
    """Writes one ledger entry, once per event, request and revision."""
    now = context.ports.clock.now()
    hashes = ",".join(part.plan.hash for part in approval.parts)
    key = f"{approval.id}|{approval.revision}|{kind}"
    context.ports.ledger.append(Entry(key, now, "approval", approval.id, text, data={"plans": hashes}))


def _summary(approval: Approval) -> str:
    names = ", ".join(part.target_name for part in approval.active_parts)
    return f"{approval.runbook} of {names}, until {instant(approval.expires)}"
