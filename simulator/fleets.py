"""The fleets that can be simulated: the demonstration's fleet, and random fleets for tests."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Literal

from simulator.world.scripted_faults import BudgetAlert, ImageLands, RebootRequired, ScriptedFault, SpotEviction
from simulator.world.specs import ClusterSpec, FleetSpec, MaintenanceSpec, PoolSpec, RegionSpec
from simulator.world.workloads import PdbSpec, WorkloadKind, WorkloadSpec

START = datetime(2026, 11, 16, tzinfo=UTC)
# West and North Europe are a region pair. The paired region of Germany West Central has no cluster. Poland
# Central is not paired.
REGIONS = (
    RegionSpec("westeurope", "northeurope", timedelta(days=10)),
    RegionSpec("northeurope", "westeurope", timedelta(days=10)),
    RegionSpec("germanywestcentral", "germanynorth", timedelta(days=9, hours=18)),
    RegionSpec("polandcentral", None, timedelta(days=10, hours=12)),
)
WEDNESDAY_10 = datetime(2026, 11, 18, 10, tzinfo=UTC)
# The scripted faults and events in the demonstration's week, in addition to new node images.
DEMO_FAULTS: tuple[ScriptedFault, ...] = (
    ImageLands("germanywestcentral", "Ubuntu", WEDNESDAY_10),
    ImageLands("germanywestcentral", "AzureLinux", WEDNESDAY_10),
    # On Monday, two nights before AKS itself would replace these nodes.
    RebootRequired("edge-prod", "user1", datetime(2026, 11, 16, 9, tzinfo=UTC), 3),
    SpotEviction("data-prod", "spot", datetime(2026, 11, 19, 13, 20, tzinfo=UTC), 5, notice_s=25),
    BudgetAlert("platform", datetime(2026, 11, 20, 9, 30, tzinfo=UTC), "common", 80, 32187.4, 40000),
)
AKS_NIGHT = MaintenanceSpec(weekday=2, start=time(23), duration_hours=6, utc_offset=timedelta(hours=1))


def _system(nodes: int = 3, releases_behind: int = 1) -> PoolSpec:
    return PoolSpec("system", nodes, mode="System", max_surge="1", releases_behind=releases_behind)


def _user(name: str, nodes: int) -> PoolSpec:
    return PoolSpec(name, nodes)


def _azure_linux(name: str, nodes: int) -> PoolSpec:
    return PoolSpec(name, nodes, os_sku="AzureLinux")


def _spot(name: str, nodes: int) -> PoolSpec:
    return PoolSpec(name, nodes, priority="Spot")


def _gpu(nodes: int) -> PoolSpec:
    return PoolSpec("gpu", nodes, vm_size="Standard_NC24ads_A100_v4", max_surge="1", node_soak_minutes=5)


def _cluster(name: str, region: str, env: str, team: str, *pools: PoolSpec) -> ClusterSpec:
    return ClusterSpec(
        name,
        region,
        pools,
        resource_group=f"rg-{team}",
        tags=(("env", env), ("team", team)),
        workloads=inhabitants(team, pools),
    )


def inhabitants(team: str, pools: tuple[PoolSpec, ...]) -> tuple[WorkloadSpec, ...]:
    """Return the workloads of a typical cluster: system pods, a service, its cache, and batch jobs if it has spot nodes."""
    spot = any(pool.priority == "Spot" for pool in pools)
    return (
        WorkloadSpec("kube-system", "coredns", 2, PdbSpec(min_available=1), pool="system", starts_in_s=(3, 10)),
        WorkloadSpec("daytwo", "node-agent", kind=WorkloadKind.DAEMON_SET, starts_in_s=(2, 8)),
        WorkloadSpec(team, "api", 4, PdbSpec(max_unavailable=1), starts_in_s=(10, 45)),
        WorkloadSpec(team, "cache", 3, PdbSpec(min_available="60%"), WorkloadKind.STATEFUL_SET, starts_in_s=(15, 60)),
        WorkloadSpec(team, "worker", 3, empty_dir=True, starts_in_s=(5, 30)),
        *((WorkloadSpec(team, "batch", 5, pool="spot", tolerates_spot=True),) if spot else ()),
    )


def demo_fleet() -> FleetSpec:
    """Return the demonstration's fleet: 12 clusters with about 40 pools. Most production images in it can be proven within the week."""
    return FleetSpec(
        name="demo",
        start=START,
        regions=REGIONS,
        clusters=(
            _cluster("shop-dev", "westeurope", "dev", "shop", _system(), _user("user1", 6), _azure_linux("linux", 4)),
            replace(
                _cluster("shop-test", "northeurope", "test", "shop", _system(), _user("user1", 4), _spot("spot", 5)),
                stopped=True,
            ),
            _cluster("data-dev", "polandcentral", "dev", "data", _system(), _azure_linux("batch", 8), _gpu(3)),
            _cluster("data-test", "westeurope", "test", "data", _system(), _azure_linux("batch", 5), _spot("spot", 6)),
            replace(
                _cluster("pay-test", "northeurope", "test", "pay", _system(), _user("user1", 5)),
                node_os_channel="NodeImage",
                maintenance=AKS_NIGHT,
            ),
            _cluster("lab", "westeurope", "sandbox", "lab", _system(), _user("user1", 3)),
            _cluster(
                "shop-prod-we",
                "westeurope",
                "prod",
                "shop",
                _system(),
                _user("user1", 14),
                _user("user2", 12),
                _azure_linux("linux", 6),
            ),
            _cluster(
                "shop-prod-ne",
                "northeurope",
                "prod",
                "shop",
                _system(),
                _user("user1", 12),
                _user("user2", 9),
                _azure_linux("linux", 6),
            ),
            replace(
                _cluster(
                    "data-prod",
                    "polandcentral",
                    "prod",
                    "data",
                    _system(),
                    _azure_linux("batch", 12),
                    _gpu(4),
                    _spot("spot", 10),
                ),
                workloads=(WorkloadSpec("data", "crunch", 12, pool="spot", tolerates_spot=True),),
            ),
            _cluster(
                "pay-prod",
                "germanywestcentral",
                "prod",
                "pay",
                _system(),
                _user("user1", 8),
                PoolSpec("frozen", 4, from_snapshot=True, releases_behind=4),
                # The only image family that no pre-production cluster runs.
                PoolSpec("canary", 3, kubernetes_version="1.35.1"),
            ),
            replace(
                _cluster("edge-prod", "westeurope", "prod", "edge", _system(), _user("user1", 7)),
                node_provisioning="Auto",
                provisioned_nodes=4,
                node_os_channel="NodeImage",
                maintenance=AKS_NIGHT,
                # There is one more node than pods, so that a drained pod can be rescheduled.
                workloads=(WorkloadSpec("edge", "gateway", 6, PdbSpec(min_available=5), pool="user1", spread=True),),
            ),
            replace(
                _cluster("web-prod", "polandcentral", "prod", "web", _system(releases_behind=0), _user("user1", 10)),
                sku="Automatic",
                # AKS Automatic sets this channel, so the nodes are upgraded by AKS.
                node_os_channel="NodeImage",
                maintenance=AKS_NIGHT,
            ),
        ),
        scripted_faults=DEMO_FAULTS,
        kubernetes_releases=((datetime(2026, 11, 18, 9, tzinfo=UTC), "1.36.0"),),
        billed_since=datetime(2026, 11, 1, tzinfo=UTC),
    )


