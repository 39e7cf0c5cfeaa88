"""The mutable state of the world: clusters, pools, nodes, operations."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from simulator.world.feed import Feed
from simulator.world.images import Family, family_of
from simulator.world.kube import Kube
from simulator.world.scheduler import Running
from simulator.world.specs import ClusterSpec, PoolSpec


class Status(StrEnum):
    """How far an operation is, as ARM spells it."""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELED = "Canceled"


class OperationKind(StrEnum):
    """What an operation does; the value is how the journal names it."""

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
    """A long-running operation; an empty ``error_code`` means none."""

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
    running: list[Running] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Taint:
    """A taint as ``spec.taints`` has it."""

    key: str
    effect: str
    value: str = ""


@dataclass(slots=True)
class Node:
    """A node as its API server shows it; ``pool`` is None for a node that NAP made."""

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
    # Joined for an upgrade and leaves with its end, at once: pods go there only when nowhere else is room.
    surge: bool = False
    version: int = 0
    annotations: dict[str, str] = field(default_factory=dict)
    # What callers set beside the labels and taints of AKS; None marks a label of AKS that they removed.
    labels: dict[str, str | None] = field(default_factory=dict)
    taints: list[Taint] = field(default_factory=list)

    def as_new(self) -> None:
        """Forget what was written on the object: its machine was made afresh."""
        self.annotations, self.labels, self.taints = {}, {}, []

    def copied(self) -> "Node":
        """Return a copy that does not change with this one."""
        return replace(self, annotations=dict(self.annotations), labels=dict(self.labels), taints=list(self.taints))


@dataclass(frozen=True, slots=True)
class UsedImage:
    """An image that a pool ran before: what a rollback may name."""

    image: str
    kubernetes_version: str
    until: datetime


@dataclass(slots=True)
class Pool:
    """A node pool; what AKS reports of it may differ from what its nodes carry."""

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

    @property
    def name(self) -> str:
        """The pool's name."""
        return self.spec.name


@dataclass(slots=True)
class Cluster:
    """A managed cluster."""

    spec: ClusterSpec
    number: str
    pools: dict[str, Pool] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    provisioning_state: str = "Succeeded"
    power_state: str = "Running"
    operation: Operation | None = None
    last_operation: Operation | None = None
    revision: int = 1
    kube: Kube = field(default_factory=Kube)
    node_feed: Feed[Node] = field(init=False)

    def __post_init__(self) -> None:
        """Share the versions of the API server's other objects."""
        self.node_feed = Feed(self.kube.versions)

    def touch(self, node: Node, *, gone: bool = False) -> None:
        """Give a node the version of a change that just happened, and keep the change for watchers."""
        node.version = self.kube.versions.next()
        self.node_feed.note(node.name, node.version, node.copied(), gone=gone)

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self.spec.name

    @property
    def answers(self) -> bool:
        """Whether its API server does: not while it is stopped, stopping or starting."""
        return self.power_state == "Running" and self.provisioning_state not in ("Stopping", "Starting")

    def nodes_of(self, pool: str) -> list[Node]:
        """Return a pool's nodes in the order of their names."""
        return sorted((node for node in self.nodes.values() if node.pool == pool), key=lambda node: node.name)


def pool_of(cluster: ClusterSpec, spec: PoolSpec, image: str) -> Pool:
    """Return a pool as its specification has it, running an image."""
    kubernetes_version = spec.kubernetes_version or cluster.kubernetes_version
    return Pool(
        spec=spec,
        kubernetes_version=kubernetes_version,
        family=family_of(spec.os_sku, kubernetes_version),
        image=image,
        count=spec.nodes,
        max_surge=spec.max_surge,
        max_unavailable=spec.max_unavailable,
        drain_timeout_minutes=spec.drain_timeout_minutes,
        node_soak_minutes=spec.node_soak_minutes,
        power_state="Stopped" if spec.stopped else "Running",
    )
