"""Stopping and starting clusters and pools, and changing a pool, with the unmodified AKS client."""

from collections.abc import Callable

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.containerservice.models import AgentPool, PowerState

from simulator.running import Running
from simulator.world.journal import Kind
from simulator.world.scripted_faults import StartFails
from simulator.world.world import PoolChange

Later = Callable[..., None]


def power(aks: ContainerServiceClient, name: str = "web") -> tuple[str | None, str | None]:
    """Return a cluster's power and provisioning state."""
    found = aks.managed_clusters.get("rg-fleet", name).properties
    assert found is not None
    assert found.power_state is not None
    return found.power_state.code, found.provisioning_state


def pool_of(aks: ContainerServiceClient, name: str = "user1") -> AgentPool:
    """Return a pool from the plain cluster."""
    return aks.agent_pools.get("rg-fleet", "web", name)


def test_a_cluster_stops_and_starts_in_minutes(simulation: Running, aks: ContainerServiceClient, later: Later) -> None:
    boots = {node.boot_id for node in simulation.world.clusters["web"].nodes.values()}
    poller = aks.managed_clusters.begin_stop("rg-fleet", "web", polling_interval=0)
    assert power(aks) == ("Running", "Stopping")
    later(minutes=10)
    poller.result()
    assert power(aks) == ("Stopped", "Succeeded")
    starting = aks.managed_clusters.begin_start("rg-fleet", "web", polling_interval=0)
    assert power(aks) == ("Stopped", "Starting")
    later(minutes=15)
    starting.result()
    assert power(aks) == ("Running", "Succeeded")
    assert not boots & {node.boot_id for node in simulation.world.clusters["web"].nodes.values()}


def test_a_stopped_cluster_cannot_be_stopped_again(aks: ContainerServiceClient) -> None:
    text = r"managed cluster is in Provisioning State\(Succeeded\) and Power State\(Stopped\), stopping cannot be performed"
    with pytest.raises(HttpResponseError, match=text):
        aks.managed_clusters.begin_stop("rg-fleet", "asleep", polling=False)


def test_a_cluster_with_node_auto_provisioning_cannot_be_stopped(aks: ContainerServiceClient) -> None:
    with pytest.raises(HttpResponseError, match=r"nodeProvisioningProfile\.mode 'Auto'") as caught:
        aks.managed_clusters.begin_stop("rg-other", "driven", polling=False)
    assert caught.value.error is not None
    assert caught.value.error.code == "OperationNotAllowed"


def test_a_start_that_failed_for_lack_of_capacity_can_be_retried(
    simulation: Running, aks: ContainerServiceClient, later: Later
) -> None:
    simulation.world.arm(StartFails("asleep"))
    poller = aks.managed_clusters.begin_start("rg-fleet", "asleep", polling_interval=0)
    later(minutes=15)
    with pytest.raises(HttpResponseError) as caught:
        poller.result()
    assert caught.value.error is not None
    assert caught.value.error.code == "AllocationFailed"
    assert power(aks, "asleep") == ("Stopped", "Failed")
    aks.managed_clusters.begin_start("rg-fleet", "asleep", polling=False)
    later(minutes=15)
    assert power(aks, "asleep") == ("Running", "Succeeded")


def test_an_aborted_stop_leaves_the_cluster_running(aks: ContainerServiceClient, later: Later) -> None:
    aks.managed_clusters.begin_stop("rg-fleet", "web", polling=False)
    later(minutes=1)
    aks.managed_clusters.begin_abort_latest_operation("rg-fleet", "web", polling=False)
    later(minutes=30)
    assert power(aks) == ("Running", "Canceled")


def test_a_put_with_a_different_count_scales_the_pool(
    simulation: Running, aks: ContainerServiceClient, later: Later
) -> None:
    """The client sends back the whole pool, including its image. This does not count as a rollback."""
    pool = pool_of(aks)
    assert pool.properties is not None
    pool.properties.count = 4
    poller = aks.agent_pools.begin_create_or_update("rg-fleet", "web", "user1", pool, polling_interval=0)
    later(minutes=10)
    assert poller.result().properties.count == 4  # type: ignore[union-attr]  # a pool that was read has properties
    assert len(simulation.world.clusters["web"].nodes_of("user1")) == 4
    assert simulation.world.journal.of(Kind.NODE_LABEL, "web", "user1") == []


def test_changing_a_pool_changes_its_etag(aks: ContainerServiceClient, later: Later) -> None:
    pool = pool_of(aks)
    assert pool.properties is not None
    read = pool.properties.e_tag
    pool.properties.count = 5
    put = aks.agent_pools.begin_create_or_update
    put("rg-fleet", "web", "user1", pool, etag=read, match_condition=MatchConditions.IfNotModified, polling=False)
    later(minutes=10)
    with pytest.raises(ResourceExistsError) as caught:
        put("rg-fleet", "web", "user1", pool, etag=read, match_condition=MatchConditions.IfNotModified, polling=False)
    assert caught.value.error is not None
    assert caught.value.error.code == "EtagMismatch"


