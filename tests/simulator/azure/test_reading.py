"""The unmodified AKS client reads from the simulated Resource Manager."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.containerservice import ContainerServiceClient

from simulator.fleets import random_fleet
from simulator.running import Running, running_simulation
from tests.simulator.azure.clients import aks_client

OLD = "AKSUbuntu-2204gen2containerd-202610.29.0"
NEW = "AKSUbuntu-2204gen2containerd-202611.05.0"


def test_a_subscription_lists_its_clusters(aks: ContainerServiceClient) -> None:
    assert [cluster.name for cluster in aks.managed_clusters.list()] == ["web", "asleep", "driven"]


def test_resource_group_names_are_case_insensitive(aks: ContainerServiceClient) -> None:
    assert [cluster.name for cluster in aks.managed_clusters.list_by_resource_group("RG-Other")] == ["driven"]


def test_a_long_list_is_paged() -> None:
    with running_simulation(random_fleet(3, clusters=23)) as simulation, aks_client(simulation) as aks:
        assert len(list(aks.managed_clusters.list())) == 23
        reads = simulation.control("/requests")["requests"]
        assert isinstance(reads, list)
        assert [item["count"] for item in reads] == [3]


def test_a_cluster_shows_its_state(aks: ContainerServiceClient) -> None:
    cluster = aks.managed_clusters.get("rg-fleet", "web")
    assert cluster.tags == {"env": "dev"}
    assert cluster.location == "westeurope"
    assert cluster.properties is not None
    assert cluster.properties.power_state is not None
    assert (cluster.properties.power_state.code, cluster.properties.provisioning_state) == ("Running", "Succeeded")
    assert cluster.properties.current_kubernetes_version == "1.34.4"
    assert [pool.name for pool in cluster.properties.agent_pool_profiles or []] == ["system", "user1", "spot", "frozen"]


def test_a_stopped_cluster_has_the_provisioning_state_succeeded(aks: ContainerServiceClient) -> None:
    cluster = aks.managed_clusters.get("rg-fleet", "asleep")
    assert cluster.properties is not None
    assert cluster.properties.power_state is not None
    assert (cluster.properties.power_state.code, cluster.properties.provisioning_state) == ("Stopped", "Succeeded")


def test_a_cluster_shows_its_node_os_channel(aks: ContainerServiceClient) -> None:
    cluster = aks.managed_clusters.get("rg-other", "driven")
    assert cluster.properties is not None
    assert cluster.properties.auto_upgrade_profile is not None
    assert cluster.properties.node_provisioning_profile is not None
    assert cluster.properties.auto_upgrade_profile.node_os_upgrade_channel == "NodeImage"
    assert cluster.properties.node_provisioning_profile.mode == "Auto"


def test_a_maintenance_schedule_has_a_fixed_utc_offset(aks: ContainerServiceClient) -> None:
    found = aks.maintenance_configurations.get("rg-other", "driven", "aksManagedNodeOSUpgradeSchedule")
    assert found.properties is not None
    window = found.properties.maintenance_window
    assert window is not None
    assert window.schedule.weekly is not None
    assert (window.schedule.weekly.day_of_week, window.start_time, window.utc_offset) == (
        "Wednesday",
        "23:00",
        "+01:00",
    )
    assert [item.name for item in aks.maintenance_configurations.list_by_managed_cluster("rg-fleet", "web")] == []


def test_a_pool_shows_its_image_and_the_newest_one(aks: ContainerServiceClient) -> None:
    pool = aks.agent_pools.get("rg-fleet", "web", "user1")
    profile = aks.agent_pools.get_upgrade_profile("rg-fleet", "web", "user1")
    assert pool.properties is not None
    assert pool.properties.node_image_version == OLD
    assert profile.properties.latest_node_image_version == NEW


def test_spot_pools_and_snapshot_pools_are_identifiable(aks: ContainerServiceClient) -> None:
    spot = aks.agent_pools.get("rg-fleet", "web", "spot").properties
    frozen = aks.agent_pools.get("rg-fleet", "web", "frozen").properties
    assert spot is not None
    assert frozen is not None
    assert frozen.creation_data is not None
    assert spot.scale_set_priority == "Spot"
    assert str(frozen.creation_data.source_resource_id).endswith("/snapshots/frozen")


def test_a_newer_image_reaches_the_region_later(simulation: Running, aks: ContainerServiceClient) -> None:
    simulation.advance(datetime(2026, 11, 21, 23, 59, tzinfo=UTC))
    before = aks.agent_pools.get_upgrade_profile("rg-fleet", "web", "user1").properties.latest_node_image_version
    simulation.advance(datetime(2026, 11, 22, tzinfo=UTC))
    after = aks.agent_pools.get_upgrade_profile("rg-fleet", "web", "user1").properties.latest_node_image_version
    assert (before, after) == (NEW, "AKSUbuntu-2204gen2containerd-202611.12.0")


def test_kubernetes_versions_are_listed(aks: ContainerServiceClient) -> None:
    versions = aks.agent_pools.get_available_agent_pool_versions("rg-fleet", "web").properties.agent_pool_versions
    upgrades = aks.managed_clusters.get_upgrade_profile("rg-fleet", "web").properties.control_plane_profile.upgrades
    assert [item.kubernetes_version for item in versions or []] == ["1.34.4", "1.35.1"]
    assert [item.kubernetes_version for item in upgrades or []] == ["1.35.1"]


@pytest.mark.parametrize(
    ("read", "code"),
    [
        (lambda aks: aks.managed_clusters.get("rg-fleet", "nowhere"), "ResourceNotFound"),
        (lambda aks: aks.managed_clusters.get("rg-nowhere", "web"), "ResourceGroupNotFound"),
        (lambda aks: list(aks.managed_clusters.list_by_resource_group("rg-nowhere")), "ResourceGroupNotFound"),
        (lambda aks: aks.agent_pools.get("rg-fleet", "web", "nowhere"), "NotFound"),
        (lambda aks: aks.maintenance_configurations.get("rg-fleet", "web", "default"), "NotFound"),
    ],
)
def test_requests_for_missing_resources_return_404(
    aks: ContainerServiceClient, read: Callable[[ContainerServiceClient], object], code: str
) -> None:
    with pytest.raises(ResourceNotFoundError) as caught:
        read(aks)
    assert caught.value.error is not None
    assert caught.value.error.code == code
