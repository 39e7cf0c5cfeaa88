"""The machines of node pools with the unmodified clients: AKS lists them, also those of pools of type VirtualMachines."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.containerservice import ContainerServiceClient

from simulator.running import Running, running_simulation
from simulator.stories.hostile_admin import InventedNode, invent_node, relabel
from simulator.world.journal import Kind
from simulator.world.specs import ClusterSpec, PoolSpec
from tests.simulator.azure.clients import aks_client, compute_client
from tests.simulator.azure.conftest import START
from tests.simulator.azure.raw import KUBERNETES, ask
from tests.staging import in_west_europe

GROUP = "MC_rg-fleet_vms_westeurope"
VMS = ClusterSpec(
    "vms",
    "westeurope",
    (PoolSpec("np1", 12, type="VirtualMachines"), PoolSpec("user1", 2)),
    node_provisioning="Auto",
    provisioned_nodes=1,
)


@pytest.fixture(scope="module")
def simulation() -> Iterator[Running]:
    with running_simulation(in_west_europe("vms", START, VMS), seed=1) as running:
        yield running


@pytest.fixture(scope="module")
def aks(simulation: Running) -> Iterator[ContainerServiceClient]:
    with aks_client(simulation) as client:
        yield client


@pytest.fixture(scope="module")
def compute(simulation: Running) -> Iterator[ComputeManagementClient]:
    with compute_client(simulation) as client:
        yield client


def test_the_machines_of_a_pool_are_listed_page_by_page(simulation: Running, aks: ContainerServiceClient) -> None:
    number = simulation.world.clusters["vms"].number
    pages = [[each.name for each in page] for page in aks.machines.list("rg-fleet", "vms", "np1").by_page()]
    assert [len(page) for page in pages] == [10, 2]
    assert {name for page in pages for name in page} == {f"aks-np1-{number}-vms{index}" for index in range(12)}
    machine = aks.machines.get("rg-fleet", "vms", "np1", f"aks-np1-{number}-vms2")
    assert machine.properties is not None
    assert machine.properties.resource_id == (
        f"/subscriptions/{simulation.environment['SUBSCRIPTION']}/resourceGroups/{GROUP}"
        f"/providers/Microsoft.Compute/virtualMachines/aks-np1-{number}-vms2"
    )


def test_a_scale_sets_instances_are_the_machines_of_its_pool(simulation: Running, aks: ContainerServiceClient) -> None:
    nodes = simulation.world.clusters["vms"].nodes_of("user1")
    machine = aks.machines.get("rg-fleet", "vms", "user1", nodes[1].name)
    assert machine.properties is not None
    assert machine.properties.resource_id is not None
    assert machine.properties.resource_id.endswith("-vmss/virtualMachines/1")
    assert machine.properties.resource_id.lower() == nodes[1].provider_id.removeprefix("azure://").lower()


def test_a_missing_machine_or_pool_is_not_found(aks: ContainerServiceClient) -> None:
    for call in (
        lambda: aks.machines.get("rg-fleet", "vms", "np1", "missing"),
        lambda: list(aks.machines.list("rg-fleet", "vms", "missing")),
    ):
        with pytest.raises(ResourceNotFoundError):
            call()


def test_a_vm_pool_has_its_machines_by_size_and_no_count(aks: ContainerServiceClient) -> None:
    properties = aks.agent_pools.get("rg-fleet", "vms", "np1").as_dict()["properties"]
    assert (properties["type"], properties.get("count"), properties.get("vmSize")) == ("VirtualMachines", None, None)
    assert properties["virtualMachineNodesStatus"] == [{"size": "Standard_D4s_v5", "count": 12}]


def test_a_vm_pool_has_no_scale_set(compute: ComputeManagementClient, simulation: Running) -> None:
    number = simulation.world.clusters["vms"].number
    assert [each.name for each in compute.virtual_machine_scale_sets.list(GROUP)] == [f"aks-user1-{number}-vmss"]


def test_a_single_vm_is_restarted(simulation: Running, compute: ComputeManagementClient) -> None:
    node = simulation.world.clusters["vms"].nodes_of("np1")[0]
    before = node.boot_id
    assert compute.virtual_machines.get(GROUP, node.name).name == node.name
    compute.virtual_machines.begin_restart(GROUP, node.name, polling=False)
    simulation.advance(simulation.world.now + timedelta(minutes=5))
    assert (node.ready, node.boot_id == before) == (True, False)


def test_an_instance_is_not_a_single_vm(simulation: Running, compute: ComputeManagementClient) -> None:
    node = simulation.world.clusters["vms"].nodes_of("user1")[0]
    with pytest.raises(ResourceNotFoundError):
        compute.virtual_machines.begin_restart(GROUP, node.name, polling=False)


def test_reads_of_machines_count_towards_the_limit_for_lists(simulation: Running, aks: ContainerServiceClient) -> None:
    def read_many() -> None:
        for _ in range(600):
            list(aks.machines.list("rg-fleet", "vms", "user1"))

    with pytest.raises(HttpResponseError) as caught:
        read_many()
    assert caught.value.status_code == 429
    simulation.advance(simulation.world.now + timedelta(minutes=10))


class TestHostileAdmin:
    """Node objects that a cluster's administrator creates."""

    def test_an_invented_node_exists_in_the_api_server_only(
        self, simulation: Running, aks: ContainerServiceClient
    ) -> None:
        world = simulation.world
        invent_node(world, "vms", InventedNode("fake", "azure:///anything", "user1", "AKSUbuntu-x", labels={"a": "b"}))
        invent_node(world, "vms", InventedNode("bare"))
        listed = ask(simulation, "GET", "/clusters/vms/api/v1/nodes", resource=KUBERNETES).document["items"]
        found = {each["metadata"]["name"]: each for each in cast("list[dict[str, Any]]", listed)}
        assert found["fake"]["spec"] == {"providerID": "azure:///anything"}
        assert found["fake"]["metadata"]["labels"] == {
            "kubernetes.azure.com/agentpool": "user1",
            "kubernetes.azure.com/node-image-version": "AKSUbuntu-x",
            "a": "b",
        }
        assert found["bare"]["spec"] == {}
        assert len(list(aks.machines.list("rg-fleet", "vms", "user1"))) == 2
        assert [entry.node for entry in world.journal.of(Kind.NODE_INVENTED)] == ["fake", "bare"]

    def test_a_real_node_is_relabeled(self, simulation: Running) -> None:
        node = simulation.world.clusters["vms"].nodes_of("user1")[0]
        relabel(simulation.world, "vms", node.name, {"kubernetes.azure.com/agentpool": "other"})
        read = ask(simulation, "GET", f"/clusters/vms/api/v1/nodes/{node.name}", resource=KUBERNETES).document
        assert read["metadata"]["labels"]["kubernetes.azure.com/agentpool"] == "other"  # type: ignore[index]  # JSON
