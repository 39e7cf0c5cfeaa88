"""Whether a plan needs somebody's yes, has it, and what one press comes to (docs/approvals.md)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ops.model.approval import Answered, Approval, ApprovalState, Choice, PartState, Vote
from ops.model.people import Person
from ops.model.plan import Plan, Step
from ops.model.run import Run
from ops.model.settings import ApprovalRule, Settings
from ops.policy.calendar import next_open, occurrence_at

_HORIZON = timedelta(days=14)
_HOUR = timedelta(hours=1)


def rule_for(settings: Settings, runbook: str, ring: str, risk: str) -> ApprovalRule | None:
    """The first rule that matches (rule 1), or None: then nobody is asked. `ring` is empty for a cluster in none."""
    return next((rule for rule in rules_of(settings, runbook, ring) if not rule.risks or risk in rule.risks), None)


def rules_of(settings: Settings, runbook: str, ring: str) -> tuple[ApprovalRule, ...]:
    """The rules that may count for a runbook in a ring, whatever its plans will risk."""
    mine = (rule for rule in settings.approvals if rule.runbook == runbook)
    return tuple(rule for rule in mine if not rule.rings or ring in rule.rings)


def denies_self(rule: ApprovalRule, ring: str, settings: Settings) -> bool:
    """Whether the requester may not approve (rule 3)."""
    if rule.self_approval is not None:
        return not rule.self_approval
    return not ring or ring == settings.fleet.rings[-1].name


def needed(approval: Approval, rule: ApprovalRule, settings: Settings) -> int:
    """How many different people have to approve: of two at least one is not a requester who is not known (rule 3)."""
    if not approval.requester_known and denies_self(rule, approval.ring, settings):
        return max(rule.of, 2)
    return rule.of


def approvers(approval: Approval, rule: ApprovalRule) -> tuple[str, ...]:
    """Who may decide now."""
    return (*rule.approvers, *(rule.escalate_to if approval.escalated else ()))


def counting(approval: Approval, rule: ApprovalRule, settings: Settings) -> tuple[str, ...]:
    """Whose votes count now: approvers still, and not the requester where the rule denies them (rules 3 and 12)."""
    allowed = set(deciders(approval, rule, settings))
    return tuple(vote.person for vote in approval.votes if vote.person in allowed)


def deciders(approval: Approval, rule: ApprovalRule, settings: Settings) -> tuple[str, ...]:
    """Who may decide this very request: the approvers, without its requester where the rule denies them."""
    denied = approval.requester if denies_self(rule, approval.ring, settings) else ""
    return tuple(dict.fromkeys(name for name in approvers(approval, rule) if name != denied))


def can_be_granted(approval: Approval, rule: ApprovalRule, settings: Settings) -> bool:
    """Whether there are, or will be, people enough to approve it."""
    people = {*rule.approvers, *rule.escalate_to}
    if denies_self(rule, approval.ring, settings):
        people.discard(approval.requester)
    return len(people) >= needed(approval, rule, settings)


def asks_at(rule: ApprovalRule, now: datetime, gather: timedelta) -> datetime:
    """When people are asked: after gathering, inside the rule's hours (rule 4). Where these never come: at once."""
    ready = now + gather
    if rule.hours is None:
        return ready
    opening = next_open(rule.hours, (), ready, _HORIZON)
    return ready if opening is None else opening.start


def next_look(rules: Sequence[ApprovalRule], now: datetime) -> datetime:
    """When a run looks again whether there is something to ask: once an hour, just after its samples, inside the hours (rule 8)."""
    hour = now.replace(minute=0, second=0, microsecond=0) + _HOUR + timedelta(minutes=1)
    return min(_inside(rule, hour) for rule in rules)


def _inside(rule: ApprovalRule, at: datetime) -> datetime:
    if rule.hours is None or occurrence_at(rule.hours, at) is not None:
        return at
    opening = next_open(rule.hours, (), at, _HORIZON)
    return at if opening is None else opening.start


def beyond(approved: Plan, plan: Plan, *, whole: bool = False) -> tuple[str, ...]:
    """What a plan would do that was not approved, in words; empty where it is a part of it (rule 10).

    `whole` asks for what follows it as well: while people are asked, they are asked for all of it.
    """
    known = [step.content for step in (*approved.steps, *approved.following)]
    steps = (*plan.steps, *plan.following) if whole else plan.steps
    found = [_difference(approved, step) for step in steps if step.content not in known]
    if plan.risk not in ("", approved.risk):
        found.append(f"the risk is {plan.risk}, not {approved.risk or 'in-place'}")
    if plan.target != approved.target or plan.runbook != approved.runbook:
        found.append("it is for something else")
    return tuple(found)


def _difference(approved: Plan, step: Step) -> str:
    old = next((each for each in approved.steps if each.id == step.id), None)
    if old is None:
        return f"{step.title} was not asked for"
    changed = [
        f"{name} {value}, not {old.params.get(name, 'none')}"
        for name, value in step.params.items()
        if old.params.get(name) != value
    ]
    return f"{step.title}: {', '.join(changed) or 'another way of doing it'}"


