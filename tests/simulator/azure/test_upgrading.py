"""A node image upgrade with the unmodified AKS client."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.mgmt.containerservice import ContainerServiceClient

from simulator.running import Running
from simulator.world.journal import Kind
from simulator.world.scripted_faults import (
    ForeignOperation,
    ImageLands,
    NodeNeverReady,
    UpgradeDoesNothing,
    UpgradeFails,
    UpgradeSkipsNodes,
)

START_OF_TESTS = datetime(2026, 11, 16, tzinfo=UTC)
OLD = "AKSUbuntu-2204gen2containerd-202610.29.0"
NEW = "AKSUbuntu-2204gen2containerd-202611.05.0"
NEWER = "AKSUbuntu-2204gen2containerd-202611.12.0"

Later = Callable[..., None]


def states(aks: ContainerServiceClient, pool: str) -> tuple[str | None, str | None]:
    """Return the provisioning states of the cluster and of a pool."""
    cluster = aks.managed_clusters.get("rg-fleet", "web").properties
    found = aks.agent_pools.get("rg-fleet", "web", pool).properties
    assert cluster is not None
    assert found is not None
    return cluster.provisioning_state, found.provisioning_state


def images(simulation: Running, pool: str) -> list[str]:
    """Return the image labels of the nodes in a pool."""
    return [node.image for node in simulation.world.clusters["web"].nodes_of(pool)]


def test_an_upgrade_ends_with_every_node_on_the_newest_image(
    simulation: Running, aks: ContainerServiceClient, later: Later
) -> None:
    poller = aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling_interval=0)
    assert states(aks, "user1") == ("Updating", "UpgradingNodeImageVersion")
    later(hours=1)
    poller.result()
    assert states(aks, "user1") == ("Succeeded", "Succeeded")
    assert images(simulation, "user1") == [NEW] * 6


def test_nodes_are_replaced_in_batches_with_a_surge(simulation: Running, aks: ContainerServiceClient) -> None:
    """Six nodes, surge of a third: two surge nodes join, then three batches of two nodes are reimaged under their names."""
    names = [node.name for node in simulation.world.clusters["web"].nodes_of("user1")]
    boots = {node.boot_id for node in simulation.world.clusters["web"].nodes_of("user1")}
    aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling=False)
    counts = set()
    for _ in range(60):
        simulation.advance(simulation.world.now + timedelta(minutes=1))
        counts.add(len(images(simulation, "user1")))
    assert max(counts) == 8
    assert min(counts) == 6
    after = simulation.world.clusters["web"].nodes_of("user1")
    assert [node.name for node in after] == names
    assert not boots & {node.boot_id for node in after}
    changed = [entry.at for entry in simulation.world.journal.of(Kind.NODE_LABEL, "web", "user1")]
    assert len(changed) == 6
    assert len(set(changed)) > 3


def test_spot_pools_are_neither_surged_nor_drained(simulation: Running, aks: ContainerServiceClient) -> None:
    aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "spot", polling=False)
    simulation.advance(simulation.world.now + timedelta(hours=1))
    journal = simulation.world.journal
    assert images(simulation, "spot") == [NEW] * 3
    assert journal.of(Kind.NODE_CORDONED, "web", "spot") == []
    assert {entry.node for entry in journal.of(Kind.NODE_JOINED, "web", "spot")} == {
        node.name for node in simulation.world.clusters["web"].nodes_of("spot")
    }


def test_a_second_operation_is_rejected_while_another_is_running(aks: ContainerServiceClient, later: Later) -> None:
    aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling=False)
    later(minutes=5)
    with pytest.raises(ResourceExistsError) as caught:
        aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "spot", polling=False)
    assert caught.value.error is not None
    assert caught.value.error.code == "OperationNotAllowed"
    assert "Another operation (user1 - UpgradingNodeImageVersion) is in progress" in str(caught.value)


def test_an_upgrade_uses_the_newest_image_at_the_time_of_the_call(
    simulation: Running, aks: ContainerServiceClient, later: Later
) -> None:
    """A newer image may arrive between reading the pool and starting the upgrade."""
    read = aks.agent_pools.get_upgrade_profile("rg-fleet", "web", "user1").properties.latest_node_image_version
    simulation.world.arm(ImageLands("westeurope", "Ubuntu", datetime(2026, 11, 16, 0, 1, tzinfo=UTC)))
    later(minutes=1)
    aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling=False)
    later(hours=1)
    assert read == NEW
    assert images(simulation, "user1") == [NEWER] * 6


def test_a_failed_upgrade_reports_its_cause_and_is_not_rolled_back(
    simulation: Running, aks: ContainerServiceClient, later: Later
) -> None:
    simulation.world.arm(UpgradeFails("web", "user1", after_nodes=3, code="PodDrainFailure"))
    poller = aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling_interval=0)
    later(hours=2)
    with pytest.raises(HttpResponseError) as caught:
        poller.result()
    assert caught.value.error is not None
    assert caught.value.error.code == "PodDrainFailure"
    assert "blocked by pdb checkout" in str(caught.value)
    assert states(aks, "user1") == ("Succeeded", "Failed")
    nodes = simulation.world.clusters["web"].nodes_of("user1")
    assert [node.image for node in nodes] == [NEW, NEW, NEW, OLD, OLD, OLD, NEW, NEW]
    assert [node.name for node in nodes if node.unschedulable] == [nodes[3].name]


def test_the_upgrade_after_a_failed_one_continues_with_the_remaining_nodes(
    simulation: Running, aks: ContainerServiceClient, later: Later
) -> None:
    simulation.world.arm(UpgradeFails("web", "user1", after_nodes=3, code="QuotaExceeded"))
    aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling=False)
    later(hours=2)
    aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling=False)
    later(hours=2)
    assert images(simulation, "user1") == [NEW] * 6
    assert len(simulation.world.journal.of(Kind.NODE_LABEL, "web", "user1")) == 6


def test_an_upgrade_can_report_success_without_upgrading_a_node(
    simulation: Running, aks: ContainerServiceClient, later: Later
) -> None:
    simulation.world.arm(UpgradeDoesNothing("web", "user1"))
    poller = aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling_interval=0)
    later(hours=1)
    poller.result()
    pool = aks.agent_pools.get("rg-fleet", "web", "user1").properties
    assert pool is not None
    assert pool.node_image_version == NEW
    assert images(simulation, "user1") == [OLD] * 6


def test_a_node_can_return_without_ever_becoming_ready(
    simulation: Running, aks: ContainerServiceClient, later: Later
) -> None:
    simulation.world.arm(NodeNeverReady("web", "user1", node=4))
    aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling=False)
    later(hours=1)
    assert [node.ready for node in simulation.world.clusters["web"].nodes_of("user1")] == [
        True, True, True, True, False, True,
    ]  # fmt: skip


def test_an_upgrade_to_the_same_image_does_not_change_any_node(
    simulation: Running, aks: ContainerServiceClient, later: Later
) -> None:
    aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling=False)
    later(hours=1)
    boots = [node.boot_id for node in simulation.world.clusters["web"].nodes_of("user1")]
    poller = aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling_interval=0)
    later(minutes=2)
    poller.result()
    assert [node.boot_id for node in simulation.world.clusters["web"].nodes_of("user1")] == boots


def test_a_pool_created_from_a_snapshot_cannot_be_upgraded(aks: ContainerServiceClient) -> None:
    with pytest.raises(HttpResponseError, match="created from a snapshot"):
        aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "frozen", polling=False)


def test_a_stopped_cluster_cannot_be_upgraded(aks: ContainerServiceClient) -> None:
    with pytest.raises(HttpResponseError, match=r"Power State\(Stopped\), upgrading node image cannot be performed"):
        aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "asleep", "system", polling=False)


def test_an_aborted_upgrade_is_not_rolled_back(simulation: Running, aks: ContainerServiceClient, later: Later) -> None:
    poller = aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling_interval=0)
    later(minutes=12)
    done = images(simulation, "user1").count(NEW)
    aks.agent_pools.begin_abort_latest_operation("rg-fleet", "web", "user1", polling=False)
    assert states(aks, "user1") == ("Updating", "Canceling")
    later(hours=1)
    assert states(aks, "user1") == ("Succeeded", "Canceled")
    assert images(simulation, "user1").count(NEW) == done
    with pytest.raises(HttpResponseError):
        poller.result()


def test_aborting_a_finished_operation_causes_a_conflict(aks: ContainerServiceClient) -> None:
    with pytest.raises(ResourceExistsError):
        aks.agent_pools.begin_abort_latest_operation("rg-fleet", "web", "user1", polling=False)
    with pytest.raises(ResourceExistsError):
        aks.managed_clusters.begin_abort_latest_operation("rg-fleet", "web", polling=False)


def test_an_operation_by_another_caller_blocks_the_cluster(
    simulation: Running, aks: ContainerServiceClient, later: Later
) -> None:
    simulation.world.arm(ForeignOperation("web", datetime(2026, 11, 16, 0, 10, tzinfo=UTC), minutes=20))
    later(minutes=15)
    with pytest.raises(ResourceExistsError, match=r"Another operation \(Updating\) is in progress"):
        aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling=False)
    later(minutes=15)
    aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling=False)
    assert states(aks, "user1") == ("Updating", "UpgradingNodeImageVersion")


def test_another_process_can_follow_an_operation(aks: ContainerServiceClient, later: Later) -> None:
    """One poller's continuation token works in a second poller, as required after a restart."""
    first = aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling_interval=0)
    token = first.continuation_token()
    later(hours=1)
    second = aks.agent_pools.begin_upgrade_node_image_version(
        "rg-fleet", "web", "user1", continuation_token=token, polling_interval=0
    )
    second.result()
    assert second.status() == "Succeeded"


