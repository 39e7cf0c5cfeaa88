"""A node image upgrade, node by node: surge, drain, reimage, and possible failures."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from math import ceil

from simulator.world import nodes
from simulator.world.core import Core
from simulator.world.evictions import delete_evictable, drain
from simulator.world.journal import Kind
from simulator.world.operations import end, set_states
from simulator.world.scheduler import Process
from simulator.world.scripted_faults import NodeNeverReady, UpgradeDoesNothing, UpgradeFails, UpgradeSkipsNodes
from simulator.world.state import Cluster, Node, Operation, Pool, UsedImage

# AKS updates its own records before it changes a machine.
PREPARES_FOR = timedelta(minutes=1)
SURGE_JOINS_AFTER = timedelta(minutes=3)
PRETENDS_FOR = timedelta(minutes=4)
# About five minutes per node: published times range from 3 to 7 minutes.
NODE_MINUTES = (3.0, 7.0)
# The fraction of a node's upgrade time that its drain takes.
DRAIN_SHARE = 0.5
# The error codes for a failed drain, which are known only after the drain timeout.
DRAIN_CODES = frozenset({"UpgradeFailed", "UnsatisfiablePDB", "PodDrainFailure"})
FAILS_AFTER = timedelta(minutes=5)
# The recorded status of an operation that is about to end.
LAST_PHASE = "RollingUpgradeRemovingSurgeNodes"


@dataclass(frozen=True, slots=True)
class Target:
    """The target of an upgrade: the pool's image, and the image label for its nodes."""

    image: str
    label: str


@dataclass(frozen=True, slots=True)
class _Outcome:
    code: str
    message: str


type Replacing = Generator[timedelta, None, _Outcome | None]


def share(setting: str, count: int) -> int:
    """Return the number of nodes for a setting such as ``33%`` or ``2``. AKS rounds percentages up."""
    if setting.endswith("%"):
        return ceil(count * int(setting[:-1]) / 100)
    return int(setting)


def begin_upgrade(core: Core, cluster: Cluster, pool: Pool, operation: Operation, target: Target) -> None:
    """Start an upgrade whose operation has already begun on the cluster."""
    set_states(cluster, "Updating", pool, "UpgradingNodeImageVersion")
    core.emit("NodePoolRollingStarted", cluster.name, {"nodePoolName": pool.name})
    operation.running.append(core.scheduler.spawn(_upgrade(core, cluster, pool, operation, target)))


def _upgrade(core: Core, cluster: Cluster, pool: Pool, operation: Operation, target: Target) -> Process:
    yield PREPARES_FOR
    if core.take_for_pool(UpgradeDoesNothing, cluster.name, pool.name) is not None:
        yield PRETENDS_FOR
        _finish(core, cluster, pool, operation, target)
        return
    old = [node for node in cluster.nodes_of(pool.name) if node.image != target.label]
    skips = core.take_for_pool(UpgradeSkipsNodes, cluster.name, pool.name)
    if skips is not None:
        old = old[skips.nodes :]
    if old:
        ended = yield from _replace(core, cluster, operation, target, old)
        if ended is not None:
            core.emit("NodePoolRollingFailed", cluster.name, {"nodePoolName": pool.name})
            end(core, cluster, operation, code=ended.code, message=ended.message)
            return
    _finish(core, cluster, pool, operation, target)


def _replace(core: Core, cluster: Cluster, operation: Operation, target: Target, old: list[Node]) -> Replacing:
    """Replace the old nodes in batches, then restore the pool's count. A failure is not rolled back."""
    pool = cluster.pools[operation.pool or ""]
    failure = core.take_for_pool(UpgradeFails, cluster.name, pool.name)
    never = core.take_for_pool(NodeNeverReady, cluster.name, pool.name)
    spot = pool.spec.priority == "Spot"
    surge = 0 if spot else share(pool.max_surge, pool.count)
    batch_size = surge or (1 if spot else max(share(pool.max_unavailable, pool.count), 1))
    if surge:
        yield SURGE_JOINS_AFTER
        for _ in range(surge - max(len(cluster.nodes_of(pool.name)) - pool.count, 0)):
            nodes.join(core, cluster, pool, target.label, surge=True)
    for first in range(0, len(old), batch_size):
        batch = old[first : first + batch_size]
        operation.phase = LAST_PHASE if surge and first + batch_size >= len(old) else ""
        stop_at = failure.after_nodes - first if failure else len(batch)
        yield from _batch(core, cluster, target, batch[:stop_at], (spot, never.node - first if never else None))
        if failure and stop_at < len(batch):
            nodes.cordon(core, cluster, batch[max(stop_at, 0)])
            drains = failure.code in DRAIN_CODES
            yield timedelta(minutes=pool.drain_timeout_minutes) if drains else FAILS_AFTER
            return _Outcome(failure.code, failure.message or _message(failure.code, batch[max(stop_at, 0)].name))
        if pool.node_soak_minutes and not spot:
            yield timedelta(minutes=pool.node_soak_minutes)
    for extra in _extras(cluster, pool):
        nodes.leave(core, cluster, extra)
    return None