@dataclass(frozen=True, slots=True)
class NotNeeded:
    """Nobody has to be asked."""


@dataclass(frozen=True, slots=True)
class Granted:
    """The plan may be carried out."""

    approval: Approval


@dataclass(frozen=True, slots=True)
class Asked:
    """People have it before them, or will."""

    approval: Approval


@dataclass(frozen=True, slots=True)
class Refused:
    """It was rejected, or nobody decided in time."""

    approval: Approval


@dataclass(frozen=True, slots=True)
class Missing:
    """Nobody was asked for this plan. `changed` says why an earlier request no longer counts."""

    changed: tuple[str, ...] = ()


type Standing = NotNeeded | Granted | Asked | Refused | Missing


def standing(
    approval: Approval | None, run: Run, plan: Plan, rule: ApprovalRule | None, settings: Settings, now: datetime
) -> Standing:
    """How a plan of a run stands with the run's present request (rules 10 to 13)."""
    part = approval.part(run.id) if approval is not None else None
    is_asked = part is not None and part.state is PartState.ASKED
    if approval is not None and is_asked and approval.state is ApprovalState.REJECTED:
        return Refused(approval)  # a no stays a no, whatever the configuration says since
    if rule is None:
        return NotNeeded()
    if approval is None or part is None or not is_asked:
        return Missing()
    current = settled(approval, now)
    match current.state:
        case ApprovalState.REJECTED | ApprovalState.EXPIRED:
            return Refused(current)
        case ApprovalState.CANCELLED | ApprovalState.SUPERSEDED:
            return Missing()
        case ApprovalState.PENDING:
            changed = (*_moved_ring(current, run), *beyond(part.plan, plan, whole=True))
            return Missing(changed) if changed else Asked(current)
        case ApprovalState.APPROVED:
            changed = (
                *_moved_ring(current, run),
                *beyond(part.plan, plan),
                *_no_longer(current, rule, settings),
            )
            return Missing(changed) if changed else Granted(current)


def _moved_ring(approval: Approval, run: Run) -> Iterator[str]:
    """A tag may not widen what was allowed: who may approve, and whether for themselves, is the ring's."""
    if approval.ring != run.ring:
        yield f"its cluster is in {run.ring or 'no ring'} now, not in {approval.ring or 'no ring'}"


def _no_longer(approval: Approval, rule: ApprovalRule, settings: Settings) -> Iterator[str]:
    """Voters who do not count any more, where too few are left without them."""
    left = counting(approval, rule, settings)
    if len(left) >= needed(approval, rule, settings):
        return
    gone = [vote.person for vote in approval.votes if vote.person not in left]
    yield from (f"{person}, who approved, is no approver any more" for person in gone)
    if not gone:
        yield "more people have to approve than did"


def settled(approval: Approval, now: datetime) -> Approval:
    """The same; expired, where its time is over (rule 11)."""
    if approval.state is ApprovalState.PENDING and now >= approval.expires:
        return replace(approval, state=ApprovalState.EXPIRED, decided_at=approval.expires, why="nobody decided in time")
    return approval


def moved(approval: Approval, rule: ApprovalRule, settings: Settings, now: datetime) -> Approval:
    """What time, and a rule that changed, do to a request: asked, reminded, escalated, expired, met (rules 4, 5, 11)."""
    current = settled(approval, now)
    if current.state.is_decided or now < current.asks_at:
        return current
    if current.votes and len(counting(current, rule, settings)) >= needed(current, rule, settings):
        return _approved(current, rule, settings, now)
    current = replace(current, asked=True)
    if now >= current.remind_at:
        current = replace(current, reminded=True)
    if current.escalate_at is not None and now >= current.escalate_at and rule.escalate_to and not current.escalated:
        current = replace(current, escalated=True, escalated_to=rule.escalate_to)
    return current


def next_event(approval: Approval, now: datetime) -> datetime:
    """When time does something to a pending request next."""
    events = (approval.asks_at, approval.remind_at, approval.escalate_at, approval.expires)
    return min((at for at in events if at is not None and at > now), default=approval.expires)


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
    approved = replace(_approved(voted, rule, settings, pressed.at), why=pressed.reason)
    text = "you have approved it; it is looked at again right before it is done"
    return _answered(approved, event, Verdict("approved", text))


def _approved(approval: Approval, rule: ApprovalRule, settings: Settings, at: datetime) -> Approval:
    names = ", ".join(counting(approval, rule, settings))
    door = approval.votes[-1].door
    return replace(approval, state=ApprovalState.APPROVED, decided_by=names, decided_door=door, decided_at=at)


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


def decided_text(approval: Approval) -> str:
    """How a request ended, by whom and when."""
    at = f"{approval.decided_at:%a %Y-%m-%d %H:%M} UTC" if approval.decided_at else ""
    because = f": {approval.why}" if approval.why else ""
    by = f" by {approval.decided_by}" if approval.decided_by else ""
    return f"{approval.state}{by} {at}{because}".strip()


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
