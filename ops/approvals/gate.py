"""The approval gate: `assess` uses it to find out whether a decision needs approval (docs/approvals.md)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from ops.approvals.notifications import report_if_changed
from ops.approvals.requests import approval_of, note_decision, withdraw
from ops.context import Context
from ops.model.approval import Approval, ApprovalState, PartState
from ops.model.decision import Act, Decision, Wait
from ops.model.plan import Plan
from ops.model.reasons import WaitReason
from ops.model.run import Run
from ops.policy.approval_status import Denied, Granted, Missing, NotRequired, Pending, approval_status, decided_text
from ops.policy.approval_times import next_look
from ops.policy.approvers import rule_for, rules_of
from ops.settings import Settings

# Reasons to wait that can change before the window opens. Others cannot: AKS-managed clusters, for example.
_MAY_ACT = (WaitReason.WINDOW, WaitReason.UNPROVEN, WaitReason.BUSY, WaitReason.NO_WINDOW_LEFT)


@dataclass(frozen=True, slots=True)
class GateResult:
    """The run and the decision after the gate. `asks` is the plan that must be approved first."""

    run: Run
    decision: Decision
    asks: Plan | None = None


def pass_gate(context: Context, run: Run, decision: Decision, decide_at: Callable[[datetime], Decision]) -> GateResult:
    """Passes a decision on, requests approval for it, or makes the run assess earlier to find out whether it needs approval."""
    settings = context.config.settings
    if settings is None or run.dry_run or not isinstance(decision, Act | Wait):
        return GateResult(run, decision)
    asked = approval_of(context.ports.store, run)
    rules = rules_of(settings, run.runbook, run.ring)
    if not rules and asked is None:
        return GateResult(run, decision)
    now = context.ports.clock.now()
    plan = planned_next(decision, decide_at) or _rejected_plan(asked, run)
    if plan is None:
        return GateResult(run, _wake_in_time(decision, next_look(rules, now)) if rules else decision)
    rule = rule_for(settings, run.runbook, run.ring, plan.risk)
    match approval_status(asked, run, plan, rule, settings, now):
        case NotRequired():
            withdraw(context, run, PartState.CANCELLED, "it no longer needs approval")
            return GateResult(replace(run, approval=""), decision)
        case Granted(approval):
            report_if_changed(context.ports, approval.id, settings)
            note_decision(context, approval)
            approved = replace(run, approved=decided_text(approval))
            # Assess again before the night, since approval is requested during the day.
            sooner = _wake_in_time(decision, next_look(rules, now)) if rules else decision
            return GateResult(approved, _with_approval(sooner, approved.approved))
        case _:
            return GateResult(run, decision, plan)


def missing_approval(context: Context, run: Run) -> str:
    """Why a step in the run's plan cannot begin: no approval, or an approver has lost the right to decide. Empty if it can begin."""
    settings = context.config.settings
    if settings is None or run.plan is None:
        return ""
    rule = rule_for(settings, run.runbook, run.ring, run.plan.risk)
    now = context.ports.clock.now()
    match approval_status(approval_of(context.ports.store, run), run, run.plan, rule, settings, now):
        case NotRequired() | Granted():
            return ""
        case Missing(changed):
            return "; ".join(changed) or "it is not approved"
        case Pending() | Denied():
            return "its approval is no longer valid"


def planned_next(decision: Decision, decide_at: Callable[[datetime], Decision]) -> Plan | None:
    """Returns the plan that is or will be executed: the decided one, or the one that would be decided at the end of the wait."""
    following = decide_at(decision.until) if isinstance(decision, Wait) else decision
    return following.plan if isinstance(following, Act) else None


def needs_approval_now(
    run: Run, decision: Decision, decide_at: Callable[[datetime], Decision], settings: Settings
) -> bool:
    """Whether a run that does not exist yet would need approval; if it would, it is started."""
    plan = planned_next(decision, decide_at) if rules_of(settings, run.runbook, run.ring) else None
    return plan is not None and rule_for(settings, run.runbook, run.ring, plan.risk) is not None


def _rejected_plan(asked: Approval | None, run: Run) -> Plan | None:
    """Returns the rejected plan. A rejection ends the run, regardless of what the run would do now."""
    part = asked.part(run.id) if asked is not None and asked.state is ApprovalState.REJECTED else None
    return part.plan if part is not None and part.state is PartState.ASKED else None


def _wake_in_time(decision: Decision, look: datetime) -> Decision:
    """Returns the same wait, shortened if necessary so that approval can be requested in time."""
    if isinstance(decision, Wait) and decision.code in _MAY_ACT:
        return replace(decision, until=min(decision.until, look))
    return decision


def _with_approval(decision: Decision, approved: str) -> Decision:
    return replace(decision, why=f"{approved}; {decision.why}") if isinstance(decision, Wait) else decision
