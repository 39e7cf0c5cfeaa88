"""The mutable state of the world: clusters, pools, nodes, operations."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from simulator.world.feed import Feed
from simulator.world.images import Family, family_of
from simulator.world.kube import Kube
from simulator.world.scheduler import RunningProcess
from simulator.world.scripted_faults import Refusal
from simulator.world.specs import ClusterSpec, PoolSpec


class Status(StrEnum):
    """The status of an operation, in ARM's spelling."""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELED = "Canceled"


class OperationKind(StrEnum):
    """The type of an operation. The value is its name in the journal."""

    UPGRADE = "upgrade-node-image"
    STOP = "stop"
    START = "start"
    UPDATE_POOL = "update-pool"
    STOP_POOL = "stop-pool"
    START_POOL = "start-pool"
    ABORT = "abort"
    RESTART_MACHINE = "restart-machine"
    FOREIGN = "foreign"


@dataclass(slots=True)
class Operation:
    """A long-running operation. An empty ``error_code`` means that there is no error."""

    id: str
    kind: OperationKind
    subscription: str
    region: str
    cluster: str
    pool: str | None
    who: str
    began: datetime
    status: Status = Status.IN_PROGRESS
    ended: datetime | None = None
    error_code: str = ""
    error_message: str = ""
    # What the status says instead of InProgress: AKS uses free text.
    phase: str = ""
    running: list[RunningProcess] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Taint:
    """A taint, as in ``spec.taints``."""

    key: str
    effect: str
    value: str = ""


@dataclass(slots=True)
class Node:
    """A node as its API server represents it. ``pool`` is None for a node from node auto-provisioning."""

    name: str
    pool: str | None
    provider_id: str
    image: str
    kubernetes_version: str
    boot_id: str
    created: datetime
    mode: str
    zone: str
    ready: bool = True
    ready_since: datetime | None = None
    unschedulable: bool = False
    # Someone created the object through the API server: no machine and no kubelet is behind it.
    invented: bool = False
    # It belongs to a managed system pool.
    hosted: bool = False
    # The type of the event that Azure has scheduled for its machine, as in the instance metadata service: Preempt, Reboot, ...
    scheduled_event: str = ""
    # A surge node, removed at the end of an upgrade. Pods are scheduled on it only if no other node has room.
    surge: bool = False
    version: int = 0
    annotations: dict[str, str] = field(default_factory=dict)
    # Callers' changes to the labels and taints that AKS sets. None marks an AKS label that was removed.
    labels: dict[str, str | None] = field(default_factory=dict)
    taints: list[Taint] = field(default_factory=list)

    def reset(self) -> None:
        """Reset everything that callers wrote to the object, because its machine was recreated."""
        self.annotations, self.labels, self.taints = {}, {}, []

    def copied(self) -> "Node":
        """Return an independent copy."""
        return replace(self, annotations=dict(self.annotations), labels=dict(self.labels), taints=list(self.taints))


@dataclass(slots=True)
class Karpenter:
    """What node auto-provisioning knows: the image for new nodes (`status.images`), and why it replaces nodes, by name."""

    image: str
    created: datetime
    drifted: dict[str, str] = field(default_factory=dict)
    made: int = 0


@dataclass(frozen=True, slots=True)
class UsedImage:
    """An image that a pool ran earlier and to which it can roll back."""

    image: str
    kubernetes_version: str
    until: datetime


@dataclass(slots=True)
class Pool:
    """A node pool. Its status in AKS can differ from that of its nodes."""

    spec: PoolSpec
    kubernetes_version: str
    family: Family
    image: str
    count: int
    max_surge: str
    max_unavailable: str
    drain_timeout_minutes: int
    node_soak_minutes: int
    provisioning_state: str = "Succeeded"
    power_state: str = "Running"
    revision: int = 1
    next_index: int = 0
    node_labels: dict[str, str] = field(default_factory=dict)
    node_taints: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    used: list[UsedImage] = field(default_factory=list)
    error_code: str = ""
    error_message: str = ""
    # The count to which a stopped pool returns: ARM shows zero while it is stopped.
    count_if_started: int = 0
    # Fields that ARM shows as null.
    hidden: set[str] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The pool's name."""
        return self.spec.name


@dataclass(slots=True)
class Cluster:
    """A managed cluster. `creation` counts how often it was created: deleting and creating it again keeps its name."""

    spec: ClusterSpec
    number: str
    tags: dict[str, str] = field(default_factory=dict)
    creation: int = 1
    pools: dict[str, Pool] = field(default_factory=dict)
    # The nodes that have a machine. ``invented`` has the other Node objects in the API server, which can hide a node of the same name.
    nodes: dict[str, Node] = field(default_factory=dict)
    invented: dict[str, Node] = field(default_factory=dict)
    provisioning_state: str = "Succeeded"
    power_state: str = "Running"
    operation: Operation | None = None
    last_operation: Operation | None = None
    revision: int = 1
    # Fields that ARM shows as null.
    hidden: set[str] = field(default_factory=set)
    # How Azure refuses every operation on it at this time.
    refusal: Refusal | None = None
    kube: Kube = field(default_factory=Kube)
    karpenter: Karpenter | None = None
    node_feed: Feed[Node] = field(init=False)

    def __post_init__(self) -> None:
        """Share the resource versions of the API server's other objects."""
        self.node_feed = Feed(self.kube.versions)

    def touch(self, node: Node, *, gone: bool = False) -> None:
        """Update a node's resource version after a change, and record the change for watchers."""
        node.version = self.kube.versions.next()
        self.node_feed.record(node.name, node.version, node.copied(), gone=gone)

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self.spec.name

    @property
    def api_responds(self) -> bool:
        """Whether its API server responds, which it does not while the cluster is stopped, stopping or starting."""
        return self.power_state == "Running" and self.provisioning_state not in ("Stopping", "Starting")

    @property
    def node_objects(self) -> dict[str, Node]:
        """All Node objects in the API server, by name."""
        return self.nodes | self.invented

    @property
    def provisioned(self) -> list[Node]:
        """The nodes of node auto-provisioning, by name."""
        own = (node for node in self.nodes.values() if node.pool is None and not node.hosted)
        return sorted(own, key=lambda node: node.name)

    def nodes_of(self, pool: str) -> list[Node]:
        """Return the nodes in a pool, by name."""
        return sorted((node for node in self.nodes.values() if node.pool == pool), key=lambda node: node.name)


def pool_of(cluster: ClusterSpec, spec: PoolSpec, image: str) -> Pool:
    """Return a new pool with the given specification and image."""
    kubernetes_version = spec.kubernetes_version or cluster.kubernetes_version
    return Pool(
        spec=spec,
        kubernetes_version=kubernetes_version,
        family=family_of(spec.os_sku, kubernetes_version),
        image=image,
        count=0 if spec.stopped else spec.nodes,
        count_if_started=spec.nodes,
        # What AKS uses if a pool has no settings.
        max_surge="1" if spec.without_upgrade_settings else spec.max_surge,
        max_unavailable=spec.max_unavailable,
        drain_timeout_minutes=spec.drain_timeout_minutes,
        node_soak_minutes=0 if spec.without_upgrade_settings else spec.node_soak_minutes,
        power_state="Stopped" if spec.stopped else "Running",
        provisioning_state="Failed" if spec.failed else "Succeeded",
        error_code=spec.failed[0] if spec.failed else "",
        error_message=spec.failed[1] if spec.failed else "",
    )
