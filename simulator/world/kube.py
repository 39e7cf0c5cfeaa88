"""The mutable state behind a cluster's API server: workloads, pods and budgets."""

import copy
from dataclasses import dataclass, field
from datetime import datetime

from simulator.world.feed import Feed, Versions
from simulator.world.workloads import PdbSpec, WorkloadKind, WorkloadSpec

PER_NODE = frozenset({WorkloadKind.DAEMON_SET, WorkloadKind.MIRROR})
RUNS_ONCE = frozenset({WorkloadKind.BARE, WorkloadKind.JOB})


@dataclass(slots=True)
class Workload:
    """A workload with the ids of the objects that own its pods."""

    spec: WorkloadSpec
    uid: str
    created: datetime
    # A Deployment's pods belong to its ReplicaSet: the suffix of its name, and its id.
    template_hash: str
    made: int = 0
    # The node of its latest pod.
    node: str = ""
    # Replicas that the eviction-autoscaler has added.
    surge: int = 0

    @property
    def replicas(self) -> int:
        """How many pods there should be."""
        return self.spec.replicas + self.surge


@dataclass(slots=True)
class Pod:
    """A pod. ``node`` is None while the pod is unschedulable; ``deleted`` is the time by which it is removed."""

    namespace: str
    name: str
    uid: str
    workload: Workload
    created: datetime
    node: str | None = None
    phase: str = "Pending"
    ready: bool = False
    ready_since: datetime | None = None
    # The boot id of its node at the time its containers were started.
    boot_id: str | None = None
    deleted: datetime | None = None
    deletion_grace_s: int = 0
    version: int = 0
    # The number of times its containers were started. Events that were scheduled for an earlier start are void.
    starts: int = 0

    @property
    def key(self) -> str:
        """The pod's namespace and name."""
        return f"{self.namespace}/{self.name}"

    @property
    def healthy(self) -> bool:
        """Whether budgets count the pod as healthy: it is Ready and not terminating."""
        return self.ready and self.deleted is None

    @property
    def finished(self) -> bool:
        """Whether the pod has completed."""
        return self.phase in ("Succeeded", "Failed")


@dataclass(slots=True)
class Pdb:
    """A PodDisruptionBudget."""

    namespace: str
    name: str
    uid: str
    spec: PdbSpec
    workload: Workload
    created: datetime

    def selects(self, pod: Pod) -> bool:
        """Whether the budget selects a pod."""
        is_own = pod.workload.spec.name == self.workload.spec.name or self.spec.selects == "namespace"
        return pod.namespace == self.namespace and is_own


@dataclass(slots=True)
class Kube:
    """All objects in a cluster except its nodes."""

    versions: Versions = field(default_factory=Versions)
    workloads: list[Workload] = field(default_factory=list)
    pods: dict[str, Pod] = field(default_factory=dict)
    pdbs: list[Pdb] = field(default_factory=list)
    feed: Feed[Pod] = field(init=False)

    def __post_init__(self) -> None:
        """Share the feed's resource versions."""
        self.feed = Feed(self.versions)

    def touch(self, pod: Pod, *, gone: bool = False) -> None:
        """Update a pod's resource version after a change, and record the change."""
        pod.version = self.versions.next()
        self.feed.record(pod.key, pod.version, copy.copy(pod), gone=gone)

    def pods_on(self, node: str) -> list[Pod]:
        """Return the pods on a node, by name."""
        return sorted((pod for pod in self.pods.values() if pod.node == node), key=lambda pod: pod.key)

    def pods_of(self, workload: Workload) -> list[Pod]:
        """Return a workload's pods, by name."""
        return sorted((pod for pod in self.pods.values() if pod.workload is workload), key=lambda pod: pod.key)
