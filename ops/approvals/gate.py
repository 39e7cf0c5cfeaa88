"""Whether what was decided needs somebody's yes: the approval phase as `assess` sees it (docs/approvals.md)."""

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

# Waits for what may change before the window opens; a cluster that AKS drives, say, is only watched.
_MAY_ACT = (WaitReason.WINDOW, WaitReason.UNPROVEN, WaitReason.BUSY, WaitReason.NO_WINDOW_LEFT)


@dataclass(frozen=True, slots=True)
class GateResult:
    """The run and the decision with what approvals make of them; `asks` is the plan that has to be approved first."""

    run: Run
    decision: Decision
    asks: Plan | None = None


def pass_gate(context: Context, run: Run, decision: Decision, decide_at: Callable[[datetime], Decision]) -> GateResult:
    """What approvals make of a decision: it goes on, it is asked for, or the run looks sooner whether there is something to ask."""
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
            withdraw(context, run, PartState.CANCELLED, "nobody has to approve it any more")
            return GateResult(replace(run, approval=""), decision)
        case Granted(approval):
            report_if_changed(context.ports, approval.id, settings)
            note_decision(context, approval)
            approved = replace(run, approved=decided_text(approval))
            # Looked at again before the night: what changes by day is asked for by day.
            sooner = _wake_in_time(decision, next_look(rules, now)) if rules else decision
            return GateResult(approved, _with_approval(sooner, approved.approved))
        case _:
            return GateResult(run, decision, plan)


def missing_approval(context: Context, run: Run) -> str:
    """Why a step of the run's plan may not begin: nobody has approved it, or who did no longer may; empty where it may."""
    settings = context.config.settings
    if settings is None or run.plan is None:
        return ""
    rule = rule_for(settings, run.runbook, run.ring, run.plan.risk)
    now = context.ports.clock.now()
    match approval_status(approval_of(context.ports.store, run), run, run.plan, rule, settings, now):
        case NotRequired() | Granted():
            return ""
        case Missing(changed):
            return "; ".join(changed) or "nobody has approved it"
        case Pending() | Denied():
            return "its approval does not hold any more"


def planned_next(decision: Decision, decide_at: Callable[[datetime], Decision]) -> Plan | None:
    """The plan that is or will be carried out: the one decided, else the one that the wait's end would bring."""
    following = decide_at(decision.until) if isinstance(decision, Wait) else decision
    return following.plan if isinstance(following, Act) else None


def needs_approval_now(
    run: Run, decision: Decision, decide_at: Callable[[datetime], Decision], settings: Settings
) -> bool:
    """Whether a run that does not exist yet would have something to ask: then it is worth being started."""
    plan = planned_next(decision, decide_at) if rules_of(settings, run.runbook, run.ring) else None
    return plan is not None and rule_for(settings, run.runbook, run.ring, plan.risk) is not None


def _rejected_plan(asked: Approval | None, run: Run) -> Plan | None:
    """The plan to which somebody has said no: it ends the run, whatever the run would do now."""
    part = asked.part(run.id) if asked is not None and asked.state is ApprovalState.REJECTED else None
    return part.plan if part is not None and part.state is PartState.ASKED else None


def _wake_in_time(decision: Decision, look: datetime) -> Decision:
    """The same wait, ended early enough to ask in time, where there may be something to ask by then."""
    if isinstance(decision, Wait) and decision.code in _MAY_ACT:
        return replace(decision, until=min(decision.until, look))
    return decision


def _with_approval(decision: Decision, approved: str) -> Decision:
    return replace(decision, why=f"{approved}; {decision.why}") if isinstance(decision, Wait) else decision
