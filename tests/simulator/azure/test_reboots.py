"""Machines with the unmodified compute client: scale sets, restarts, lockdown, and nodes that require a reboot."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.containerservice import ContainerServiceClient

from simulator.running import Running, running_simulation
from simulator.world.journal import Kind
from simulator.world.reboots import REBOOT_REQUIRED
from simulator.world.scripted_faults import NodeStaysNotReady, RebootRequired, RestartFails
from simulator.world.state import Node
from tests.simulator.azure.clients import aks_client, compute_client
from tests.simulator.azure.conftest import START, small_fleet
from tests.simulator.azure.raw import ask

GROUP = "MC_rg-fleet_web_westeurope"


@pytest.fixture
def compute(simulation: Running) -> Iterator[ComputeManagementClient]:
    with compute_client(simulation) as client:
        yield client


def scale_set(simulation: Running, pool: str) -> str:
    return f"aks-{pool}-{simulation.world.clusters['web'].number}-vmss"


def first_node(simulation: Running, pool: str = "user1") -> Node:
    return simulation.world.clusters["web"].nodes_of(pool)[0]


def test_each_pool_is_a_scale_set_in_the_node_resource_group(
    simulation: Running, compute: ComputeManagementClient, aks: ContainerServiceClient
) -> None:
    group = aks.managed_clusters.get("rg-fleet", "web").node_resource_group
    assert group == GROUP
    found = {item.name: item for item in compute.virtual_machine_scale_sets.list(GROUP)}
    assert list(found) == [scale_set(simulation, pool) for pool in ("system", "user1", "spot", "frozen")]
    user, spot = found[scale_set(simulation, "user1")], found[scale_set(simulation, "spot")]
    assert user.sku is not None
    assert (user.sku.capacity, user.sku.name, user.zones) == (6, "Standard_D4s_v5", ["1", "2", "3"])
    assert spot.virtual_machine_profile is not None
    assert (spot.virtual_machine_profile.priority, spot.virtual_machine_profile.eviction_policy) == ("Spot", "Delete")
    assert user.tags is not None
    assert user.tags["aks-managed-poolName"] == "user1"


def test_a_nodes_provider_id_identifies_its_machine(simulation: Running, compute: ComputeManagementClient) -> None:
    node = first_node(simulation)
    parts = node.provider_id.removeprefix("azure://").split("/")
    machine = compute.virtual_machine_scale_set_vms.get(parts[4], parts[8], parts[10], expand="instanceView")
    assert machine.os_profile is not None
    assert (machine.instance_id, machine.os_profile.computer_name) == ("0", node.name)
    assert machine.instance_view is not None
    codes = [status.code for status in machine.instance_view.statuses or []]
    assert codes == ["ProvisioningState/succeeded", "PowerState/running"]


def test_a_stopped_clusters_machines_are_deallocated(simulation: Running, compute: ComputeManagementClient) -> None:
    name = f"aks-system-{simulation.world.clusters['asleep'].number}-vmss"
    group = "MC_rg-fleet_asleep_westeurope"
    assert len(list(compute.virtual_machine_scale_set_vms.list(group, name))) == 2
    view = compute.virtual_machine_scale_set_vms.get_instance_view(group, name, "0")
    assert [status.code for status in view.statuses or []][1] == "PowerState/deallocated"
    with pytest.raises(HttpResponseError) as caught:
        compute.virtual_machine_scale_set_vms.begin_restart(group, name, "0", polling=False)
    assert (caught.value.status_code, caught.value.error and caught.value.error.code) == (409, "OperationNotAllowed")


def test_a_restarted_node_returns_with_a_new_boot_id(simulation: Running, compute: ComputeManagementClient) -> None:
    node = first_node(simulation)
    before = node.boot_id
    poller = compute.virtual_machine_scale_set_vms.begin_restart(GROUP, scale_set(simulation, "user1"), "0")
    assert (node.ready, node.boot_id, poller.status()) == (True, before, "InProgress")
    simulation.advance(START + timedelta(seconds=20))
    assert (node.ready, node.boot_id) == (False, before)
    simulation.advance(START + timedelta(minutes=4))
    assert (node.ready, node.boot_id == before) == (True, False)
    states = [entry.detail["status"] for entry in simulation.world.journal.of(Kind.MACHINE_RESTART)]
    assert states == ["InProgress", "Succeeded"]
    went_down, came_back = (
        simulation.world.journal.of(kind, "web")[-1].at for kind in (Kind.NODE_NOT_READY, Kind.NODE_READY)
    )
    assert timedelta(minutes=1) <= came_back - went_down <= timedelta(minutes=3)


def test_a_poller_follows_a_restart_to_its_end() -> None:
    with running_simulation(small_fleet(), seed=1, speed=600, retry_after_s=0) as quick:
        machines = compute_client(quick).virtual_machine_scale_set_vms
        poller = machines.begin_restart(GROUP, scale_set(quick, "user1"), "0", polling_interval=0)
        poller.result(30)
        assert poller.status() == "Succeeded"


def test_an_operation_can_be_polled_at_both_of_its_urls(simulation: Running) -> None:
    machine = (
        f"/subscriptions/{simulation.environment['SUBSCRIPTION']}/resourceGroups/{GROUP}/providers/Microsoft.Compute"
    )
    path = f"{machine}/virtualMachineScaleSets/{scale_set(simulation, 'user1')}/virtualMachines/0/restart"
    begun = ask(simulation, "POST", f"{path}?api-version=2026-04-01")
    assert (begun.status, begun.text) == (202, "")
    place = simulation.environment["ARM_URL"]
    status, location = begun.headers["Azure-AsyncOperation"], begun.headers["Location"]
    assert ask(simulation, "GET", status.removeprefix(place)).document["status"] == "InProgress"
    assert ask(simulation, "GET", location.removeprefix(place)).status == 202
    simulation.advance(START + timedelta(minutes=5))
    ended = ask(simulation, "GET", status.removeprefix(place)).document
    assert sorted(ended) == ["endTime", "name", "startTime", "status"]
    assert ended["status"] == "Succeeded"
    assert ask(simulation, "GET", location.removeprefix(place)).status == 200
    forged = status.removeprefix(place).replace("&s=", "&s=0")
    assert ask(simulation, "GET", forged).code == "InvalidSignature"


def test_a_failed_restart_is_reported_and_the_machine_does_not_boot(
    simulation: Running, compute: ComputeManagementClient, later: Callable[..., None]
) -> None:
    simulation.world.arm(RestartFails("web", "user1", "VMStartTimedOut"))
    node = first_node(simulation)
    before = node.boot_id
    name = scale_set(simulation, "user1")
    poller = compute.virtual_machine_scale_set_vms.begin_restart(GROUP, name, "0", polling_interval=0)
    later(minutes=2)
    with pytest.raises(HttpResponseError) as caught:
        poller.result(30)
    assert caught.value.error is not None
    assert caught.value.error.code == "VMStartTimedOut"
    assert (node.ready, node.boot_id) == (True, before)
    later(minutes=10)
    assert simulation.world.journal.of(Kind.NODE_BOOTED) == []


def test_a_node_can_remain_not_ready_after_its_restart(
    simulation: Running, compute: ComputeManagementClient, later: Callable[..., None]
) -> None:
    simulation.world.arm(NodeStaysNotReady("web", "user1"))
    node = first_node(simulation)
    before = node.boot_id
    compute.virtual_machine_scale_set_vms.begin_restart(GROUP, scale_set(simulation, "user1"), "0", polling=False)
    later(hours=1)
    assert (node.ready, node.boot_id == before) == (False, False)


def test_a_locked_resource_group_allows_only_reads() -> None:
    fleet = small_fleet()
    locked = replace(fleet.clusters[0], lockdown=True)
    with running_simulation(replace(fleet, clusters=(locked, *fleet.clusters[1:]))) as simulation:
        profile = aks_client(simulation).managed_clusters.get("rg-fleet", "web").node_resource_group_profile
        assert profile is not None
        assert profile.restriction_level == "ReadOnly"
        machines = compute_client(simulation).virtual_machine_scale_set_vms
        name = scale_set(simulation, "spot")
        assert len(list(machines.list(GROUP, name))) == 3
        changes = (
            lambda: machines.begin_restart(GROUP, name, "0", polling=False),
            lambda: machines.simulate_eviction(GROUP, name, "0"),
        )
        for change in changes:
            with pytest.raises(HttpResponseError) as caught:
                change()
            assert caught.value.error is not None
            assert caught.value.error.code == "DenyAssignmentAuthorizationFailed"
            assert caught.value.status_code == 403


@pytest.mark.parametrize(
    ("machine", "status", "code"), [("99", 404, "NotFound"), ("0notfound", 400, "InvalidParameter")]
)
def test_a_request_for_a_missing_machine_is_rejected(
    simulation: Running, compute: ComputeManagementClient, machine: str, status: int, code: str
) -> None:
    with pytest.raises(HttpResponseError) as caught:
        compute.virtual_machine_scale_set_vms.get(GROUP, scale_set(simulation, "user1"), machine)
    assert (caught.value.status_code, caught.value.error and caught.value.error.code) == (status, code)


def test_a_request_for_a_missing_resource_group_returns_404(compute: ComputeManagementClient) -> None:
    with pytest.raises(ResourceNotFoundError) as caught:
        list(compute.virtual_machine_scale_sets.list("MC_nowhere"))
    assert caught.value.error is not None
    assert caught.value.error.code == "ResourceGroupNotFound"


def test_nodes_require_a_reboot_until_they_have_booted(
    simulation: Running, compute: ComputeManagementClient, later: Callable[..., None]
) -> None:
    simulation.world.arm(RebootRequired("web", "user1", START + timedelta(hours=1), nodes=2))
    later(hours=2)
    pool = simulation.world.clusters["web"].nodes_of("user1")
    requiring_reboot = {node.name: node.annotations.get(REBOOT_REQUIRED) for node in pool}
    assert list(requiring_reboot.values()) == ["2026-11-16T01:00:00Z"] * 2 + [None] * 4
    compute.virtual_machine_scale_set_vms.begin_restart(GROUP, scale_set(simulation, "user1"), "0", polling=False)
    later(minutes=6)
    assert [REBOOT_REQUIRED in node.annotations for node in pool] == [False, True, False, False, False, False]
    assert [entry.node for entry in simulation.world.journal.of(Kind.NODE_REBOOT_DONE)] == [pool[0].name]


def test_a_reimage_or_a_start_counts_as_a_boot(
    simulation: Running, aks: ContainerServiceClient, later: Callable[..., None]
) -> None:
    simulation.world.arm(RebootRequired("web", "user1", START))
    simulation.world.arm(RebootRequired("web", "system", START))
    later(minutes=1)
    aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling=False)
    later(hours=2)
    cluster = simulation.world.clusters["web"]
    assert [node.annotations for node in cluster.nodes_of("user1")] == [{}] * 6
    assert len([node for node in cluster.nodes_of("system") if node.annotations]) == 3
    aks.managed_clusters.begin_stop("rg-fleet", "web", polling=False)
    later(minutes=15)
    aks.managed_clusters.begin_start("rg-fleet", "web", polling=False)
    later(minutes=15)
    assert [node.annotations for node in cluster.nodes_of("system")] == [{}] * 3
