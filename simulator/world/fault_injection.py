"""Brings scripted mishaps about: some wait for an operation, some for an instant."""

from dataclasses import asdict
from datetime import datetime, timedelta

from simulator.world import alerts, nodes, reboots, spot
from simulator.world.core import Core
from simulator.world.images import FAMILIES
from simulator.world.journal import Kind
from simulator.world.operations import begin, end, set_states
from simulator.world.scheduler import Process
from simulator.world.scripted_faults import (
    BudgetAlert,
    ImageLands,
    Mishap,
    NodeNotReady,
    Occupied,
    RebootRequired,
    SpotEviction,
)
from simulator.world.state import OperationKind

RETRY = timedelta(minutes=1)


def arm(core: Core, mishap: Mishap) -> None:
    """Make a mishap happen.

    Raises:
        KeyError: it names a cluster, pool or region that the fleet has not.
    """
    _check(core, mishap)
    detail = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(mishap).items()
    }
    cluster, pool = detail.pop("cluster", None), detail.pop("pool", None)
    detail["place"] = detail.pop("node", None)
    for name, value in detail.items():
        detail[name] = str(value) if isinstance(value, float) else value
    core.journal.write(Kind.MISHAP_ARMED, cluster, pool, what=type(mishap).__name__, **detail)
    match mishap:
        case Occupied():
            core.agenda.at(mishap.at, lambda: _occupy(core, mishap))
        case ImageLands():
            core.agenda.at(mishap.at, lambda: _land(core, mishap))
        case NodeNotReady():
            core.agenda.at(mishap.at, lambda: _lose(core, mishap))
        case RebootRequired():
            core.agenda.at(mishap.at, lambda: reboots.require(core, mishap))
        case SpotEviction():
            core.agenda.at(mishap.at, lambda: spot.evict_some(core, mishap))
        case BudgetAlert():
            core.agenda.at(mishap.at, lambda: alerts.fire(core, mishap))
        case _:
            core.armed.append(mishap)


def _check(core: Core, mishap: Mishap) -> None:
    if isinstance(mishap, ImageLands):
        if mishap.region not in {region.name for region in core.spec.regions}:
            raise KeyError(f"No region {mishap.region!r} in fleet {core.spec.name!r}.")
        return
    if isinstance(mishap, BudgetAlert):
        return
    if mishap.cluster not in core.clusters:
        raise KeyError(f"No cluster {mishap.cluster!r} in fleet {core.spec.name!r}.")
    pool = getattr(mishap, "pool", None)
    if pool is not None and pool not in core.clusters[mishap.cluster].pools:
        raise KeyError(f"No pool {pool!r} in cluster {mishap.cluster!r}.")


def _occupy(core: Core, mishap: Occupied) -> None:
    cluster = core.clusters[mishap.cluster]
    if cluster.operation is not None or cluster.power_state != "Running":
        core.agenda.after(RETRY, lambda: _occupy(core, mishap))
        return
    operation = begin(core, cluster, None, OperationKind.FOREIGN, mishap.who)
    set_states(cluster, "Updating")

    def process() -> Process:
        yield timedelta(minutes=mishap.minutes)
        end(core, cluster, operation)

    operation.running.append(core.agenda.spawn(process()))


def _land(core: Core, mishap: ImageLands) -> None:
    for family in FAMILIES:
        if family.os_sku == mishap.os_sku:
            day = core.catalog.next_release(mishap.region, family)
            land(core, family.version(day), mishap.region, landed=core.catalog.land(day, mishap.region, family))


def land(core: Core, image: str, region: str, *, landed: bool) -> None:
    """Record that an image reached a region, unless it was there."""
    if landed:
        core.journal.write(Kind.IMAGE_LANDED, image=image, region=region)


def _lose(core: Core, mishap: NodeNotReady) -> None:
    cluster = core.clusters[mishap.cluster]
    present = cluster.nodes_of(mishap.pool)
    if mishap.node >= len(present):
        return
    name = present[mishap.node].name
    nodes.set_ready(core, cluster, present[mishap.node], ready=False)

    def recover() -> None:
        node = cluster.nodes.get(name)
        if node is not None:
            nodes.set_ready(core, cluster, node, ready=True)

    core.agenda.at(mishap.until, recover)
