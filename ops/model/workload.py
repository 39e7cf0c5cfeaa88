"""Pods and the PodDisruptionBudgets that protect them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod as its API server reports it. `uid` distinguishes a StatefulSet pod from its successor with the same name."""

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
        """Whether a drain skips the pod: mirror pods belong to the kubelet, and DaemonSet pods would be recreated immediately."""
        return self.mirror or self.owner_kind == "DaemonSet"


@dataclass(frozen=True, slots=True)
class DisruptionBudget:
    """A PDB with its status.

    `match_labels` is its selector. A selector with expressions matches no pod here; Daytwo still requests their eviction.
    """

    namespace: str
    name: str
    match_labels: Mapping[str, str]
    disruptions_allowed: int
    current_healthy: int
    desired_healthy: int
    expected_pods: int

    @property
    def full_name(self) -> str:
        """The namespace and name, such as `shop/web`."""
        return f"{self.namespace}/{self.name}"

    def covers(self, pod: Pod) -> bool:
        """Whether the PDB covers the pod."""
        if pod.namespace != self.namespace or not self.match_labels:
            return False
        return all(pod.labels.get(key) == value for key, value in self.match_labels.items())

    @property
    def never_allows(self) -> bool:
        """Whether it never allows an eviction, even if every pod is healthy: maxUnavailable is 0, or minAvailable equals the pod count."""
        return self.expected_pods > 0 and self.desired_healthy >= self.expected_pods


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
