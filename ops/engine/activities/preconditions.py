"""A step's preconditions: no person or other run blocks it; its ring, approval and lease are valid; its window is open long enough."""

from dataclasses import fields
from datetime import timedelta

from ops.approvals.gate import missing_approval
from ops.engine.activities.lease import holds_all, renew_all, run_ahead
from ops.engine.activities.step_execution import StepExecution
from ops.facts.effective_tags import read_cluster
from ops.facts.fleet_membership import read_membership
from ops.model.fleet import Unknown
from ops.model.plan import Claim
from ops.model.run import StepState
from ops.policy.approval_status import ring_change
from ops.policy.calendar import open_span
from ops.policy.leases import Holder
from ops.policy.update_runs import fleet_hold
from ops.ports.errors import DeniedError, NotFoundError, RejectedError, TryLaterError, UnreadableError
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
    moved = _ring_changed(work)
    if moved:
        return moved
    unapproved = missing_approval(work.context, work.run)
    if unapproved:
        return unapproved
    driven = _update_run(work)
    if driven:
        return driven
    first = next((b for c in _claims(work) if (b := run_ahead(work.context.ports.store, c, work.run, work.now))), None)
    if first is not None and not (_has_started_cluster(work) and _waits_for_started_cluster(work, first)):
        return f"yields to {first.run}"
    if not holds_all(work.context.ports.store, work.run, work.now):
        return "the lease has expired"
    renew_all(work.context.ports.store, work.run, work.now)
    deadline = work.step.deadline
    if deadline is not None and work.now + timedelta(seconds=work.step.expected_s) > deadline:
        return "the remaining window is too short for it"
    return _outside_window(work)


def _ring_changed(work: StepExecution) -> str:
    """Why the plan no longer applies, because the cluster is not in the ring that it was made for (docs/approvals.md, rule 12).

    The cluster is read again in the attempt that begins the step. An event is handled wherever the cluster is.

    Raises:
        TryLaterError: Azure or the store does not answer; the attempt is repeated.
    """
    runbook, settings = runbooks()[work.run.runbook], work.context.config.settings
    if runbook.about_event or settings is None:
        return ""
    try:
        cluster = read_cluster(work.context.ports, settings, work.run.target)
    except NotFoundError:
        return ""  # the verb reports what is gone
    except (DeniedError, RejectedError, UnreadableError) as error:
        return f"the cluster could not be read: {error}"
    ring = runbook.ring(cluster, settings)
    return "" if ring == work.run.ring else ring_change(work.run.ring, ring)


def _update_run(work: StepExecution) -> str:
    """Why the step cannot begin, because an update run of the cluster's fleet has it; read again in the attempt that begins the step.

    Raises:
        TryLaterError: the fleets cannot be read now; the attempt is repeated.
    """
    if "fleet_membership" not in {field.name for field in fields(runbooks()[work.run.runbook].facts)}:
        return ""
    membership = read_membership(work.context.ports.fleets, work.run.target, work.now)
    if isinstance(membership, Unknown) and membership.transient:
        raise TryLaterError(membership.why, membership.retry_after_s)
    return fleet_hold(membership)


def _outside_window(work: StepExecution) -> str:
    """Why the step does not fit into a window that is open now; a window or freeze can change while a run is executed."""
    runbook, settings = runbooks()[work.run.runbook], work.context.config.settings
    if work.step.deadline is None or runbook.about_event or settings is None:
        return ""
    windows = [opening.window for opening in runbook.openings(settings) if opening.ring in ("", work.run.ring)]
    spans = [open_span(window, settings.freezes, work.now) for window in windows]
    ends = work.now + timedelta(seconds=work.step.expected_s)
    fits = any(span is not None and ends <= span.end for span in spans)
    return "" if fits else "its window has changed, or a freeze has begun"


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
