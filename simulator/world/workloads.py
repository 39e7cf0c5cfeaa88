"""The specifications of workloads and their disruption budgets."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal


class WorkloadKind(StrEnum):
    """The controller that creates and recreates pods."""

    DEPLOYMENT = "Deployment"
    STATEFUL_SET = "StatefulSet"
    DAEMON_SET = "DaemonSet"
    # A static pod that the kubelet mirrors into the API (annotation kubernetes.io/config.mirror): one per node.
    MIRROR = "Mirror"
    # Has no controller, so it is not recreated.
    BARE = "Bare"
    # Has completed: its pods remain in the phase Succeeded.
    JOB = "Job"


@dataclass(frozen=True, slots=True)
class PdbSpec:
    """A PodDisruptionBudget for a workload's pods: exactly one limit, as a number (``2``) or a percentage (``50%``).

    ``selects`` is the form of its selector: labels, expressions, or ``{}``, which selects every pod of the namespace.
    """

    min_available: str | int | None = None
    max_unavailable: str | int | None = None
    name: str = ""
    unhealthy_pods: Literal["IfHealthyBudget", "AlwaysAllow"] = "IfHealthyBudget"
    selects: Literal["labels", "expressions", "namespace"] = "labels"

    def __post_init__(self) -> None:
        """Check the limits as the API server does.

        Raises:
            ValueError: not exactly one limit is set.
        """
        if (self.min_available is None) == (self.max_unavailable is None):
            raise ValueError("A budget sets either min_available or max_unavailable.")


@dataclass(frozen=True, slots=True)
class WorkloadSpec:
    """A workload. Its pods have the label ``app: <name>``, by which its budgets select them.

    ``replicas`` counts the pods in the whole cluster, except for DaemonSets and mirror pods, which have one pod per node in
    ``pool`` (by default in every pool). ``starts_in_s`` is the minimum and maximum time from scheduling to Ready.
    ``spread`` keeps two of its pods off one node. ``budgets`` are additional PDBs that select the same pods.
    ``finalizer`` keeps its pods when they terminate; ``terminating_for`` is how long they have been terminating at the start.
    """

    namespace: str
    name: str
    replicas: int = 1
    pdb: PdbSpec | None = None
    kind: WorkloadKind = WorkloadKind.DEPLOYMENT
    pool: str | None = None
    tolerates_spot: bool = False
    tolerates_cordon: bool = False
    finalizer: str = ""
    terminating_for: timedelta | None = None
    # The namespace is being deleted, so an eviction is forbidden.
    namespace_ends: bool = False
    # The eviction-autoscaler adds a replica while a node with one of its pods is cordoned.
    surges: bool = False
    # What an admission webhook does with evictions of its pods.
    webhook: Literal["", "denies", "no-dry-run"] = ""
    # Its template sets spec.nodeName, so that its pods come back to the same node, whatever the scheduler knows about it.
    pinned: bool = False
    spread: bool = False
    empty_dir: bool = False
    grace_s: int = 30
    starts_in_s: tuple[float, float] = (5, 60)
    labels: tuple[tuple[str, str], ...] = ()
    budgets: tuple[PdbSpec, ...] = ()

    @property
    def pod_labels(self) -> dict[str, str]:
        """The labels on the workload's pods."""
        return {"app": self.name, **dict(self.labels)}

    @property
    def all_budgets(self) -> tuple[tuple[str, PdbSpec], ...]:
        """The workload's budgets by name. The first has the workload's name unless it sets its own."""
        specs = (*((self.pdb,) if self.pdb else ()), *self.budgets)
        return tuple((spec.name or (f"{self.name}-{i}" if i else self.name), spec) for i, spec in enumerate(specs))
