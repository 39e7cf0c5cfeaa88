"""Begin, poll and verify one step of a plan, or its undo, through its verb."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from ops.context import Context
from ops.engine.activities.lease import release_all, renew_all
from ops.engine.activities.preconditions import blocking_reason, interruption_reason
from ops.engine.activities.refused_actions import forget_refusal, record_refusal
from ops.engine.activities.step_execution import StepExecution
from ops.engine.transition import Outcome, Transition
from ops.model.json import Json
from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.model.reasons import FailureCode
from ops.model.run import StepState
from ops.ports.errors import BusyError, DeniedError, NotFoundError, RejectedError, TryLaterError
from ops.runbooks import runbooks
from ops.verbs.contract import StepContext

_PATIENCE = timedelta(hours=2)


def begin(context: Context, payload: Mapping[str, Json]) -> Transition:
    """Checks the step and begins it. Reports PENDING, STEP (the next one) or UNWIND."""
    work = StepExecution.of(context, payload)
    if work.is_settled:
        return work.onward()
    if work.has_begun:
        # The step was begun before a crash: observe it instead of beginning it again.
        return Transition(Outcome.PENDING, work.now)
    if work.undo:
        holder = renew_all(context.ports.store, work.run, work.now)
        if holder is not None:
            # Do not disturb a run that has taken the cluster in the meantime, or one that is waiting for the region.
            release_all(context.ports.store, work.run)
            return work.stale(f"{holder.run} has the cluster now", None)
    elif work.record.state is not StepState.INTENDED and (why := blocking_reason(work)):
        return work.leave(why)
    outcome: Ready | Done | Pending | Refused | Stale = _attempt(work.verb.check, work)
    return _begin_now(work) if isinstance(outcome, Ready) else _transition_for(work, outcome)


def _begin_now(work: StepExecution) -> Transition:
    """Makes the first call. A step that was recorded as intended but left no trace is begun like any other.

    Raises:
        TryLaterError: the call may succeed later.
    """
    if not work.undo and work.record.state is StepState.INTENDED and (why := blocking_reason(work)):
        return work.leave(why)
    work.intend()
    try:
        outcome = _attempt(work.verb.begin, work)
    except TryLaterError as error:
        work.remember(str(error))
        raise
    if isinstance(outcome, Refused) and not outcome.lasting:
        return work.failed(outcome, was_begun=False)
    return _transition_for(work, outcome)


def _transition_for(work: StepExecution, outcome: Done | Pending | Refused | Stale) -> Transition:
    match outcome:
        case Done():
            forget_refusal(work.context.ports, work.run, (work.verb.name, work.step), work.now)
            return work.proven(outcome)
        case Pending(token, poll_after):
            forget_refusal(work.context.ports, work.run, (work.verb.name, work.step), work.now)
            return work.running(token, poll_after)
        case Refused(lasting=True):
            return _refused(work, outcome)
        case Refused():
            return work.failed(outcome)
        case Stale(why, retry_at):
            return work.stale(why, retry_at)


def _refused(work: StepExecution, refused: Refused) -> Transition:
    """Ends the attempt without failing the run, which is assessed again later.

    An event, an undo or a person who has started the run does not wait that long, so the run fails.
    """
    again = record_refusal(work.context.ports, work.run, (work.verb.name, work.step), refused, work.now)
    if work.undo or work.run.source != "timer" or runbooks()[work.run.runbook].about_event:
        return work.failed(refused, was_begun=work.undo)
    return work.refused(refused, again)


def poll(context: Context, payload: Mapping[str, Json]) -> Transition:
    """Polls the operation once. Reports PENDING, VERIFY or UNWIND."""
    return _while_it_runs(context, payload, _poll)


def verify(context: Context, payload: Mapping[str, Json]) -> Transition:
    """Checks whether the effect is visible on the cluster. Reports PENDING, STEP or UNWIND."""
    return _while_it_runs(context, payload, _verify)


def _while_it_runs(
    context: Context, payload: Mapping[str, Json], look: Callable[[StepExecution], Transition]
) -> Transition:
    """Observes a step that has begun: renews the lease, and abandons the step if it must stop and is interruptible."""
    work = StepExecution.of(context, payload)
    if work.is_settled:
        return work.onward()
    holder = renew_all(context.ports.store, work.run, work.now)
    why = interruption_reason(work, holder)
    return work.leave(why) if why else look(work)


def _poll(work: StepExecution) -> Transition:
    match _retry_later(work.verb.poll, work):
        case Pending() as pending:
            expected = timedelta(seconds=work.step.expected_s)
            late = work.overdue(work.record.began or work.now, expected, "check the operation in Azure")
            record = replace(work.record, progress=pending.progress or work.record.progress)
            work.save(replace(record, token=pending.token or record.token), **late)
            return Transition(Outcome.PENDING, pending.poll_after)
        case Done(_, progress):
            since = work.record.verifying_since or work.now
            work.save(replace(work.record, verifying_since=since, progress=progress or work.record.progress))
            return Transition(Outcome.VERIFY)
        case Refused() as refused:
            return work.failed(refused)
        case Stale(why, retry_at):
            return work.interrupted(why, retry_at)


def _verify(work: StepExecution) -> Transition:
    match _retry_later(work.verb.verify, work):
        case Done() as done:
            return work.proven(done)
        case Pending() as pending:
            return Transition(Outcome.PENDING, pending.poll_after)
        case Refused() as refused:
            return work.failed(refused)


def _retry_later[T](attempt: Callable[[StepContext], T], work: StepExecution) -> T | Refused:
    """Makes one observation. A refused read is retried for hours before the run fails, since the operation itself continues.

    Raises:
        TryLaterError: the read was refused and may succeed later.
    """
    try:
        return attempt(work.task())
    except (DeniedError, NotFoundError, BusyError) as error:
        began = work.record.began or work.now
        if work.now - began < timedelta(seconds=work.step.expected_s) + _PATIENCE:
            raise TryLaterError(str(error), 180) from error
        return Refused(FailureCode.UNREADABLE, str(error), "check the operation in Azure, then start the run again")
    except RejectedError as error:
        return Refused(error.code, str(error), "fix what Azure reports, then start the run again", lasting=True)


def _attempt[T](attempt: Callable[[StepContext], T], work: StepExecution) -> T | Refused:
    """Makes one attempt. A refusal is returned like any other outcome; a transient error is raised for a retry.

    Raises:
        TryLaterError: another operation is running on the cluster.
    """
    try:
        return attempt(work.task())
    except BusyError as error:
        raise TryLaterError(str(error), 300) from error
    except DeniedError as error:
        return Refused(
            FailureCode.DENIED,
            str(error),
            "assign the role from the deployment guide to the bot's identity, then start the run again",
            lasting=True,
        )
    except NotFoundError as error:
        return Refused(FailureCode.GONE, str(error), "check whether it was deleted; if so, there is nothing left to do")
    except RejectedError as error:
        return Refused(error.code, str(error), "fix what Azure reports, then start the run again")
