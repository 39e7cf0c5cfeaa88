"""What one press on a request comes to, and why it may be nothing (docs/approvals.md, rules 3 and 14)."""

from dataclasses import dataclass, replace
from datetime import datetime

from ops.model.approval import Answered, Approval, ApprovalState, Choice, Vote
from ops.model.people import Person
from ops.policy.approval import decided_text
from ops.policy.approval_times import settled
from ops.policy.approvers import approved, approvers, counting, denies_self, needed
from ops.settings import Settings
from ops.settings.approval import ApprovalRule


@dataclass(frozen=True, slots=True)
class Press:
    """What somebody pressed. `token` is the word on what they saw; `person` None where nobody knows them."""

    token: str
    choice: Choice
    person: Person | None
    door: str
    event: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a press comes to: `result` as the ledger names it, `text` as its person hears it."""

    result: str
    text: str


def press(
    approval: Approval, rule: ApprovalRule | None, pressed: Press, settings: Settings
) -> tuple[Approval, Verdict]:
    """The request after a press, and what the person hears; unchanged where it was not theirs to decide (rule 14)."""
    current = settled(approval, pressed.at)
    told = next((each for each in current.answers if each.event == pressed.event), None)
    if told is not None:
        return current, Verdict(told.result, told.text)
    refused = _why_not(current, rule, pressed, settings)
    if refused is not None or pressed.person is None or rule is None:
        return current, refused or Verdict("late", "nobody has to approve this any more")
    name, event = pressed.person.name, pressed.event
    if pressed.choice is Choice.REJECT:
        rejected = replace(
            current,
            state=ApprovalState.REJECTED,
            decided_by=name,
            decided_door=pressed.door,
            decided_at=pressed.at,
            why=pressed.reason,
        )
        return _answered(rejected, event, Verdict("rejected", "you have rejected it; nothing of it is done"))
    voted = replace(current, votes=(*current.votes, Vote(name, pressed.door, pressed.at, event)))
    have, wanted = len(counting(voted, rule, settings)), needed(voted, rule, settings)
    if have < wanted:
        return _answered(voted, event, Verdict("counted", f"you have approved it: {have} of {wanted} who are needed"))
    granted = replace(approved(voted, rule, settings, pressed.at), why=pressed.reason)
    text = "you have approved it; it is looked at again right before it is done"
    return _answered(granted, event, Verdict("approved", text))


def _answered(approval: Approval, event: str, verdict: Verdict) -> tuple[Approval, Verdict]:
    """The answer is kept in the same write as what it is about: the event told again hears it again."""
    answer = Answered(event, verdict.result, verdict.text)
    return replace(approval, answers=(*approval.answers, answer)), verdict


def may_decide(
    approval: Approval,
    rule: ApprovalRule | None,
    person: Person | None,
    settings: Settings,
    now: datetime,
    choice: Choice = Choice.REJECT,
) -> Verdict | None:
    """Why this person may not press this now, None where they may: what a page asks before it shows buttons.

    Who has approved may still reject.
    """
    asked = Press(approval.token, choice, person, "page", "", now)
    return _why_not(settled(approval, now), rule, asked, settings)


def _why_not(approval: Approval, rule: ApprovalRule | None, pressed: Press, settings: Settings) -> Verdict | None:
    if approval.state is ApprovalState.EXPIRED:
        return Verdict("expired", f"it has {decided_text(approval)}")
    if approval.state.is_decided:
        return Verdict("late", f"it was {decided_text(approval)}")
    if pressed.token != approval.token:
        return Verdict("outdated", "what is asked has changed since: look at it as it is now, then decide")
    if rule is None:
        return Verdict("late", "nobody has to approve this any more")
    if pressed.person is None:
        return Verdict("unknown-person", "Daytwo does not know you: ask to be added under people in its configuration")
    name = pressed.person.name
    if name not in approvers(approval, rule):
        return Verdict("not-approver", f"you are no approver of this: {rule.label or 'nobody'} decides")
    if name == approval.requester and denies_self(rule, approval.ring, settings):
        return Verdict("self", "you asked for it, so somebody else has to decide")
    if pressed.choice is Choice.APPROVE and any(vote.person == name for vote in approval.votes):
        return Verdict("repeated", "you have approved it already")
    return None