def test_some_nodes_can_stay_old_while_azure_reports_success(
    simulation: Running, aks: ContainerServiceClient, later: Later
) -> None:
    simulation.world.arm(UpgradeSkipsNodes("web", "user1", 2))
    poller = aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling_interval=0)
    later(hours=1)
    poller.result()
    assert states(aks, "user1") == ("Succeeded", "Succeeded")
    assert sorted(images(simulation, "user1")) == [OLD] * 2 + [NEW] * 4


def test_an_operation_can_say_anything_instead_of_in_progress(
    simulation: Running, aks: ContainerServiceClient, later: Later
) -> None:
    poller = aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling_interval=0)
    seen = set()
    while not poller.done() and simulation.world.now < START_OF_TESTS + timedelta(hours=2):
        later(minutes=1)
        poller.wait(0.05)
        seen.add(poller.status())
    assert seen == {"InProgress", "RollingUpgradeRemovingSurgeNodes", "Succeeded"}


def test_a_rollback_can_name_the_full_kubernetes_version(
    simulation: Running, aks: ContainerServiceClient, later: Later
) -> None:
    aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling=False)
    later(hours=1)
    pool = aks.agent_pools.get("rg-fleet", "web", "user1")
    used = simulation.world.clusters["web"].pools["user1"].used[0]
    assert pool.properties is not None
    pool.properties.orchestrator_version = used.kubernetes_version
    pool.properties.node_image_version = used.image
    poller = aks.agent_pools.begin_create_or_update("rg-fleet", "web", "user1", pool, polling_interval=0)
    later(hours=1)
    poller.result()
    assert images(simulation, "user1") == [OLD] * 6
