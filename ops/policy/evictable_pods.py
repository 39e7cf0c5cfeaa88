"""Which pods a drain evicts, and which pods can never be evicted (docs/reboot.md, rules 4 and 6)."""

from collections.abc import Iterable, Sequence

from ops.model.workload import DisruptionBudget, Pod


def pods_to_evict(pods: Iterable[Pod], node: str) -> tuple[Pod, ...]:
    """Returns the pods that a drain evicts from the node. Completed pods stay, since they are no longer running."""
    return tuple(pod for pod in pods if pod.node == node and not pod.stays and not pod.is_finished)


def blocking_pdb(pods: Iterable[Pod], node: str, budgets: Sequence[DisruptionBudget]) -> str:
    """The reason why the node can never be drained, naming the pod and the PDB; empty if it can be drained, even if only slowly."""
    for pod in pods_to_evict(pods, node):
        covering = [budget for budget in budgets if budget.covers(pod)]
        if len(covering) > 1:
            named = ", ".join(budget.full_name for budget in covering)
            return f"{pod.full_name} is covered by several PDBs ({named}), so it can never be evicted"
        for budget in covering:
            if budget.never_allows:
                return f"PDB {budget.full_name} never allows an eviction of {pod.full_name}: it requires all {budget.expected_pods}"
    return ""
