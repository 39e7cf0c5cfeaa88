"""Pods and the PodDisruptionBudgets that protect them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod as its API server reports it. `uid` distinguishes a StatefulSet pod from its successor with the same name.

    `created` is when it was created. `ends` is the time by which a terminating pod should be gone; `finalizers` can keep it.
    `tolerates_cordon` means that the scheduler can place it on a cordoned node.
    """

    namespace: str
    name: str
    uid: str
    node: str
    phase: str
    ready: bool
    owner_kind: str = ""
    mirror: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    deleting: bool = False
    ends: datetime | None = None
    finalizers: tuple[str, ...] = ()
    tolerates_cordon: bool = False
    created: datetime | None = None

    @property
    def full_name(self) -> str:
        """The namespace and name, such as `shop/web-1`."""
        return f"{self.namespace}/{self.name}"

    @property
    def is_finished(self) -> bool:
        """Whether the pod has completed; a completed pod can always be evicted."""
        return self.phase in ("Succeeded", "Failed")

    @property
    def stays(self) -> bool:
        """Whether a drain skips the pod: mirror pods belong to the kubelet, and the others could come back to the node at once.

        A pod without a controller is not recreated.
        """
        return self.mirror or self.owner_kind == "DaemonSet" or (self.tolerates_cordon and bool(self.owner_kind))

    @property
    def ignores_budgets(self) -> bool:
        """Whether the API server evicts the pod without asking its PDBs (canIgnorePDB in the eviction subresource)."""
        return self.is_finished or self.phase == "Pending" or self.deleting


@dataclass(frozen=True, slots=True)
class LabelRequirement:
    """An expression of a label selector: In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels meet it. An operator that is unknown is met, so that a PDB is rather seen than overlooked."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case "DoesNotExist":
                return self.key not in labels
            case _:
                return True


@dataclass(frozen=True, slots=True)
class DisruptionBudget:
    """A PDB with its status.

    `match_labels` and `expressions` are its selector: an empty one selects every pod of the namespace. A PDB that
    `selects_nothing` has no selector at all. `always_allows_unready` is its `unhealthyPodEvictionPolicy`. If it `surges`, the
    eviction-autoscaler adds a replica once a node with one of its pods is cordoned.
    """

    namespace: str
    name: str
    match_labels: Mapping[str, str]
    disruptions_allowed: int
    current_healthy: int
    desired_healthy: int
    expected_pods: int
    expressions: Sequence[LabelRequirement] = ()
    selects_nothing: bool = False
    always_allows_unready: bool = False
    surges: bool = False

    @property
    def full_name(self) -> str:
        """The namespace and name, such as `shop/web`."""
        return f"{self.namespace}/{self.name}"

    def covers(self, pod: Pod) -> bool:
        """Whether the PDB covers the pod."""
        if pod.namespace != self.namespace or self.selects_nothing:
            return False
        labels = all(pod.labels.get(key) == value for key, value in self.match_labels.items())
        return labels and all(expression.matches(pod.labels) for expression in self.expressions)

    def lets_unready_go(self) -> bool:
        """Whether the API server evicts a pod that is not Ready whatever the budget allows."""
        return self.always_allows_unready or self.current_healthy >= self.desired_healthy > 0

    @property
    def never_allows(self) -> bool:
        """Whether it never allows an eviction, even if every pod is healthy: maxUnavailable is 0, or minAvailable equals the pod count.

        One that surges can only be judged after the cordon.
        """
        return not self.surges and self.expected_pods > 0 and self.desired_healthy >= self.expected_pods


@dataclass(frozen=True, slots=True)
class Eviction:
    """The eviction of a spot node: announced by the node, or reported by Azure afterwards.

    Attributes:
        cluster: the cluster's id.
        node: the node's name, which a later machine can have, too.
        pool: the name of its pool.
        first_seen: when the first report arrived.
        confirmed: whether Azure has reported it.
        source: who reported it first: `node` or `azure`.
        run: the run that follows it.
        occurred: when it happened, by the first report's own time; None in records of earlier versions.
        confirmed_at: when it happened, by Azure's own time.
    """

    cluster: str
    node: str
    pool: str
    first_seen: datetime
    confirmed: bool
    source: str
    run: str = ""
    occurred: datetime | None = None
    confirmed_at: datetime | None = None

    @property
    def at(self) -> datetime:
        """When it happened, as far as that is known."""
        return self.occurred or self.first_seen
