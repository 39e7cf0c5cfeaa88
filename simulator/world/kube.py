"""The mutable state behind a cluster's API server: workloads, pods, budgets."""

import copy
from dataclasses import dataclass, field
from datetime import datetime

from simulator.world.feed import Feed, Versions
from simulator.world.workloads import PdbSpec, WorkloadKind, WorkloadSpec

PER_NODE = frozenset({WorkloadKind.DAEMON_SET, WorkloadKind.MIRROR})
RUNS_ONCE = frozenset({WorkloadKind.BARE, WorkloadKind.JOB})


@dataclass(slots=True)
class Workload:
    """A workload with the ids of what owns its pods."""

    spec: WorkloadSpec
    uid: str
    created: datetime
    # A Deployment's pods belong to its ReplicaSet: name suffix and id.
    template_hash: str
    made: int = 0


@dataclass(slots=True)
class Pod:
    """A pod; ``node`` is None while no node has room, ``deleted`` when it is to be gone at the latest."""

    namespace: str
    name: str
    uid: str
    workload: Workload
    created: datetime
    node: str | None = None
    phase: str = "Pending"
    ready: bool = False
    ready_since: datetime | None = None
    # The node's boot in which its containers run.
    boot_id: str | None = None
    deleted: datetime | None = None
    deletion_grace_s: int = 0
    version: int = 0
    # Counts starts: what was scheduled for an earlier one is void.
    starts: int = 0

    @property
    def key(self) -> str:
        """Namespace and name."""
        return f"{self.namespace}/{self.name}"

    @property
    def healthy(self) -> bool:
        """Whether a budget counts it: Ready and not on its way out."""
        return self.ready and self.deleted is None

    @property
    def finished(self) -> bool:
        """Whether it has run to its end."""
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
        """Whether a pod counts here."""
        return pod.namespace == self.namespace and pod.workload.spec.name == self.workload.spec.name


@dataclass(slots=True)
class Kube:
    """All objects of a cluster but its nodes."""

    versions: Versions = field(default_factory=Versions)
    workloads: list[Workload] = field(default_factory=list)
    pods: dict[str, Pod] = field(default_factory=dict)
    pdbs: list[Pdb] = field(default_factory=list)
    feed: Feed[Pod] = field(init=False)

    def __post_init__(self) -> None:
        """Share the versions with the feed."""
        self.feed = Feed(self.versions)

    def touch(self, pod: Pod, *, gone: bool = False) -> None:
        """Give a pod the version of a change that just happened, and keep the change."""
        pod.version = self.versions.next()
        self.feed.note(pod.key, pod.version, copy.copy(pod), gone=gone)

    def pods_on(self, node: str) -> list[Pod]:
        """Return the pods that are bound to a node, by name."""
        return sorted((pod for pod in self.pods.values() if pod.node == node), key=lambda pod: pod.key)

    def pods_of(self, workload: Workload) -> list[Pod]:
        """Return a workload's pods, by name."""
        return sorted((pod for pod in self.pods.values() if pod.workload is workload), key=lambda pod: pod.key)
