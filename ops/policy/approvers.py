"""Who has to approve, who may, and whose votes count (docs/approvals.md, rules 1, 3 and 12)."""

from dataclasses import replace
from datetime import datetime

from ops.model.approval import Approval, ApprovalState
from ops.settings import Settings
from ops.settings.approval import ApprovalRule


def rule_for(settings: Settings, runbook: str, ring: str, risk: str) -> ApprovalRule | None:
    """The first rule that matches (rule 1); None: no approval is needed. `ring` is empty for a cluster in no ring."""
    return next((rule for rule in rules_of(settings, runbook, ring) if not rule.risks or risk in rule.risks), None)


def rules_of(settings: Settings, runbook: str, ring: str) -> tuple[ApprovalRule, ...]:
    """The rules that may apply to a runbook in a ring, whatever the risk of its plans."""
    return tuple(rule for rule in settings.approval_rules(runbook) if not rule.rings or ring in rule.rings)


def denies_self(rule: ApprovalRule, ring: str, settings: Settings) -> bool:
    """Whether the requester may not approve (rule 3)."""
    if rule.self_approval is not None:
        return not rule.self_approval
    return not ring or ring == settings.fleet.rings[-1].name


def needed(approval: Approval, rule: ApprovalRule, settings: Settings) -> int:
    """How many different people have to approve. If the requester is unknown, two, since one of two is someone else (rule 3)."""
    if not approval.requester_known and denies_self(rule, approval.ring, settings):
        return max(rule.of, 2)
    return rule.of


def approvers(approval: Approval, rule: ApprovalRule) -> tuple[str, ...]:
    """The approvers at this time."""
    return (*rule.approvers, *(rule.escalate_to if approval.escalated else ()))


def valid_votes(approval: Approval, rule: ApprovalRule, settings: Settings) -> tuple[str, ...]:
    """Whose votes count: people who are still approvers, without the requester if the rule denies them (rules 3 and 12)."""
    allowed = set(deciders(approval, rule, settings))
    return tuple(vote.person for vote in approval.votes if vote.person in allowed)


def deciders(approval: Approval, rule: ApprovalRule, settings: Settings) -> tuple[str, ...]:
    """Who may decide this request: the approvers, without its requester if the rule denies them."""
    denied = approval.requester if denies_self(rule, approval.ring, settings) else ""
    return tuple(dict.fromkeys(name for name in approvers(approval, rule) if name != denied))


def can_be_granted(approval: Approval, rule: ApprovalRule, settings: Settings) -> bool:
    """Whether there are, or will be, enough people to approve it."""
    people = {*rule.approvers, *rule.escalate_to}
    if denies_self(rule, approval.ring, settings):
        people.discard(approval.requester)
    return len(people) >= needed(approval, rule, settings)


def approved(approval: Approval, rule: ApprovalRule, settings: Settings, at: datetime) -> Approval:
    """The request, approved by the people whose votes count."""
    names = ", ".join(valid_votes(approval, rule, settings))
    endpoint = approval.votes[-1].endpoint
    return replace(approval, state=ApprovalState.APPROVED, decided_by=names, decided_via=endpoint, decided_at=at)
