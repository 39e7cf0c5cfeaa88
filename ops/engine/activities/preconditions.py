"""A step's preconditions: neither a person nor another run blocks it, it is approved, the lease is held, and enough time is left."""

from datetime import timedelta

from ops.approvals.gate import missing_approval
from ops.engine.activities.lease import holds_all, renew_all, run_ahead
from ops.engine.activities.step_execution import StepExecution
from ops.model.plan import Claim
from ops.model.run import StepState
from ops.policy.leases import Holder
from ops.runbooks import runbooks


def blocking_reason(work: StepExecution) -> str:
    """Why this step cannot begin now; empty if it can."""
    control = work.context.control(work.run.id)
    if control.cancelled_by:
        return f"cancelled by {control.cancelled_by}"
    if control.paused_by:
        return f"paused by {control.paused_by}"
    if work.context.config.problem:
        return f"the configuration is not valid, so nothing new starts: {work.context.config.problem}"
    unapproved = missing_approval(work.context, work.run)
    if unapproved:
        return unapproved
    first = next((b for c in _claims(work) if (b := run_ahead(work.context.ports.store, c, work.run, work.now))), None)
    if first is not None and not (_has_started_cluster(work) and _waits_for_started_cluster(work, first)):
        return f"yields to {first.run}"
    if not holds_all(work.context.ports.store, work.run, work.now):
        return "the lease has expired"
    renew_all(work.context.ports.store, work.run, work.now)
    deadline = work.step.deadline
    if deadline is not None and work.now + timedelta(seconds=work.step.expected_s) > deadline:
        return "the remaining window is too short for it"
    return ""


def interruption_reason(work: StepExecution, holder: Holder | None) -> str:
    """Why a step that acts on every poll must stop; empty if it can continue or cannot be interrupted.

    `holder` is the run that has taken the cluster's lease in the meantime: a process may have been suspended for hours.
    """
    if work.undo or work.verb.on_cancel != "abort":
        return ""
    if work.context.control(work.run.id).cancelled_by:
        return "cancelled while it was running"
    if holder is not None:
        return f"{holder.run} has the cluster now"
    if work.step.deadline is not None and work.now > work.step.deadline:
        return "its window has closed"
    return ""


def _has_started_cluster(work: StepExecution) -> bool:
    """Whether this run has started the cluster; if so, a power run waits until this run has stopped it again (docs/power.md, rule 8)."""
    steps = work.run.plan.steps if work.run.plan else ()
    woken = (step for step in steps if step.verb == "start-cluster" and step.temporary)
    return any(work.run.step(step.id).state is StepState.DONE for step in woken)


def _waits_for_started_cluster(work: StepExecution, other: Holder) -> bool:
    stored = work.context.runs.get(other.run)
    runbook = None if stored is None else runbooks().get(stored.value.runbook)
    return runbook is not None and runbook.waits_for_started_cluster


def _claims(work: StepExecution) -> tuple[Claim, ...]:
    return work.run.plan.claims if work.run.plan else ()
