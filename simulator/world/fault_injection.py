"""Injects scripted faults, at the next matching operation or at a set time."""

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
    CostAnswer,
    FieldMissing,
    ForeignOperation,
    ImageLands,
    NodeNotReady,
    RebootRequired,
    Refusal,
    ScriptedFault,
    SpotEviction,
    TagsChange,
)
from simulator.world.state import OperationKind
from simulator.world.tags import change_tags

RETRY = timedelta(minutes=1)


def arm(core: Core, fault: ScriptedFault) -> None:
    """Schedule a fault.

    Raises:
        KeyError: the fleet does not have its cluster, pool or region.
    """
    _check(core, fault)
    detail = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(fault).items()
    }
    cluster, pool = detail.pop("cluster", None), detail.pop("pool", None)
    detail["place"] = detail.pop("node", None)
    for name, value in detail.items():
        detail[name] = str(value) if isinstance(value, float) else value
    core.journal.write(Kind.FAULT_ARMED, cluster, pool, what=type(fault).__name__, **detail)
    match fault:
        case ForeignOperation():
            core.scheduler.at(fault.at, lambda: _start_foreign_operation(core, fault))
        case ImageLands():
            core.scheduler.at(fault.at, lambda: _land(core, fault))
        case NodeNotReady():
            core.scheduler.at(fault.at, lambda: _lose(core, fault))
        case RebootRequired():
            core.scheduler.at(fault.at, lambda: reboots.require(core, fault))
        case SpotEviction():
            core.scheduler.at(fault.at, lambda: spot.evict_group(core, fault))
        case BudgetAlert():
            core.scheduler.at(fault.at, lambda: alerts.fire(core, fault))
        case TagsChange() | FieldMissing() | Refusal():
            core.scheduler.at(fault.at, lambda: _change_answers(core, fault))
        case _:
            core.armed.append(fault)


def _check(core: Core, fault: ScriptedFault) -> None:
    if isinstance(fault, ImageLands):
        if fault.region not in {region.name for region in core.spec.regions}:
            raise KeyError(f"No region {fault.region!r} in fleet {core.spec.name!r}.")
        return
    if isinstance(fault, BudgetAlert | CostAnswer):
        return
    if fault.cluster not in core.clusters:
        raise KeyError(f"No cluster {fault.cluster!r} in fleet {core.spec.name!r}.")
    pool = getattr(fault, "pool", None)
    if pool is not None and pool not in core.clusters[fault.cluster].pools:
        raise KeyError(f"No pool {pool!r} in cluster {fault.cluster!r}.")


def _change_answers(core: Core, fault: TagsChange | FieldMissing | Refusal) -> None:
    """Change what ARM answers about a cluster."""
    match fault:
        case TagsChange():
            _change_tags(core, fault)
        case FieldMissing():
            _hide(core, fault)
        case Refusal():
            _refuse(core, fault)


def _change_tags(core: Core, fault: TagsChange) -> None:
    tags = dict(tag.strip().split("=", 1) for tag in fault.tags.split(",") if tag.strip())
    change_tags(core, core.clusters[fault.cluster], tags, fault.who)


def _hide(core: Core, fault: FieldMissing) -> None:
    cluster = core.clusters[fault.cluster]
    hidden = cluster.pools[fault.pool].hidden if fault.pool is not None else cluster.hidden
    hidden.add(fault.field)
    core.scheduler.at(fault.until, lambda: hidden.discard(fault.field))


def _refuse(core: Core, fault: Refusal) -> None:
    cluster = core.clusters[fault.cluster]
    cluster.refusal = fault

    def lift() -> None:
        cluster.refusal = None

    core.scheduler.at(fault.until, lift)


def _start_foreign_operation(core: Core, fault: ForeignOperation) -> None:
    cluster = core.clusters[fault.cluster]
    if cluster.operation is not None or cluster.power_state != "Running":
        core.scheduler.after(RETRY, lambda: _start_foreign_operation(core, fault))
        return
    operation = begin(core, cluster, None, OperationKind.FOREIGN, fault.who)
    set_states(cluster, "Updating")

    def process() -> Process:
        yield timedelta(minutes=fault.minutes)
        end(core, cluster, operation)

    operation.running.append(core.scheduler.spawn(process()))


def _land(core: Core, fault: ImageLands) -> None:
    for family in FAMILIES:
        if family.os_sku == fault.os_sku:
            day = core.catalog.next_release(fault.region, family)
            land(core, family.version(day), fault.region, landed=core.catalog.land(day, fault.region, family))


def land(core: Core, image: str, region: str, *, landed: bool) -> None:
    """Record that an image has reached a region, unless that is already recorded."""
    if landed:
        core.journal.write(Kind.IMAGE_LANDED, image=image, region=region)


def _lose(core: Core, fault: NodeNotReady) -> None:
    cluster = core.clusters[fault.cluster]
    present = cluster.nodes_of(fault.pool)
    if fault.node >= len(present):
        return
    name = present[fault.node].name
    nodes.set_ready(core, cluster, present[fault.node], ready=False)

    def recover() -> None:
        node = cluster.nodes.get(name)
        if node is not None:
            nodes.set_ready(core, cluster, node, ready=True)

    core.scheduler.at(fault.until, recover)
