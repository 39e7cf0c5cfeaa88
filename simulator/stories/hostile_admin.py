"""A hostile administrator of one cluster, who has every right in its API server and none in Azure.

The administrator creates arbitrary Node objects: with the provider ids of other clusters' machines, and with any labels,
readiness, boot ids and annotations. The labels of real nodes can be overwritten as well. The status of a real node cannot:
its kubelet overwrites what others write there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from simulator.world import nodes
from simulator.world.core import Core, Event
from simulator.world.journal import Kind
from simulator.world.reboots import REBOOT_REQUIRED
from simulator.world.spot import NOTICE
from simulator.world.state import Cluster, Node
from simulator.world.world import World

WHO = "hostile-admin"
POOL_LABEL = "kubernetes.azure.com/agentpool"
IMAGE_LABEL = "kubernetes.azure.com/node-image-version"


@dataclass(frozen=True, slots=True)
class InventedNode:
    """A Node object without a machine. ``provider_id`` can be anything, also empty."""

    name: str
    provider_id: str = ""
    pool: str = ""
    image: str = ""
    ready: bool = True
    annotations: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def invent_node(world: World, cluster: str, invented: InventedNode, at: datetime | None = None) -> None:
    """Create a Node object now or later. If the cluster has an object of this name, the new one replaces it."""
    _schedule(world, at, partial(_invent, world.core, world.clusters[cluster], invented))


def remove_node(world: World, cluster: str, name: str, at: datetime | None = None) -> None:
    """Delete an invented Node object."""
    _schedule(world, at, partial(_remove, world.clusters[cluster], name))


def claim_reboot_of(world: World, cluster: str, target: Node, at: datetime | None = None) -> str:
    """Create a Node object that names another cluster's machine and asks for a reboot. Return its name."""
    name = f"aks-mine-{target.name.removeprefix('aks-')}"
    annotations = {REBOOT_REQUIRED: "2026-11-16T10:00:00Z"}
    invent_node(
        world, cluster, InventedNode(name, target.provider_id, "user1", target.image, annotations=annotations), at
    )
    return name


def claim_image(
    world: World, cluster: str, image: str, count: int, pool: str = "user1", at: datetime | None = None
) -> None:
    """Create Node objects that claim to run an image, with provider ids that look like the cluster's own."""
    owner = world.clusters[cluster]
    real = owner.nodes_of(pool)[0].provider_id.rpartition("/")[0]
    for number in range(count):
        name = nodes.instance_name(owner, owner.pools[pool], 900 + number)
        invent_node(world, cluster, InventedNode(name, f"{real}/{900 + number}", pool, image), at)


def claim_eviction(world: World, cluster: str, target: str, at: datetime | None = None) -> None:
    """Send notices through the cluster's own topic that another cluster's nodes are about to be evicted, as its agent would."""

    def send() -> None:
        core = world.core
        for node in world.clusters[target].nodes.values():
            data = {"node": node.name, "eventId": core.new_id_in("hostile").upper(), "notBefore": ""}
            identity = f"{NOTICE}/{data['eventId']}"
            event = Event(len(core.events), core.scheduler.now, NOTICE, cluster, data, identity, None, node.name)
            core.events.append(event)

    _schedule(world, at, send)


def claim_boot(world: World, cluster: str, name: str, at: datetime | None = None) -> None:
    """Give an invented node a new boot id and readiness, as if it had rebooted."""

    def change() -> None:
        node = world.clusters[cluster].invented[name]
        node.boot_id, node.ready = world.core.new_id_in("hostile"), True
        node.annotations.pop(REBOOT_REQUIRED, None)
        world.clusters[cluster].touch(node)

    _schedule(world, at, change)


def relabel(world: World, cluster: str, node: str, labels: Mapping[str, str], at: datetime | None = None) -> None:
    """Overwrite labels of a real or an invented node."""

    def change() -> None:
        found = world.clusters[cluster].node_objects[node]
        found.labels = {**found.labels, **labels}
        world.clusters[cluster].touch(found)

    _schedule(world, at, change)


def attack(world: World, cluster: str, target: str, at: Sequence[datetime], pool: str = "user1") -> None:
    """At each time, try everything against another cluster, which must have a pool of this name.

    Claim its machines with requests for reboots that seem to succeed an hour later, and claim and relabel nodes for the
    newest image of its pool.
    """
    owner, targets = world.clusters[cluster], world.clusters[target]

    def try_everything() -> None:
        newest = world.newest_image(targets, targets.pools[pool])
        for node in targets.nodes_of(pool):
            name = claim_reboot_of(world, cluster, node)
            claim_boot(world, cluster, name, world.now + timedelta(hours=1))
        claim_image(world, cluster, newest, 3, pool)
        for node in owner.nodes_of(pool):
            relabel(world, cluster, node.name, {IMAGE_LABEL: newest})

    for moment in at:
        _schedule(world, moment, try_everything)


def _schedule(world: World, at: datetime | None, act: Callable[[], None]) -> None:
    if at is None:
        act()
    else:
        world.core.scheduler.at(at, act)


def _invent(core: Core, cluster: Cluster, invented: InventedNode) -> None:
    labels: dict[str, str | None] = {POOL_LABEL: invented.pool, IMAGE_LABEL: invented.image, **invented.labels}
    node = Node(
        name=invented.name,
        pool=None,
        provider_id=invented.provider_id,
        image=invented.image,
        kubernetes_version=cluster.spec.kubernetes_version,
        boot_id=core.new_id_in("hostile"),
        created=core.scheduler.now,
        mode="user",
        zone=f"{cluster.spec.region}-1",
        ready=invented.ready,
        ready_since=core.scheduler.now,
        annotations=dict(invented.annotations),
        labels={key: value for key, value in labels.items() if value},
        invented=True,
    )
    cluster.invented[node.name] = node
    cluster.touch(node)
    core.journal.write(
        Kind.NODE_INVENTED, cluster.name, None, node.name, who=WHO, machine=node.provider_id, image=node.image
    )


def _remove(cluster: Cluster, name: str) -> None:
    node = cluster.invented.pop(name)
    cluster.touch(node, gone=True)