def _batch(core: Core, cluster: Cluster, target: Target, batch: list[Node], how: tuple[bool, int | None]) -> Process:
    """Replace several nodes at once: each is cordoned, leaves, and returns under its name with the new image."""
    spot, never = how
    steps: list[tuple[timedelta, int, Callable[[], None]]] = []
    for place, node in enumerate(batch):
        takes = core.minutes(*NODE_MINUTES, "upgrade", cluster.name, node.name, target.label)
        if not spot:
            steps.append((timedelta(0), place, partial(_begin_drain, core, cluster, node)))
        steps.append((takes * DRAIN_SHARE, place, partial(nodes.leave, core, cluster, node)))
        back = place != never
        steps.append((takes, place, partial(_return, core, cluster, node, target, ready=back)))
    steps.sort(key=lambda step: step[:2])
    passed = timedelta(0)
    for offset, _, act in steps:
        if offset > passed:
            yield offset - passed
            passed = offset
        act()


def _begin_drain(core: Core, cluster: Cluster, node: Node) -> None:
    """Cordon a node and evict its pods. Pods that their budgets still protect when the drain ends are lost with the node.

    A forced upgrade evicts them at once: only its start must lie before the end of forceUpgrade.
    """
    nodes.cordon(core, cluster, node)
    began = cluster.operation.began if cluster.operation else core.scheduler.now
    if cluster.spec.forced_until is not None and began < cluster.spec.forced_until:
        delete_evictable(core, cluster, node, "aks")
        return
    pool = cluster.pools.get(node.pool or "")
    minutes = pool.drain_timeout_minutes if pool else 30
    core.scheduler.spawn(drain(core, cluster, node, "aks", timedelta(minutes=minutes)))


def _return(core: Core, cluster: Cluster, node: Node, target: Target, *, ready: bool) -> None:
    """Bring back a reimaged node: same name, new image, new boot, schedulable."""
    node.created = core.scheduler.now
    node.ready = ready
    node.ready_since = core.scheduler.now
    node.unschedulable = False
    node.reset()
    before = node.image
    node.image = target.label
    node.boot_id = core.new_id()
    nodes.add(core, cluster, node)
    core.journal.write(Kind.NODE_LABEL, cluster.name, node.pool, node.name, image=target.label, before=before)


def _extras(cluster: Cluster, pool: Pool) -> list[Node]:
    """Return the youngest instances beyond the pool's count: its surge nodes."""
    present = cluster.nodes_of(pool.name)
    return present[pool.count :]


def _finish(core: Core, cluster: Cluster, pool: Pool, operation: Operation, target: Target) -> None:
    if pool.image != target.image:
        pool.used.append(UsedImage(pool.image, pool.kubernetes_version, core.scheduler.now))
        core.journal.write(Kind.POOL_IMAGE, cluster.name, pool.name, image=target.image, before=pool.image)
        pool.image = target.image
    core.emit("NodePoolRollingSucceeded", cluster.name, {"nodePoolName": pool.name})
    end(core, cluster, operation)


def _message(code: str, node: str) -> str:
    """Return an error text in AKS's wording, which includes the node's name."""
    match code:
        case "UpgradeFailed" | "PodDrainFailure" | "UnsatisfiablePDB":
            return (
                f"Drain node {node} failed when evicting pod checkout-7d9c5 failed with Too Many Requests error. "
                "This is often caused by a restrictive Pod Disruption Budget (PDB) policy. "
                "See https://aka.ms/aks/debugdrainerrors. PDB debug info: default/checkout blocked by pdb checkout "
                "with 0 unready pods."
            )
        case "QuotaExceeded":
            return "Operation could not be completed as it results in exceeding approved Total Regional Cores quota."
        case "SubnetIsFull" | "InsufficientSubnetSize":
            return "Subnet nodes does not have enough capacity for the requested IP addresses."
        case _:
            return f"The upgrade stopped at node {node} with {code}."
