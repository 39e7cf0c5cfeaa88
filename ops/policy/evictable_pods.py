"""Which pods a drain evicts, and which pods can never be evicted (docs/reboot.md, rules 4 and 6)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from ops.model.wording import instant
from ops.model.workload import DisruptionBudget, Pod

# Long after the time at which a terminating pod should be gone, something keeps it.
_STUCK_AFTER = timedelta(minutes=30)


def pods_to_evict(pods: Iterable[Pod], node: str) -> tuple[Pod, ...]:
    """Returns the pods that a drain evicts from the node. Completed pods stay: nothing in them runs."""
    return tuple(pod for pod in pods if pod.node == node and not pod.stays and not pod.is_finished)


def blocking_pdb(pods: Iterable[Pod], node: str, budgets: Sequence[DisruptionBudget]) -> str:
    """The reason why the node can never be drained, naming the pod and the PDB; empty if it can be drained, even if only slowly.

    This follows the rules of the API server for evictions; it is not asked.
    """
    for pod in pods_to_evict(pods, node):
        if pod.ignores_budgets:
            continue
        covering = [budget for budget in budgets if budget.covers(pod)]
        if len(covering) > 1:
            named = ", ".join(budget.full_name for budget in covering)
            return f"{pod.full_name} is covered by several PDBs ({named}), so it can never be evicted"
        for budget in covering:
            if budget.never_allows and (pod.ready or not budget.lets_unready_go()):
                return f"PDB {budget.full_name} never allows an eviction of {pod.full_name}: it requires all {budget.expected_pods}"
    return ""


def stuck_pod(pods: Iterable[Pod], node: str, now: datetime) -> str:
    """Names a pod on the node that does not end, since when, and what keeps it; empty if there is none."""
    for pod in pods_to_evict(pods, node):
        if pod.ends is not None and now - pod.ends >= _STUCK_AFTER:
            return terminating(pod)
    return ""


def terminating(pod: Pod) -> str:
    """Says since when a pod is terminating, and which finalizers keep it."""
    since = f" since {instant(pod.ends)}" if pod.ends is not None else ""
    kept = f", kept by the finalizer {', '.join(pod.finalizers)}" if pod.finalizers else ""
    return f"{pod.full_name} has been terminating{since}{kept}"
