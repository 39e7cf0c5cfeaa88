"""Whether a plan needs approval, and whether it has been approved (docs/approvals.md, rules 10 to 13)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from ops.model.approval import Approval, ApprovalState, PartState
from ops.model.plan import FORCED, Plan, Step
from ops.model.run import Run
from ops.model.wording import instant
from ops.policy.approval_times import expired_if_due
from ops.policy.approvers import needed, valid_votes
from ops.settings import Settings
from ops.settings.approval import ApprovalRule

# For each risk, the lower risks that its approval covers: pools were removed from the plan, or `forceUpgrade` has ended.
_LESS = {"in-place": ("surge",), FORCED: ("surge",)}
# An expired request counts as rejected; a withdrawn one has no effect.
_IN_FORCE = (ApprovalState.PENDING, ApprovalState.APPROVED)


def additions(approved: Plan, plan: Plan, *, whole: bool = False) -> tuple[str, ...]:
    """Says what a plan would do beyond an approved plan; empty if the approved plan covers it (rule 10).

    `whole` includes the steps that follow: until the request is decided, people decide on all of them.
    """
    known = [each.content for step in (*approved.steps, *approved.following) for each in (step, _unforced(step))]
    steps = (*plan.steps, *plan.following) if whole else plan.steps
    differences = [_difference(approved, step) for step in steps if step.content not in known]
    if plan.risk not in (approved.risk, *_LESS.get(approved.risk, ())):
        differences.append(f"the risk is {plan.risk}, not {approved.risk}")
    if plan.target != approved.target or plan.runbook != approved.runbook:
        differences.append("its target is different")
    return tuple(differences)


def _unforced(step: Step) -> Step:
    """Returns the same upgrade within PDBs, which an approval of the forced one covers."""
    return replace(step, params={name: value for name, value in step.params.items() if name != FORCED})


def _difference(approved: Plan, step: Step) -> str:
    old = next((each for each in approved.steps if each.id == step.id), None)
    if old is None:
        return f"{step.title} was not part of the request"
    changed = [
        f"{name} {value}, not {old.params.get(name, 'none')}"
        for name, value in step.params.items()
        if old.params.get(name) != value
    ]
    return f"{step.title}: {', '.join(changed) or 'another way of doing it'}"


@dataclass(frozen=True, slots=True)
class NotRequired:
    """The plan does not need approval."""


@dataclass(frozen=True, slots=True)
class Granted:
    """The plan is approved and can be executed."""

    approval: Approval


@dataclass(frozen=True, slots=True)
class Pending:
    """The request is waiting for a decision, or will be shown soon."""

    approval: Approval


@dataclass(frozen=True, slots=True)
class Denied:
    """The request was rejected or has expired."""

    approval: Approval


@dataclass(frozen=True, slots=True)
class Missing:
    """Approval of this plan has not been requested. `changed` says why an earlier request no longer counts.

    Without a rule, the run has left the ring in which approval was requested, and no one can approve it anymore.
    """

    changed: tuple[str, ...] = ()


type ApprovalStatus = NotRequired | Granted | Pending | Denied | Missing


def approval_status(
    approval: Approval | None, run: Run, plan: Plan, rule: ApprovalRule | None, settings: Settings, now: datetime
) -> ApprovalStatus:
    """Returns the approval status of a run's plan, given the run's current request (rules 10 to 13)."""
    part = approval.part(run.id) if approval is not None else None
    is_asked = part is not None and part.state is PartState.ASKED
    if approval is not None and is_asked and approval.state is ApprovalState.REJECTED:
        return Denied(approval)  # A rejection stays in force even if the configuration has changed since.
    current = expired_if_due(approval, now) if approval is not None and is_asked else None
    if current is not None and current.ring != run.ring and current.state in _IN_FORCE:
        # Before the rule is considered: a run does not escape its request because its cluster has left the ring.
        return Missing((ring_change(current.ring, run.ring),))
    if rule is None:
        return NotRequired()
    if current is None or part is None:
        return Missing()
    match current.state:
        case ApprovalState.REJECTED | ApprovalState.EXPIRED:
            return Denied(current)
        case ApprovalState.CANCELLED | ApprovalState.SUPERSEDED:
            return Missing()
        case ApprovalState.PENDING:
            changed = additions(part.plan, plan, whole=True)
            return Missing(changed) if changed else Pending(current)
        case ApprovalState.APPROVED:
            changed = (
                *additions(part.plan, plan),
                *_lost_rights(current, rule, settings),
            )
            return Missing(changed) if changed else Granted(current)


def ring_change(old: str, new: str) -> str:
    """Says that a cluster has moved to another ring, which voids a plan and a request: the ring decides when, and who approves."""
    return f"its cluster is now in {new or 'no ring'}, no longer in {old or 'no ring'}"


def _lost_rights(approval: Approval, rule: ApprovalRule, settings: Settings) -> Iterator[str]:
    """Names the voters whose votes no longer count, if too few votes remain as a result."""
    left = valid_votes(approval, rule, settings)
    if len(left) >= needed(approval, rule, settings):
        return
    gone = [vote.person for vote in approval.votes if vote.person not in left]
    yield from (f"{person}, who approved, is no longer an approver" for person in gone)
    if not gone:
        yield "more approvals are needed than were given"


def decided_text(approval: Approval) -> str:
    """How a request ended: by whom and when."""
    at = f"{instant(approval.decided_at)}" if approval.decided_at else ""
    because = f": {approval.why}" if approval.why else ""
    by = f" by {approval.decided_by}" if approval.decided_by else ""
    return f"{approval.state}{by} {at}{because}".strip()
