"""Random fleets of every sort: all types of pools and clusters, and whatever Azure does now and then."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from simulator.fleets import START, random_fleet
from simulator.world.scripted_faults import (
    AddressMissing,
    AmountStyle,
    BudgetAlert,
    FieldMissing,
    ForeignOperation,
    NodeNotReady,
    NodeStaysNotReady,
    RebootRequired,
    Refusal,
    RestartFails,
    ScriptedFault,
    SpotEviction,
    StartFails,
    UpgradeDoesNothing,
    UpgradeFails,
    UpgradeSkipsNodes,
)
from simulator.world.specs import ClusterSpec, FleetManagerSpec, FleetSpec, PoolSpec, UpdateRunSpec

# Reasons for which Azure refuses everything until a person changes something: status, code, text.
LASTING = (
    (409, "ScopeLocked", "the following scope(s) are locked: rg. Please remove the lock and try again."),
    (409, "ReadOnlyDisabledSubscription", "The subscription is disabled and therefore marked as read only."),
    (409, "ResourceGroupBeingDeleted", "The resource group is in deprovisioning state."),
    (403, "AuthorizationFailed", "The client does not have authorization to perform this action."),
    (403, "DenyAssignmentAuthorizationFailed", "A deny assignment with name 'blueprint' forbids this action."),
    (403, "RequestDisallowedByPolicy", "The resource was disallowed by policy 'change freeze'."),
)
# Error codes with which an upgrade ends, some of which do not mean that the upgrade failed.
ENDS = ("PodDrainFailure", "SubnetIsFull", "QuotaExceeded", "AKSOperationPreempted", "EtagMismatch", "InternalError")
# The last image of an OS that AKS no longer supports, and an image name in the format that AKS used before 2023.
RETIRED = "AKSUbuntu-1804gen2containerd-202509.11.0"
OLDEST = "AKSUbuntu-1804gen2containerd-2022.10.03"
FAILURES = (
    ("NodeImageVersionOutdated", "Please upgrade the node image of the pool."),
    ("QuotaExceeded", "Operation results in exceeding approved Total Regional Cores quota."),
)
_HOUR = timedelta(hours=1)
AWAKE_TAGS = ("mon-fri 09:00-17:00", "mon-fri 00:00-24:00", "mon, wed 08:00-19:00", "whenever")


def untidy_fleet(seed: int, start: datetime, clusters: int = 5) -> FleetSpec:
    """Return a random fleet of every sort, in which something happens to most clusters on the day that begins at `start`."""
    draw = Random(f"untidy/{seed}")
    plain = random_fleet(seed, clusters)
    changed = tuple(_cluster(draw, cluster) for cluster in plain.clusters)
    faults = tuple(fault for cluster in changed for fault in _faults(draw, cluster, start))
    return replace(
        plain,
        start=start,
        clusters=changed,
        managers=_managers(draw, changed, start),
        scripted_faults=(*faults, *_budgets(draw, start)),
    )


def _chance(draw: Random, percent: int) -> bool:
    return draw.randrange(100) < percent


def _cluster(draw: Random, cluster: ClusterSpec) -> ClusterSpec:
    pools = tuple(_pool(draw, pool) for pool in cluster.pools)
    changed = replace(cluster, pools=pools, lockdown=_chance(draw, 8))
    if _chance(draw, 10):
        changed = replace(changed, tags=(("team", "unknown"),))
    if _chance(draw, 25):
        changed = replace(changed, tags=(*changed.tags, ("daytwo-awake", draw.choice(AWAKE_TAGS))))
    if _chance(draw, 10):
        changed = replace(changed, node_provisioning="Auto", provisioned_nodes=draw.randint(1, 3), stopped=False)
    if _chance(draw, 8):
        changed = replace(changed, sku="Automatic", node_os_channel="NodeImage", stopped=False)
        if _chance(draw, 50):
            changed = replace(changed, hosted_system=True, hosted_nodes=2)
    if _chance(draw, 10):
        changed = replace(changed, forced_until=_forced_until(draw))
    if _chance(draw, 10):
        changed = replace(changed, node_os_channel="Unmanaged")
    return changed


def _forced_until(draw: Random) -> datetime:
    """Return a time within a day of the start, before or after it."""
    return START + timedelta(hours=draw.randrange(-24, 48))


def _managers(draw: Random, clusters: Sequence[ClusterSpec], start: datetime) -> tuple[FleetManagerSpec, ...]:
    """Return a fleet manager for some of the clusters, in one of three fleets, with an update run on the day."""
    if not _chance(draw, 33):
        return ()
    members = tuple((cluster.name, draw.choice(("early", "late"))) for cluster in clusters if _chance(draw, 50))
    at = start + timedelta(hours=draw.randrange(12))
    begins = at + timedelta(hours=1)
    ends = begins + timedelta(hours=draw.choice((2, 40)))
    stages = draw.choice(((), (("first", ("early",)), ("second", ("late",))), (("only", ("early",)),)))
    run = UpdateRunSpec("weekly", at, begins, ends, draw.choice(("Completed", "Failed")), stages=stages)
    profiles = draw.choice(((), (("images", "NodeImage"),)))
    return (FleetManagerSpec("platform", clusters[0].region, members, (run,), profiles, closed=_chance(draw, 15)),)


def _pool(draw: Random, pool: PoolSpec) -> PoolSpec:
    """Return the pool with few nodes, and sometimes of another sort."""
    small = replace(
        pool,
        nodes=min(pool.nodes, 3),
        autoscaled=pool.mode == "User" and _chance(draw, 20),
        full_version=_chance(draw, 50),
        without_upgrade_settings=_chance(draw, 20),
    )
    if pool.priority == "Spot":
        return small
    sorts: tuple[tuple[int, Callable[[PoolSpec], PoolSpec]], ...] = (
        (25, lambda it: replace(it, type="VirtualMachines", autoscaled=False)),
        (5, lambda it: replace(it, type="FlexNodes")),
        (4, lambda it: replace(it, type="AvailabilitySet")),
        (6, lambda it: replace(it, os_sku="Ubuntu", image=RETIRED, last_image=RETIRED)),
        (5, lambda it: replace(it, os_sku="Ubuntu", image=OLDEST)),
        (6, lambda it: replace(it, failed=draw.choice(FAILURES))),
        (5, lambda it: it if it.mode == "System" else replace(it, mode="Machines")),
        (8, lambda it: it if it.mode == "System" else replace(it, os_sku="Windows2022")),
        (8, lambda it: it if it.mode == "System" else replace(it, stopped=True, autoscaled=False)),
    )
    for percent, changed in sorts:
        if _chance(draw, percent):
            return changed(small)
    return small


def _faults(draw: Random, cluster: ClusterSpec, start: datetime) -> Sequence[ScriptedFault]:
    """Return what happens to a cluster on the day."""
    name, pool = cluster.name, draw.choice(cluster.pools)
    at = start + timedelta(minutes=draw.randrange(24 * 60))
    until = at + timedelta(hours=draw.choice((1, 3, 8, 30)))
    status, code, text = draw.choice(LASTING)
    # Operations are requested mainly by day, so a refusal must cover some of it.
    refused_from = start + timedelta(hours=draw.choice((1, 2, 10)))
    happenings: tuple[tuple[int, Callable[[], ScriptedFault]], ...] = (
        (12, lambda: FieldMissing(name, "powerState", at, until)),
        (6, lambda: FieldMissing(name, "agentPoolProfiles", at, until)),
        (10, lambda: FieldMissing(name, "count", at, until, pool.name)),
        (8, lambda: FieldMissing(name, "nodeImageVersion", at, until, pool.name)),
        (35, lambda: Refusal(name, refused_from, until + 12 * _HOUR, status, code, text)),
        (10, lambda: AddressMissing(name, result=_chance(draw, 50))),
        (30, lambda: UpgradeFails(name, pool.name, 0, draw.choice(ENDS))),
        (8, lambda: UpgradeDoesNothing(name, pool.name)),
        (8, lambda: UpgradeSkipsNodes(name, pool.name, 1)),
        (10, lambda: ForeignOperation(name, at, draw.choice((20, 90, 600)))),
        (15, lambda: NodeNotReady(name, pool.name, 0, at, until)),
        (25, lambda: RebootRequired(name, pool.name, at, 2)),
        (8, lambda: RestartFails(name, pool.name)),
        (6, lambda: NodeStaysNotReady(name, pool.name)),
        (10, lambda: StartFails(name, leaves_running=_chance(draw, 50))),
    )
    found = [make() for percent, make in happenings if _chance(draw, percent)]
    spot = next((each for each in cluster.pools if each.priority == "Spot"), None)
    if spot is not None and not cluster.stopped and _chance(draw, 60):
        found.append(
            SpotEviction(name, spot.name, at, 1, draw.choice((0, 25)), draw.choice((0, 7200)), _chance(draw, 30))
        )
    return found


def _budgets(draw: Random, start: datetime) -> Sequence[ScriptedFault]:
    styles: tuple[AmountStyle, ...] = ("sign", "comma", "code", "indian", "number", "words")
    return [
        BudgetAlert("platform", start + timedelta(hours=hour), "common", 80, spent, 40_000, style=draw.choice(styles))
        for hour, spent in ((5, 32_187.4), (17, 32_900.0))
        if _chance(draw, 30)
    ]
