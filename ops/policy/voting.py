"""The result of one vote on a request, and the reasons why a vote may not count (docs/approvals.md, rules 3 and 14)."""

from dataclasses import dataclass, replace
from datetime import datetime

from ops.model.approval import Answered, Approval, ApprovalState, Choice, Vote
from ops.model.people import Person
from ops.policy.approval_status import decided_text
from ops.policy.approval_times import expired_if_due
from ops.policy.approvers import approved, approvers, denies_self, needed, valid_votes
from ops.settings import Settings
from ops.settings.approval import ApprovalRule


@dataclass(frozen=True, slots=True)
class VoteAttempt:
    """One attempt to vote. `token` is the request token that the person saw; `person` is None if Daytwo does not know the voter."""

    token: str
    choice: Choice
    person: Person | None
    endpoint: str
    event: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class VoteResult:
    """The result of a vote: `result` as named in the ledger, `text` for the person who voted."""

    result: str
    text: str


def apply_vote(
    approval: Approval, rule: ApprovalRule | None, attempt: VoteAttempt, settings: Settings
) -> tuple[Approval, VoteResult]:
    """Returns the request after a vote, and the result. If the person cannot decide, the request is unchanged (rule 14)."""
    current = expired_if_due(approval, attempt.at)
    answered = next((each for each in current.answers if each.event == attempt.event), None)
    if answered is not None:
        return current, VoteResult(answered.result, answered.text)
    refused = _refusal_reason(current, rule, attempt, settings)
    if refused is not None or attempt.person is None or rule is None:
        return current, refused or VoteResult("late", "this request no longer needs approval")
    name, event = attempt.person.name, attempt.event
    if attempt.choice is Choice.REJECT:
        rejected = replace(
            current,
            state=ApprovalState.REJECTED,
            decided_by=name,
            decided_via=attempt.endpoint,
            decided_at=attempt.at,
            why=attempt.reason,
        )
        return _with_answer(rejected, event, VoteResult("rejected", "Rejected. No step of the plan will be executed."))
    voted = replace(current, votes=(*current.votes, Vote(name, attempt.endpoint, attempt.at, event)))
    have, wanted = len(valid_votes(voted, rule, settings)), needed(voted, rule, settings)
    if have < wanted:
        return _with_answer(voted, event, VoteResult("counted", f"Your approval counts: {have} of {wanted} needed."))
    granted = replace(approved(voted, rule, settings, attempt.at), why=attempt.reason)
    text = "Approved. Daytwo re-checks the plan immediately before executing it."
    return _with_answer(granted, event, VoteResult("approved", text))


def _with_answer(approval: Approval, event: str, verdict: VoteResult) -> tuple[Approval, VoteResult]:
    """Stores the result in the same write as its effect, so a repeated delivery of the event gets the same reply."""
    answer = Answered(event, verdict.result, verdict.text)
    return replace(approval, answers=(*approval.answers, answer)), verdict


def may_decide(
    approval: Approval,
    rule: ApprovalRule | None,
    person: Person | None,
    settings: Settings,
    now: datetime,
    choice: Choice = Choice.REJECT,
) -> VoteResult | None:
    """Why this person's vote would not count now; None if it would. A page calls this before it shows buttons.

    A person who has approved can still reject.
    """
    asked = VoteAttempt(approval.token, choice, person, "page", "", now)
    return _refusal_reason(expired_if_due(approval, now), rule, asked, settings)


def _refusal_reason(
    approval: Approval, rule: ApprovalRule | None, attempt: VoteAttempt, settings: Settings
) -> VoteResult | None:
    if approval.state is ApprovalState.EXPIRED:
        return VoteResult("expired", f"it has {decided_text(approval)}")
    if approval.state.is_decided:
        return VoteResult("late", f"it was {decided_text(approval)}")
    if attempt.token != approval.token:
        return VoteResult("outdated", "the request has changed since: open its newest version, then decide")
    if rule is None:
        return VoteResult("late", "this request no longer needs approval")
    if attempt.person is None:
        return VoteResult("unknown-person", "Daytwo does not know you: ask to be added under `people` in daytwo.yaml")
    name = attempt.person.name
    if name not in approvers(approval, rule):
        return VoteResult("not-approver", f"you are not an approver of this request: {rule.label or 'no one'} decides")
    if name == approval.requester and denies_self(rule, approval.ring, settings):
        return VoteResult("self", "you requested it, so another person must decide")
    if attempt.choice is Choice.APPROVE and any(vote.person == name for vote in approval.votes):
        return VoteResult("repeated", "you have already approved it")
    return None
