"""Provides a small simulated fleet and unmodified clients that use it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.resourcegraph import ResourceGraphClient

from simulator.running import Running, running_simulation
from simulator.world.specs import ClusterSpec, FleetSpec, MaintenanceSpec, PoolSpec, RegionSpec
from simulator.world.world import World
from tests.simulator.azure.clients import aks_client, graph_client

START = datetime(2026, 11, 16, tzinfo=UTC)
WEDNESDAY_NIGHT = MaintenanceSpec(weekday=2, start=time(23), utc_offset=timedelta(hours=1))


def small_fleet() -> FleetSpec:
    """Three clusters in one region: a plain one, a stopped one, and one that AKS upgrades on Wednesday night."""
    web = ClusterSpec(
        "web",
        "westeurope",
        (
            PoolSpec("system", 3, mode="System", max_surge="1"),
            PoolSpec("user1", 6),
            PoolSpec("spot", 3, priority="Spot"),
            PoolSpec("frozen", 2, from_snapshot=True),
        ),
        tags=(("env", "dev"),),
    )
    asleep = replace(web, name="asleep", pools=(PoolSpec("system", 2, mode="System"),), stopped=True)
    driven = ClusterSpec(
        "driven",
        "westeurope",
        (PoolSpec("system", 2, mode="System"),),
        resource_group="rg-other",
        tags=(("env", "prod"),),
        node_os_channel="NodeImage",
        maintenance=WEDNESDAY_NIGHT,
        node_provisioning="Auto",
        provisioned_nodes=1,
    )
    region = RegionSpec("westeurope", "northeurope", timedelta(days=10))
    return FleetSpec("small", START, (region,), (web, asleep, driven))


@pytest.fixture
def world() -> World:
    return World(small_fleet(), seed=1)


@pytest.fixture
def simulation() -> Iterator[Running]:
    with running_simulation(small_fleet(), seed=1) as running:
        yield running


@pytest.fixture
def aks(simulation: Running) -> Iterator[ContainerServiceClient]:
    with aks_client(simulation) as client:
        yield client


@pytest.fixture
def graph(simulation: Running) -> Iterator[ResourceGraphClient]:
    with graph_client(simulation) as client:
        yield client


@pytest.fixture
def later(simulation: Running) -> Callable[..., None]:
    """Advance the served clock by a duration: ``later(minutes=5)``."""

    def move(**span: float) -> None:
        simulation.advance(simulation.world.now + timedelta(**span))

    return move