def test_a_pool_is_stopped_and_empty_at_once_and_returns_to_its_count(
    simulation: Running, aks: ContainerServiceClient, later: Later
) -> None:
    pool = pool_of(aks)
    assert pool.properties is not None
    pool.properties.power_state = PowerState(code="Stopped")
    aks.agent_pools.begin_create_or_update("rg-fleet", "web", "user1", pool, polling=False)
    stopped = pool_of(aks)
    assert stopped.properties is not None
    assert stopped.properties.power_state == {"code": "Stopped"}
    assert (stopped.properties.count, stopped.properties.provisioning_state) == (0, "Stopping")
    later(minutes=10)
    stopped = pool_of(aks)
    assert stopped.properties is not None
    assert simulation.world.clusters["web"].nodes_of("user1") == []
    stopped.properties.power_state = PowerState(code="Running")
    aks.agent_pools.begin_create_or_update("rg-fleet", "web", "user1", stopped, polling=False)
    later(minutes=10)
    assert len(simulation.world.clusters["web"].nodes_of("user1")) == 6


def test_a_stopped_pool_can_be_upgraded(simulation: Running, aks: ContainerServiceClient, later: Later) -> None:
    """Unlike a stopped cluster, a stopped pool accepts an upgrade: its nodes start with the new image."""
    web = simulation.world.clusters["web"]
    simulation.world.change_pool(web, web.pools["user1"], PoolChange(power_state="Stopped"), "operator")
    later(minutes=10)
    aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling=False)
    later(minutes=10)
    simulation.world.change_pool(web, web.pools["user1"], PoolChange(power_state="Running"), "operator")
    later(minutes=10)
    assert [node.image for node in web.nodes_of("user1")] == ["AKSUbuntu-2204gen2containerd-202611.05.0"] * 6


def test_a_pool_can_be_rolled_back_to_a_previous_image(
    simulation: Running, aks: ContainerServiceClient, later: Later
) -> None:
    aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling=False)
    later(hours=1)
    used = aks.agent_pools.get_upgrade_profile("rg-fleet", "web", "user1").properties.recently_used_versions
    assert used is not None
    assert [item.node_image_version for item in used] == ["AKSUbuntu-2204gen2containerd-202610.29.0"]
    pool = pool_of(aks)
    assert pool.properties is not None
    pool.properties.node_image_version = used[0].node_image_version
    aks.agent_pools.begin_create_or_update("rg-fleet", "web", "user1", pool, polling=False)
    later(hours=1)
    assert {node.image for node in simulation.world.clusters["web"].nodes_of("user1")} == {
        "AKSUbuntu-2204gen2containerd-202610.29.0"
    }


def test_a_rollback_to_an_unused_image_is_rejected(aks: ContainerServiceClient) -> None:
    pool = pool_of(aks)
    assert pool.properties is not None
    pool.properties.node_image_version = "AKSUbuntu-2204gen2containerd-202601.01.0"
    with pytest.raises(HttpResponseError, match="recently used versions"):
        aks.agent_pools.begin_create_or_update("rg-fleet", "web", "user1", pool, polling=False)


def test_changing_an_immutable_field_is_rejected(aks: ContainerServiceClient) -> None:
    pool = pool_of(aks)
    assert pool.properties is not None
    pool.properties.vm_size = "Standard_D8s_v5"
    with pytest.raises(HttpResponseError, match=r"properties\.vmSize"):
        aks.agent_pools.begin_create_or_update("rg-fleet", "web", "user1", pool, polling=False)


def test_a_put_without_changes_repairs_a_failed_pool(
    simulation: Running, aks: ContainerServiceClient, later: Later
) -> None:
    simulation.control(
        "/scripted-faults", {"kind": "UpgradeFails", "cluster": "web", "pool": "user1", "after_nodes": 0}
    )
    aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling=False)
    later(hours=1)
    failed = pool_of(aks)
    assert failed.properties is not None
    assert failed.properties.provisioning_state == "Failed"
    aks.agent_pools.begin_create_or_update("rg-fleet", "web", "user1", failed, polling=False)
    later(hours=1)
    repaired = pool_of(aks).properties
    assert repaired is not None
    assert repaired.provisioning_state == "Succeeded"


def test_a_failed_start_can_leave_the_cluster_running(
    simulation: Running, aks: ContainerServiceClient, later: Later
) -> None:
    simulation.world.arm(StartFails("asleep", leaves_running=True))
    aks.managed_clusters.begin_start("rg-fleet", "asleep", polling=False)
    later(minutes=15)
    assert power(aks, "asleep") == ("Running", "Failed")
