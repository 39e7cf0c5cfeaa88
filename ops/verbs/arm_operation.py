"""Shared by verbs that begin a long-running ARM operation: begins, polls and verifies it, and explains why it failed."""

from collections.abc import Callable
from datetime import timedelta

from ops.model.fleet import NO_POWER_STATE, Power
from ops.model.outcome import Done, Pending, Progress, Refused, Stale
from ops.model.reasons import FailureCode
from ops.model.refusal import Answer, RefusalKind, System
from ops.policy.power import BETWEEN
from ops.policy.refusals import classify
from ops.ports.errors import AlreadyError, BusyError, RejectedError
from ops.tables.power import power_changed
from ops.verbs.contract import StepContext

# Azure does not send Retry-After in response to polls, and a pool takes minutes per node.
POLL_EVERY = timedelta(minutes=3)
_BUSY_AGAIN = timedelta(minutes=5)
# An answer without the address of an operation (200, 202 or 204), or a lost one, says nothing about what follows.
_SHOWN_WITHIN = timedelta(minutes=10)
_ASK_AZURE = "find the operation in the activity log, fix the cause, then start the run again"


def remedy(code: str, text: str = "") -> str:
    """Returns the remedy for an operation that has failed with this code and text."""
    return classify(Answer(System.AZURE, code=code, text=text)).remedy or _ASK_AZURE


def begin_operation(
    task: StepContext, call: Callable[[], str], poll_every: timedelta = POLL_EVERY
) -> Pending | Refused | Stale:
    """Makes the one call that begins an operation; returns its token. If another operation is running, the step waits."""
    try:
        token = call()
    except BusyError as error:
        return retry_later(task, str(error))
    except AlreadyError:
        return Pending("", task.now)  # the poll reads the cluster
    except RejectedError as error:
        return Refused(error.code, str(error), remedy(error.code, str(error)), lasting=True)
    return Pending(token, task.now + poll_every)


def busy(task: StepContext) -> Stale:
    """Returns Stale, because another operation is running on the cluster. That operation is never interrupted, so the step waits."""
    return retry_later(task, "another operation is running on the cluster")


def no_power_state(task: StepContext) -> Stale:
    """Returns Stale, because Azure does not report whether the cluster is running: nothing begins on an unknown state."""
    return retry_later(task, NO_POWER_STATE.why)


def power_pause(task: StepContext) -> Stale | None:
    """Returns the pause that AKS requires between a stop and a start, in either order (docs/power.md, rule 5); None once it is over."""
    changed = power_changed(task.ports.store, task.target)
    if changed is None or task.now - changed >= BETWEEN:
        return None
    return Stale("AKS requires a pause between a stop and a start", changed + BETWEEN)


def retry_later(task: StepContext, why: str) -> Stale:
    """Returns Stale, because the step can begin only later."""
    return Stale(why, task.now + _BUSY_AGAIN)


def poll_operation(task: StepContext, what: str, progress: Progress | None = None) -> Pending | Done | Refused | Stale:
    """Polls the operation of the step's token."""
    status = task.ports.clusters.operation(task.record.token)
    if status.state == "failed":
        return ended_unsuccessfully(task, what, status.code, status.message)
    if status.state == "succeeded":
        return Done(f"Azure reports that {what} has ended", progress)
    return Pending(task.record.token, task.now + POLL_EVERY, progress)


def ended_unsuccessfully(task: StepContext, what: str, code: str, text: str) -> Done | Refused | Stale:
    """Decides what the unsuccessful end of an operation means, with Azure's own words.

    If another operation or a limit on calls has ended it, the run waits and assesses again: this is not a failure of the step.
    """
    words = ": ".join(part for part in (code, text) if part)
    refusal = classify(Answer(System.AZURE, code=code, text=text))
    match refusal.kind:
        case RefusalKind.BUSY | RefusalKind.THROTTLED | RefusalKind.TRANSIENT:
            return retry_later(task, f"{what} was interrupted: {words}")
        case RefusalKind.ALREADY:
            return Done(f"Azure reports that {what} was not necessary: {words}")
        case RefusalKind.GONE:
            return Refused(FailureCode.GONE, f"{what} ended: {words}", "nothing: the cluster or pool was deleted")
        case RefusalKind.LASTING | RefusalKind.DENIED:
            return Refused(code or FailureCode.OPERATION_FAILED, f"{what} failed: {words}", refusal.remedy)


def poll_power(
    task: StepContext, wanted: Power, what: str, call: Callable[[], str]
) -> Pending | Done | Refused | Stale:
    """Polls a start or a stop. If its address is unknown, or something else has ended it, the cluster decides.

    `call` requests it again, if it is an undo that something else has ended.
    """
    interrupted = poll_operation(task, what) if task.record.token else None
    if interrupted is not None and not isinstance(interrupted, Stale):
        return interrupted
    cluster = task.ports.clusters.cluster(task.target)
    if cluster.is_busy or cluster.power is Power.UNKNOWN:
        return Pending(task.record.token, task.now + POLL_EVERY)
    if interrupted is None and cluster.has_failed:
        return _failed_without_address(task, what, cluster.provisioning_state)
    if cluster.power is wanted:
        return Done(f"Azure reports the cluster as {wanted}")
    if interrupted is None:
        return _not_begun(task, what)
    return _begin_again(task, call) if task.undo else interrupted


def is_recent(task: StepContext) -> bool:
    """Whether the step began so recently that Azure may not show its operation yet."""
    return task.now - (task.record.began or task.now) < _SHOWN_WITHIN


def _not_begun(task: StepContext, what: str) -> Pending | Refused:
    """Azure may have accepted the request without naming an operation, so the cluster has some time to show it."""
    if is_recent(task):
        return Pending("", task.now + POLL_EVERY)
    why = f"{what} was accepted, but Azure shows no operation and the cluster has not changed"
    return Refused(_code(what), why, _ASK_AZURE)


def _failed_without_address(task: StepContext, what: str, state: str) -> Pending | Refused:
    """The power state alone proves nothing: a failed start can leave the cluster running. The state can be that of an earlier operation."""
    if is_recent(task):
        return Pending("", task.now + POLL_EVERY)
    return Refused(_code(what), f"{what} was accepted without an operation, and the cluster is {state}", _ASK_AZURE)


def _code(what: str) -> FailureCode:
    return FailureCode.START_FAILED if what == "the start" else FailureCode.STOP_FAILED


def _begin_again(task: StepContext, call: Callable[[], str]) -> Pending | Refused:
    begun = begin_operation(task, call)
    if isinstance(begun, Stale):
        return Pending(task.record.token, task.now + _BUSY_AGAIN)
    return begun


def not_verified_yet(
    task: StepContext, within: timedelta, cause: str, advice: str, poll_every: timedelta = POLL_EVERY
) -> Pending | Refused:
    """Verifies again if the operation has ended but its effect is not yet visible on the cluster; fails once `within` has passed."""
    if task.now - (task.record.verifying_since or task.now) < within:
        return Pending(task.record.token, task.now + poll_every)
    return Refused(FailureCode.NOT_VERIFIED, cause, advice)
