"""What verbs that begin a long-running ARM operation have in common: beginning, polling and proving it, and saying why it failed."""

from collections.abc import Callable
from datetime import timedelta

from ops.model.outcome import Done, Pending, Progress, Refused, Stale
from ops.model.reasons import FailureCode
from ops.policy.power import BETWEEN
from ops.ports.errors import BusyError, RejectedError
from ops.tables.power import power_changed
from ops.verbs.contract import StepContext

# Real answers carry no Retry-After on polls; a pool takes minutes a node.
POLL_EVERY = timedelta(minutes=3)
_BUSY_AGAIN = timedelta(minutes=5)

_REMEDIES = {
    "PodDrainFailure": "a pod could not be drained: look at its PDB, then start the run again",
    "UnsatisfiablePDB": "a PDB allows no eviction at all: raise its replicas or loosen it, then start the run again",
    "UpgradeFailed": "AKS names the cause above (often a PDB): mend it, then start the run again",
    "QuotaExceeded": "the surge node found no quota: raise the quota or lower maxSurge",
    "SKUNotAvailable": "the VM size is not to be had there now: try later or choose another",
    "AllocationFailed": "Azure had no capacity: try again later",
    "OverconstrainedAllocationRequest": "Azure had no capacity for these constraints: try later or loosen them",
    "SubnetIsFull": "the subnet has no address for a surge node: free some or enlarge it",
    "InsufficientSubnetSize": "the subnet is too small for a surge node: enlarge it or lower maxSurge",
    "RequestDisallowedByPolicy": "an Azure policy forbids it: ask its owner",
}
_ASK_AZURE = "look at the operation in the activity log, mend the cause, then start the run again"


def remedy(code: str) -> str:
    """What a person can do about an operation's error code."""
    return _REMEDIES.get(code, _ASK_AZURE)


def begin_operation(
    task: StepContext, call: Callable[[], str], poll_every: timedelta = POLL_EVERY
) -> Pending | Refused | Stale:
    """The one call that begins an operation and names its token; where another runs there already, the plan waits."""
    try:
        token = call()
    except BusyError as error:
        return retry_later(task, str(error))
    except RejectedError as error:
        return Refused(error.code, str(error), remedy(error.code))
    return Pending(token, task.now + poll_every)


def busy(task: StepContext) -> Stale:
    """Another's operation runs on the cluster: it is never cut, it is waited for."""
    return retry_later(task, "another operation runs on the cluster")


def power_pause(task: StepContext) -> Stale | None:
    """The pause that AKS asks for between a stop and a start, in either order (docs/power.md, rule 5); None where it is over."""
    changed = power_changed(task.ports.store, task.target)
    if changed is None or task.now - changed >= BETWEEN:
        return None
    return Stale("AKS asks for a pause between a stop and a start", changed + BETWEEN)


def retry_later(task: StepContext, why: str) -> Stale:
    """It may be begun in a while."""
    return Stale(why, task.now + _BUSY_AGAIN)


def poll_operation(task: StepContext, what: str, progress: Progress | None = None) -> Pending | Done | Refused:
    """One look at the operation whose token the step carries."""
    status = task.ports.clusters.operation(task.record.token)
    if status.state == "failed":
        cause = f"{what} failed: {status.code}: {status.message}" if status.message else f"{what} failed: {status.code}"
        return Refused(status.code or "OperationFailed", cause, remedy(status.code))
    if status.state == "succeeded":
        return Done(f"Azure reports {what} as ended", progress)
    return Pending(task.record.token, task.now + POLL_EVERY, progress)


def not_verified_yet(
    task: StepContext, within: timedelta, cause: str, advice: str, poll_every: timedelta = POLL_EVERY
) -> Pending | Refused:
    """The operation has ended and the world does not show its effect: looked at again, refused once `within` is over."""
    if task.now - (task.record.verifying_since or task.now) < within:
        return Pending(task.record.token, task.now + poll_every)
    return Refused(FailureCode.NOT_VERIFIED, cause, advice)
