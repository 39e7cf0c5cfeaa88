"""What verbs that begin a long-running ARM operation have in common: polling it, and saying why it failed."""

from datetime import timedelta

from ops.model.outcome import Done, Pending, Progress, Refused
from ops.verbs.contract import Task

# Real answers carry no Retry-After on polls; a pool takes minutes a node.
POLL_EVERY = timedelta(minutes=3)

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


def follow(task: Task, what: str, progress: Progress | None = None) -> Pending | Done | Refused:
    """One look at the operation whose token the step carries."""
    status = task.ports.clusters.operation(task.record.token)
    if status.state == "failed":
        cause = f"{what} failed: {status.code}: {status.message}" if status.message else f"{what} failed: {status.code}"
        return Refused(status.code or "OperationFailed", cause, remedy(status.code))
    if status.state == "succeeded":
        return Done(f"Azure reports {what} as ended", progress)
    return Pending(task.record.token, task.now + POLL_EVERY, progress)
