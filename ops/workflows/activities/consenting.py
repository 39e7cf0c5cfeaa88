"""Whether what was decided needs somebody's yes: the approval phase as `assess` sees it (docs/approvals.md)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from ops.model.approval import Approval, ApprovalState, PartState
from ops.model.decision import Act, Decision, Wait
from ops.model.plan import Plan
from ops.model.run import Run
from ops.policy.approval import Asked, Granted, Missing, NotNeeded, Refused, decided_text, standing
from ops.policy.approval_times import next_look
from ops.policy.approvers import rule_for, rules_of
from ops.settings import Settings
from ops.workflows.activities.context import Context
from ops.workflows.asking import approval_of, note_decision, withdraw
from ops.workflows.telling import report_if_new

# Waits for what may change before the window opens; a cluster that AKS drives, say, is only watched.
_MAY_ACT = ("window", "unproven", "busy", "no-window-left")


@dataclass(frozen=True, slots=True)
class Considered:
    """The run and the decision with what approvals make of them; `asks` is the plan that has to be approved first."""

    run: Run
    decision: Decision
    asks: Plan | None = None


def consider(context: Context, run: Run, decision: Decision, decide_at: Callable[[datetime], Decision]) -> Considered:
    """What approvals make of a decision: it goes on, it is asked for, or the run looks sooner whether there is something to ask."""
    settings = context.config.settings
    if settings is None or run.dry_run or not isinstance(decision, Act | Wait):
        return Considered(run, decision)
    asked = approval_of(context.ports.store, run)
    rules = rules_of(settings, run.runbook, run.ring)
    if not rules and asked is None:
        return Considered(run, decision)
    now = context.ports.clock.now()
    plan = plan_ahead(decision, decide_at) or _rejected(asked, run)
    if plan is None:
        return Considered(run, _sooner(decision, next_look(rules, now)) if rules else decision)
    rule = rule_for(settings, run.runbook, run.ring, plan.risk)
    match standing(asked, run, plan, rule, settings, now):
        case NotNeeded():
            withdraw(context, run, PartState.CANCELLED, "nobody has to approve it any more")
            return Considered(replace(run, approval=""), decision)
        case Granted(approval):
            report_if_new(context.ports, approval.id, settings)
            note_decision(context, approval)
            approved = replace(run, approved=decided_text(approval))
            # Looked at again before the night: what changes by day is asked for by day.
            sooner = _sooner(decision, next_look(rules, now)) if rules else decision
            return Considered(approved, _told(sooner, approved.approved))
        case _:
            return Considered(run, decision, plan)


def why_not_approved(context: Context, run: Run) -> str:
    """Why a step of the run's plan may not begin: nobody has approved it, or who did no longer may; empty where it may."""
    settings = context.config.settings
    if settings is None or run.plan is None:
        return ""
    rule = rule_for(settings, run.runbook, run.ring, run.plan.risk)
    now = context.ports.clock.now()
    match standing(approval_of(context.ports.store, run), run, run.plan, rule, settings, now):
        case NotNeeded() | Granted():
            return ""
        case Missing(changed):
            return "; ".join(changed) or "nobody has approved it"
        case Asked() | Refused():
            return "its approval does not hold any more"


def plan_ahead(decision: Decision, decide_at: Callable[[datetime], Decision]) -> Plan | None:
    """The plan that is or will be carried out: the one decided, else the one that the wait's end would bring."""
    following = decide_at(decision.until) if isinstance(decision, Wait) else decision
    return following.plan if isinstance(following, Act) else None


def asks_now(run: Run, decision: Decision, decide_at: Callable[[datetime], Decision], settings: Settings) -> bool:
    """Whether a run that does not exist yet would have something to ask: then it is worth being started."""
    plan = plan_ahead(decision, decide_at) if rules_of(settings, run.runbook, run.ring) else None
    return plan is not None and rule_for(settings, run.runbook, run.ring, plan.risk) is not None


def _rejected(asked: Approval | None, run: Run) -> Plan | None:
    """The plan to which somebody has said no: it ends the run, whatever the run would do now."""
    part = asked.part(run.id) if asked is not None and asked.state is ApprovalState.REJECTED else None
    return part.plan if part is not None and part.state is PartState.ASKED else None


def _sooner(decision: Decision, look: datetime) -> Decision:
    """The same wait, ended early enough to ask in time, where there may be something to ask by then."""
    if isinstance(decision, Wait) and decision.code in _MAY_ACT:
        return replace(decision, until=min(decision.until, look))
    return decision


def _told(decision: Decision, approved: str) -> Decision:
    return replace(decision, why=f"{approved}; {decision.why}") if isinstance(decision, Wait) else decision