def random_fleet(seed: int, clusters: int = 6) -> FleetSpec:
    """Return a fleet that is drawn from a seed, with any mix of regions, pools, OS SKUs, channels and power states."""
    draw = Random(f"fleet/{seed}")
    regions = tuple(replace(region, image_delay=None) for region in REGIONS)
    return FleetSpec(
        name=f"random-{seed}",
        start=START,
        regions=regions,
        clusters=tuple(
            _inhabited(_random_cluster(draw, number, regions), Random(f"workloads/{seed}/{number}"))
            for number in range(clusters)
        ),
    )


def _inhabited(cluster: ClusterSpec, draw: Random) -> ClusterSpec:
    """Return a cluster with workloads from a separate random stream. Some have budgets, and some budgets never allow an eviction."""
    budgets = (
        None,
        PdbSpec(max_unavailable=1),
        PdbSpec(min_available="50%"),
        PdbSpec(max_unavailable="34%", unhealthy_pods="AlwaysAllow"),
        PdbSpec(max_unavailable=0),
    )
    kinds = (WorkloadKind.DEPLOYMENT, WorkloadKind.DEPLOYMENT, WorkloadKind.STATEFUL_SET)
    agent = WorkloadSpec("daytwo", "node-agent", kind=WorkloadKind.DAEMON_SET, starts_in_s=(2, 8))
    others = [
        WorkloadSpec(
            f"team-{index}",
            f"service-{index}",
            draw.randint(1, 6),
            draw.choices(budgets, (4, 4, 4, 2, 1))[0],
            draw.choice(kinds),
            tolerates_spot=_chance(draw, percent=30),
            spread=_chance(draw, percent=20),
            starts_in_s=(5, draw.choice((20, 60, 180))),
        )
        for index in range(draw.randint(1, 4))
    ]
    return replace(cluster, workloads=(agent, *others))


def _chance(draw: Random, *, percent: int) -> bool:
    return draw.randrange(100) < percent


def _random_cluster(draw: Random, number: int, regions: tuple[RegionSpec, ...]) -> ClusterSpec:
    env = ("dev", "test", "prod")[number % 3]
    pools = [_system(draw.randint(2, 4), releases_behind=draw.randint(0, 3))]
    for index in range(draw.randint(1, 3)):
        priority: Literal["Regular", "Spot"] = "Spot" if _chance(draw, percent=20) else "Regular"
        pools.append(
            PoolSpec(
                f"user{index + 1}",
                draw.randint(1, 9),
                os_sku=draw.choice(("Ubuntu", "Ubuntu", "AzureLinux")),
                priority=priority,
                releases_behind=draw.randint(0, 3),
                from_snapshot=_chance(draw, percent=5),
                max_surge=draw.choice(("1", "10%", "33%", "50%")),
                node_soak_minutes=draw.choice((0, 0, 5)),
            )
        )
    channel: Literal["None", "NodeImage", "SecurityPatch"] = draw.choice(("None", "None", "NodeImage", "SecurityPatch"))
    return ClusterSpec(
        name=f"{env}-{number:03d}",
        region=draw.choice(regions).name,
        pools=tuple(pools),
        resource_group=f"rg-{number % 4}",
        tags=(("env", env), ("team", f"team-{number % 4}")),
        kubernetes_version=draw.choice(("1.33.7", "1.34.4", "1.35.1")),
        node_os_channel=channel,
        maintenance=AKS_NIGHT if _chance(draw, percent=50) else None,
        stopped=env != "prod" and _chance(draw, percent=25),
    )
