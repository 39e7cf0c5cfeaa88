"""The cost of the simulated machines: hours of use per resource and day, derived from the journal only."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from simulator.azure.machines import scale_set_id
from simulator.world.journal import Entry, Kind
from simulator.world.nodes import node_resource_group
from simulator.world.state import Cluster
from simulator.world.world import World

CURRENCY = "EUR"
# Cost data appears 8 to 24 hours late (Cost Management, "Understand Cost Management data").
LATE = timedelta(hours=8)
# Euros per hour, pay as you go, rounded from the public price list of West Europe. An unlisted size costs as much as a
# D4s v5.
PRICES = {
    "Standard_D2s_v5": 0.104,
    "Standard_D4s_v5": 0.207,
    "Standard_D8s_v5": 0.414,
    "Standard_D16s_v5": 0.828,
    "Standard_NC24ads_A100_v4": 4.18,
}
DEFAULT_SIZE = "Standard_D4s_v5"
SPOT_SHARE = 0.2
# An OS disk of 128 GB (P10), the cluster's public IP address, and the uptime tier of a Standard cluster.
DISK = 0.0247
ADDRESS = 0.0046
UPTIME = 0.092


@dataclass(frozen=True, slots=True)
class BilledResource:
    """A resource as Cost Management identifies it, with ids and groups in lower case."""

    subscription: str
    group: str
    resource_id: str
    resource_type: str


@dataclass(slots=True)
class _Meter:
    """One billed item: an hourly price for each unit that is on."""

    resource: BilledResource
    price: float
    runs_while_stopped: bool
    since: datetime
    units: int = 0


@dataclass(slots=True)
class _Bill:
    """All meters of a cluster, with their counts."""

    running: bool
    pools: dict[str | None, list[_Meter]] = field(default_factory=dict)
    whole: list[_Meter] = field(default_factory=list)


type Costs = dict[tuple[BilledResource, date], float]


def costs(world: World, first: date, last: date) -> Costs:
    """Return euros per resource and day (including the first and last day), as far as Cost Management has the data at this time."""
    known_until = world.now - LATE
    since = world.core.spec.billed_since or world.core.spec.start
    window = (
        max(datetime.combine(first, time(), UTC), since),
        min(datetime.combine(last + timedelta(days=1), time(), UTC), known_until),
    )
    found: Costs = {}

    def count(meter: _Meter, until: datetime, *, running: bool) -> None:
        if meter.units and (running or meter.runs_while_stopped):
            for day, hours in _days(max(meter.since, window[0]), min(until, window[1])):
                key = (meter.resource, day)
                found[key] = found.get(key, 0.0) + hours * meter.units * meter.price
        meter.since = until

    bills = {cluster.name: _bill(cluster, since) for cluster in world.clusters.values()}
    for entry in world.journal.entries:
        if entry.at > known_until:
            break
        if entry.cluster in bills:
            _take(bills[entry.cluster], entry, count, begins=entry.at <= world.core.spec.start)
    for bill in bills.values():
        for meter in _meters(bill):
            count(meter, known_until, running=bill.running)
    return found


class _Count(Protocol):
    def __call__(self, meter: _Meter, until: datetime, *, running: bool) -> None: ...


def _take(bill: _Bill, entry: Entry, count: _Count, *, begins: bool) -> None:
    """Update a cluster's meters from one journal entry. Entries at the start of the world also apply to the time before it."""
    match entry.kind:
        case Kind.CLUSTER_KNOWN:
            bill.running = entry.detail["power"] == "Running"
        case Kind.POWER if entry.pool is None:
            for meter in _meters(bill):
                count(meter, entry.at, running=bill.running)
            bill.running = entry.detail["power"] == "Running"
        case Kind.NODE_JOINED | Kind.NODE_LEFT:
            for meter in bill.pools.get(entry.pool, []):
                if not begins:
                    count(meter, entry.at, running=bill.running)
                meter.units += 1 if entry.kind is Kind.NODE_JOINED else -1
        case _:
            pass


def _meters(bill: _Bill) -> Iterator[_Meter]:
    yield from bill.whole
    for meters in bill.pools.values():
        yield from meters


def _bill(cluster: Cluster, since: datetime) -> _Bill:
    spec = cluster.spec
    machines = node_resource_group(cluster).lower()
    prefix = f"/subscriptions/{spec.subscription}/resourcegroups"
    compute = f"{prefix}/{machines}/providers/microsoft.compute"

    def billed_resource(group: str, resource_id: str, kind: str) -> BilledResource:
        return BilledResource(spec.subscription, group, resource_id.lower(), kind)

    itself = f"{prefix}/{spec.resource_group}/providers/microsoft.containerservice/managedclusters/{spec.name}"
    address = f"{prefix}/{machines}/providers/microsoft.network/publicipaddresses/{spec.name}"
    uptime = billed_resource(spec.resource_group.lower(), itself, "microsoft.containerservice/managedclusters")
    public = billed_resource(machines, address, "microsoft.network/publicipaddresses")
    bill = _Bill(running=True)
    bill.whole = [_Meter(uptime, UPTIME, False, since, 1), _Meter(public, ADDRESS, True, since, 1)]
    for pool in cluster.pools.values():
        price = PRICES.get(pool.spec.vm_size, PRICES[DEFAULT_SIZE])
        if pool.spec.priority == "Spot":
            price *= SPOT_SHARE
        size = billed_resource(machines, scale_set_id(cluster, pool), "microsoft.compute/virtualmachinescalesets")
        disk = billed_resource(machines, f"{compute}/disks/{pool.name}", "microsoft.compute/disks")
        bill.pools[pool.name] = [_Meter(size, price, False, since), _Meter(disk, DISK, True, since)]
    if spec.provisions_nodes:
        size = billed_resource(machines, f"{compute}/virtualmachines/{spec.name}", "microsoft.compute/virtualmachines")
        bill.pools[None] = [_Meter(size, PRICES[DEFAULT_SIZE], False, since)]
    return bill


def _days(begins: datetime, ends: datetime) -> Iterator[tuple[date, float]]:
    """Split a period at midnight UTC and return the hours on each day."""
    while begins < ends:
        midnight = datetime.combine(begins.date() + timedelta(days=1), time(), UTC)
        until = min(midnight, ends)
        yield begins.date(), (until - begins) / timedelta(hours=1)
        begins = until
