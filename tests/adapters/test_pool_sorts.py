"""Pools as Azure was recorded to show them, and every sort of pool in the simulated Azure, read by the unmodified SDK."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.adapters.azure_clusters import AzureClusters
from ops.bootstrap import Wiring, wire
from ops.model.fleet import Cluster, Pool, Power, Unknown
from ops.ports.errors import RejectedError
from simulator.running import Running, running_simulation
from simulator.world.specs import ClusterSpec, PoolSpec
from simulator.world.world import PoolChange
from tests.adapters.junk import Answer, Credential, endpoint
from tests.flows.fleet import fleet

RECORDED = Path(__file__).parent / "recorded"
FORCED = datetime(2026, 11, 20, tzinfo=UTC)
LAST = "AKSAzureLinux-V2gen2-202511.24.0"
SORTS = ClusterSpec(
    "sorts",
    "westeurope",
    (
        PoolSpec("system", 2, mode="System"),
        PoolSpec("vms", 3, type="VirtualMachines"),
        PoolSpec("avset", 1, type="AvailabilitySet"),
        PoolSpec("aksmanagedap", 1, mode="Machines"),
        PoolSpec("win", 1, os_sku="Windows2022"),
        PoolSpec("flex", 1, type="FlexNodes"),
        PoolSpec("asleep", 4, stopped=True),
        PoolSpec("azl2", 1, os_sku="AzureLinux", image=LAST, last_image=LAST),
        PoolSpec("old", 1, image="AKSUbuntu-1804gen2containerd-2022.10.03"),
        PoolSpec("broken", 1, failed=("NodeImageNotSupported", "Please upgrade the node image.")),
    ),
    forced_until=FORCED,
)
HOSTED = ClusterSpec(
    "hosted", "westeurope", (), sku="Automatic", node_provisioning="Auto", hosted_system=True, provisioned_nodes=2
)


def recorded(name: str) -> Cluster:
    """A recorded document of a cluster, as the adapter reads it through the SDK's client."""
    body = (RECORDED / f"{name}.json").read_bytes()
    served, answers = endpoint()
    answers.next = Answer(200, {"Content-Type": "application/json"}, body)
    return AzureClusters(Credential(), served).cluster(json.loads(body)["id"])


def test_a_stopped_pool_has_no_nodes_as_recorded() -> None:
    cluster = recorded("stopped_pool")
    stopped = cluster.pool("c000003")
    assert stopped is not None
    assert (stopped.power, stopped.count, stopped.unsupported) == (Power.STOPPED, 0, "")
    assert cluster.pools[0].count == 3
    assert cluster.is_running
    assert cluster.forced_until is None


def test_a_pool_of_virtual_machines_has_an_unknown_count_as_recorded() -> None:
    (pool,) = recorded("virtual_machines_pool").pools
    assert isinstance(pool.count, Unknown)
    assert (pool.autoscaled, pool.unsupported, pool.image) == (True, "", "AKSUbuntu-2404gen2containerd-202607.09.0")
    assert not recorded("virtual_machines_pool").hosted_system_pools


@pytest.fixture(scope="module")
def simulation() -> Iterator[Running]:
    with running_simulation(fleet(SORTS, HOSTED)) as running:
        yield running


@pytest.fixture(scope="module")
def wired(simulation: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    environment = {**simulation.environment, "DAYTWO_STATE": str(tmp_path_factory.mktemp("state"))}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
            patch.setenv(name, environment[name])
        yield wire(environment)


def listed(simulation: Running, wired: Wiring) -> dict[str, Cluster]:
    found = wired.ports.clusters.list_clusters(simulation.environment["SUBSCRIPTION"])
    return {cluster.name: cluster for cluster in found if isinstance(cluster, Cluster)}


@pytest.fixture
def pools(simulation: Running, wired: Wiring) -> dict[str, Pool]:
    return {pool.name: pool for pool in listed(simulation, wired)["sorts"].pools}


def test_each_sort_of_pool_is_read_with_what_can_be_done_on_it(pools: dict[str, Pool]) -> None:
    assert {name: pool.unsupported for name, pool in pools.items() if pool.unsupported} == {
        "avset": "availability sets were retired on 2025-09-30: move its workload to a pool of type VirtualMachines",
        "aksmanagedap": "AKS creates and replaces its machines itself (mode Machines)",
        "flex": "Daytwo does not know pools of type FlexNodes",
    }
    assert (pools["vms"].count, pools["asleep"].count, pools["asleep"].power) == (3, 0, Power.STOPPED)
    assert (pools["broken"].error_code, pools["broken"].error) == (
        "NodeImageNotSupported",
        "Please upgrade the node image.",
    )


def test_azure_refuses_what_is_left_out(simulation: Running, wired: Wiring) -> None:
    cluster = listed(simulation, wired)["sorts"]
    for name in ("avset", "aksmanagedap"):
        with pytest.raises(RejectedError, match="Node image upgrade is not supported"):
            wired.ports.clusters.begin_upgrade_node_image(cluster.id, name)


def test_the_last_image_of_a_pool_stays_the_newest(simulation: Running, wired: Wiring) -> None:
    cluster = listed(simulation, wired)["sorts"]
    assert wired.ports.clusters.newest_image(cluster.id, "azl2") == LAST
    newest = wired.ports.clusters.newest_image(cluster.id, "old")
    assert isinstance(newest, str)
    assert newest.startswith("AKSUbuntu-2204gen2containerd-2026")


def test_what_applies_to_the_whole_cluster_is_read_alike_from_both_sources(simulation: Running, wired: Wiring) -> None:
    for cluster in listed(simulation, wired).values():
        read = wired.ports.clusters.cluster(cluster.id)
        assert read == cluster
        assert (read.forced_until, read.hosted_system_pools) == (
            (FORCED, False) if read.name == "sorts" else (None, True)
        )
        assert bool(read.pools) is (read.name == "sorts")


def test_a_pool_is_stopped_and_empty_at_once(simulation: Running, wired: Wiring) -> None:
    world = simulation.world
    cluster = world.clusters["sorts"]
    world.change_pool(cluster, cluster.pools["win"], PoolChange(power_state="Stopped"), "ana")
    pool = listed(simulation, wired)["sorts"].pool("win")
    assert pool is not None
    assert (pool.power, pool.count, pool.provisioning_state) == (Power.STOPPED, 0, "Stopping")
