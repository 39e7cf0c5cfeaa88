"""Who must approve, who can approve, and whose votes count (docs/approvals.md, rules 1, 3 and 12)."""

from dataclasses import replace
from datetime import datetime

from ops.model.approval import Approval, ApprovalState
from ops.model.plan import FORCED
from ops.settings import Settings
from ops.settings.approval import ApprovalRule

# A forced upgrade is at least as risky as any other, so a rule for those also applies to it.
_INCLUDED = {FORCED: ("surge", "in-place")}


def rule_for(settings: Settings, runbook: str, ring: str, risk: str) -> ApprovalRule | None:
    """Returns the first matching rule (rule 1); None if no approval is needed. `ring` is empty for a cluster that is not in a ring."""
    rules = rules_of(settings, runbook, ring)
    named = next((rule for rule in rules if risk == FORCED and FORCED in rule.risks), None)
    counts_as = {risk, *_INCLUDED.get(risk, ())}
    return named or next((rule for rule in rules if not rule.risks or rule.risks & counts_as), None)


def rules_of(settings: Settings, runbook: str, ring: str) -> tuple[ApprovalRule, ...]:
    """Returns the rules that can apply to a runbook in a ring, whatever a plan's risk is."""
    return tuple(rule for rule in settings.approval_rules(runbook) if not rule.rings or ring in rule.rings)


def denies_self(rule: ApprovalRule, ring: str, settings: Settings) -> bool:
    """Whether the requester is excluded from approving (rule 3)."""
    if rule.self_approval is not None:
        return not rule.self_approval
    return not ring or ring == settings.fleet.rings[-1].name


def needed(approval: Approval, rule: ApprovalRule, settings: Settings) -> int:
    """How many different people must approve. If the requester is unknown, two must: at least one of them is someone else (rule 3)."""
    if not approval.requester_known and denies_self(rule, approval.ring, settings):
        return max(rule.of, 2)
    return rule.of


def approvers(approval: Approval, rule: ApprovalRule) -> tuple[str, ...]:
    """Returns the approvers, including the additional ones once the request is escalated."""
    return (*rule.approvers, *(rule.escalate_to if approval.escalated else ()))


def valid_votes(approval: Approval, rule: ApprovalRule, settings: Settings) -> tuple[str, ...]:
    """Whose votes count: people who are still approvers, without the requester if the rule excludes them (rules 3 and 12)."""
    allowed = set(deciders(approval, rule, settings))
    return tuple(vote.person for vote in approval.votes if vote.person in allowed)


def deciders(approval: Approval, rule: ApprovalRule, settings: Settings) -> tuple[str, ...]:
    """Who can decide this request: the approvers, without the requester if the rule excludes them."""
    denied = approval.requester if denies_self(rule, approval.ring, settings) else None
    return tuple(dict.fromkeys(name for name in approvers(approval, rule) if name != denied))


def can_be_granted(approval: Approval, rule: ApprovalRule, settings: Settings) -> bool:
    """Whether enough people can approve the request, now or after its escalation."""
    people = {*rule.approvers, *rule.escalate_to}
    if denies_self(rule, approval.ring, settings):
        people.discard(approval.requester)
    return len(people) >= needed(approval, rule, settings)


def approved(approval: Approval, rule: ApprovalRule, settings: Settings, at: datetime) -> Approval:
    """Marks the request as approved by the people whose votes count."""
    names = ", ".join(valid_votes(approval, rule, settings))
    endpoint = approval.votes[-1].endpoint
    return replace(approval, state=ApprovalState.APPROVED, decided_by=names, decided_via=endpoint, decided_at=at)
