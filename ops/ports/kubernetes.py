"""The API servers of the clusters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ops.model.fleet import Cluster, Node
from ops.model.workload import DisruptionBudget, Pod


@dataclass(frozen=True, slots=True)
class EvictionResult:
    """What an API server says to one eviction, as `kind`, with `why` naming the budget.

    `evicted`; `gone` (it was no more); `blocked` (a budget, or throttling: ask again); `several` (more than one budget covers the pod).
    """

    kind: str
    why: str = ""


class Nodes(Protocol):
    """The API servers of the clusters. Each call raises TryLaterError where one does not answer, DeniedError where we may not."""

    def nodes(self, cluster: Cluster) -> tuple[Node, ...]:
        """All nodes."""
        ...

    def pods(self, cluster: Cluster, node: str = "") -> tuple[Pod, ...]:
        """All pods, or those of one node."""
        ...

    def budgets(self, cluster: Cluster) -> tuple[DisruptionBudget, ...]:
        """All PDBs."""
        ...

    def mark(self, cluster: Cluster, node: str, *, unschedulable: bool, annotations: Mapping[str, str | None]) -> None:
        """Cordon or uncordon, and set (or, with None, remove) annotations, in one patch."""
        ...

    def evict(self, cluster: Cluster, pod: Pod, grace_s: int | None = None) -> EvictionResult:
        """One eviction of this very pod, by its uid."""
        ...
