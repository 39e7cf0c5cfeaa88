"""The API servers of the clusters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ops.model.auto_provisioning import AutoProvisioning
from ops.model.fleet import Cluster, ClusterRef, Node
from ops.model.workload import DisruptionBudget, Pod


@dataclass(frozen=True, slots=True)
class EvictionResult:
    """The result of one eviction request. `why` names the PDB.

    `kind` is `evicted`; `gone` (the pod did not exist); `blocked` (by a PDB or throttling: request it again); `several`
    (more than one PDB covers the pod); `refused` (for another reason, which `why` gives: it may be accepted later); or, of a
    dry run, `unasked` (an admission webhook does not support dry runs).
    """

    kind: str
    why: str = ""


class Nodes(Protocol):
    """The clusters' API servers.

    Calls raise UnreachableError if a server does not answer, TryLaterError if another attempt may succeed for another
    reason, and DeniedError if the bot lacks permission.
    """

    def nodes(self, cluster: Cluster | ClusterRef) -> tuple[Node, ...]:
        """Returns all nodes."""
        ...

    def pods(self, cluster: Cluster | ClusterRef, node: str = "") -> tuple[Pod, ...]:
        """Returns all pods, or those of one node."""
        ...

    def budgets(self, cluster: Cluster | ClusterRef) -> tuple[DisruptionBudget, ...]:
        """Returns all PDBs."""
        ...

    def auto_provisioning(self, cluster: Cluster | ClusterRef) -> AutoProvisioning | None:
        """Returns all NodeClaims and AKSNodeClasses; None if the API server does not know these kinds."""
        ...

    def mark(
        self, cluster: Cluster | ClusterRef, node: Node, *, unschedulable: bool, annotations: Mapping[str, str | None]
    ) -> None:
        """Cordons or uncordons exactly this node, by its uid, and sets annotations (or removes them, with None), in one patch.

        Raises:
            BusyError: another node is registered under its name now.
        """
        ...

    def evict(self, cluster: Cluster | ClusterRef, pod: Pod, grace_s: int | None = None) -> EvictionResult:
        """Requests the eviction of exactly this pod, by its uid."""
        ...

    def would_evict(self, cluster: Cluster | ClusterRef, pod: Pod) -> EvictionResult:
        """Asks the API server whether it would evict this pod now, PDBs and admission webhooks included. Nothing is changed."""
        ...
