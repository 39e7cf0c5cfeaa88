"""Shared by verbs that begin a long-running ARM operation: begins, polls and verifies it, and explains why it failed."""

from collections.abc import Callable
from datetime import timedelta

from ops.model.fleet import NO_POWER_STATE
from ops.model.outcome import Done, Pending, Progress, Refused, Stale
from ops.model.reasons import FailureCode
from ops.model.refusal import Answer, System
from ops.policy.power import BETWEEN
from ops.policy.refusals import classify
from ops.ports.errors import AlreadyError, BusyError, RejectedError
from ops.tables.power import power_changed
from ops.verbs.contract import StepContext

# Azure does not send Retry-After in response to polls, and a pool takes minutes per node.
POLL_EVERY = timedelta(minutes=3)
_BUSY_AGAIN = timedelta(minutes=5)
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
        return Refused(error.code, str(error), remedy(error.code, str(error)))
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


def poll_operation(task: StepContext, what: str, progress: Progress | None = None) -> Pending | Done | Refused:
    """Polls the operation of the step's token."""
    status = task.ports.clusters.operation(task.record.token)
    if status.state == "failed":
        cause = f"{what} failed: {status.code}: {status.message}" if status.message else f"{what} failed: {status.code}"
        return Refused(status.code or "OperationFailed", cause, remedy(status.code, status.message))
    if status.state == "succeeded":
        return Done(f"Azure reports that {what} has ended", progress)
    return Pending(task.record.token, task.now + POLL_EVERY, progress)


def not_verified_yet(
    task: StepContext, within: timedelta, cause: str, advice: str, poll_every: timedelta = POLL_EVERY
) -> Pending | Refused:
    """Verifies again if the operation has ended but its effect is not yet visible on the cluster; fails once `within` has passed."""
    if task.now - (task.record.verifying_since or task.now) < within:
        return Pending(task.record.token, task.now + poll_every)
    return Refused(FailureCode.NOT_VERIFIED, cause, advice)
