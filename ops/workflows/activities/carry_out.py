"""Begin, poll, prove: one step of a plan, or the undo of one, by its verb."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.model.run import StepState
from ops.ports import BusyError, DeniedError, Json, NotFoundError, RejectedError, TryLaterError
from ops.verbs.contract import Task
from ops.workflows.activities.context import Context
from ops.workflows.activities.leasing import release_all, renew_all
from ops.workflows.activities.permitting import why_no_further, why_not_now
from ops.workflows.activities.work import Work
from ops.workflows.answer import Answer

_PATIENCE = timedelta(hours=2)


def begin(context: Context, payload: Mapping[str, Json]) -> dict[str, Json]:
    """Checks the step and begins it. Answers pending, prove, step (the next), undo (the next) or unwind."""
    work = Work.of(context, payload)
    if work.is_settled:
        return work.onward()
    if work.has_begun:
        return Answer("pending", work.now).write()  # before a crash: it is followed, not begun again
    if work.undo:
        holder = renew_all(context.ports.store, work.run, work.now)
        if (
            holder is not None
        ):  # who took the cluster while this process was away is not disturbed; who waits for its region neither
            release_all(context.ports.store, work.run)
            return work.stale(f"{holder.run} has the cluster by now", None)
    elif work.record.state is not StepState.INTENDED and (why := why_not_now(work)):
        return work.leave(why)
    outcome: Ready | Done | Pending | Refused | Stale = _attempt(work.verb.check, work)
    return _begin_now(work) if isinstance(outcome, Ready) else _answer(work, outcome)


def _begin_now(work: Work) -> dict[str, Json]:
    """The first call; also for a step that was intended before and that the world does not show: a beginning like any other."""
    if not work.undo and work.record.state is StepState.INTENDED and (why := why_not_now(work)):
        return work.leave(why)
    work.intend()
    outcome = _attempt(work.verb.begin, work)
    return work.failed(outcome, was_begun=False) if isinstance(outcome, Refused) else _answer(work, outcome)


def _answer(work: Work, outcome: Done | Pending | Refused | Stale) -> dict[str, Json]:
    match outcome:
        case Done():
            return work.proven(outcome)
        case Pending(token, poll_after):
            return work.running(token, poll_after)
        case Refused():
            return work.failed(outcome)
        case Stale(why, retry_at):
            return work.stale(why, retry_at)


def poll(context: Context, payload: Mapping[str, Json]) -> dict[str, Json]:
    """One look at the operation. Answers pending, prove or unwind."""
    return _while_it_runs(context, payload, _poll)


def prove(context: Context, payload: Mapping[str, Json]) -> dict[str, Json]:
    """Whether the world shows the effect. Answers pending (look again), step, undo or unwind."""
    return _while_it_runs(context, payload, _prove)


def _while_it_runs(
    context: Context, payload: Mapping[str, Json], look: Callable[[Work], dict[str, Json]]
) -> dict[str, Json]:
    """A look at a step that has begun: the lease is kept meanwhile, and what may be left in the middle of it is left where it has to be."""
    work = Work.of(context, payload)
    if work.is_settled:
        return work.onward()
    holder = renew_all(context.ports.store, work.run, work.now)
    why = why_no_further(work, holder)
    return work.leave(why) if why else look(work)


def _poll(work: Work) -> dict[str, Json]:
    match _patiently(work.verb.poll, work):
        case Pending() as pending:
            expected = timedelta(seconds=work.step.expected_s)
            late = work.overdue(work.record.began or work.now, expected, "look at the operation in Azure")
            work.save(replace(work.record, progress=pending.progress or work.record.progress), **late)
            return Answer("pending", pending.poll_after).write()
        case Done(_, progress):
            since = work.record.proving_since or work.now
            work.save(replace(work.record, proving_since=since, progress=progress or work.record.progress))
            return Answer("prove").write()
        case Refused() as refused:
            return work.failed(refused)


def _prove(work: Work) -> dict[str, Json]:
    match _patiently(work.verb.prove, work):
        case Done() as done:
            return work.proven(done)
        case Pending() as pending:
            return Answer("pending", pending.poll_after).write()
        case Refused() as refused:
            return work.failed(refused)


def _patiently[T](attempt: Callable[[Task], T], work: Work) -> T | Refused:
    """One look at what runs: a no to reading is waited out for hours before it fails a run whose operation goes on."""
    try:
        return attempt(work.task())
    except (DeniedError, NotFoundError, BusyError) as error:
        began = work.record.began or work.now
        if work.now - began < timedelta(seconds=work.step.expected_s) + _PATIENCE:
            raise TryLaterError(str(error), 180) from error
        return Refused("Unreadable", str(error), "look at the operation in Azure; then start the run again")
    except RejectedError as error:
        return Refused(error.code, str(error), "mend what Azure names, then start the run again")


def _attempt[T](attempt: Callable[[Task], T], work: Work) -> T | Refused:
    """One attempt; a plain no of the outside is an outcome like any other, what may succeed later is not."""
    try:
        return attempt(work.task())
    except BusyError as error:
        raise TryLaterError(str(error), 300) from error
    except DeniedError as error:
        return Refused(
            "Denied", str(error), "give the bot's identity the role that the guide names, then start the run again"
        )
    except NotFoundError as error:
        return Refused("Gone", str(error), "look whether it was deleted; if so, nothing is left to do")
    except RejectedError as error:
        return Refused(error.code, str(error), "mend what Azure names, then start the run again")
