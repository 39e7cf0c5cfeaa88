"""The Azure and Kubernetes adapters, using the unmodified SDK clients, against the simulated services."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ops.adapters.azure_clusters import AzureClusters
from ops.bootstrap import Wiring, wire
from ops.model.fleet import Cluster, Driver
from ops.policy.node_identity import confirmed, match_nodes
from ops.ports.errors import BusyError, NotFoundError, RejectedError, TryLaterError, UnreachableError
from simulator.running import Running, running_simulation


@pytest.fixture(scope="module")
def simulation() -> Iterator[Running]:
    with running_simulation() as running:
        yield running


@pytest.fixture(scope="module")
def wired(simulation: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    environment = {**simulation.environment, "DAYTWO_STATE": str(tmp_path_factory.mktemp("state"))}
    with pytest.MonkeyPatch.context() as patch:
        for name in (
            "IDENTITY_ENDPOINT",
            "IDENTITY_HEADER",
        ):  # The identity client reads these from the process environment.
            patch.setenv(name, environment[name])
        yield wire(environment)


def listed(simulation: Running, wired: Wiring) -> list[Cluster]:
    found = wired.ports.clusters.list_clusters(simulation.environment["SUBSCRIPTION"])
    return [cluster for cluster in found if isinstance(cluster, Cluster)]


def identity(simulation: Running, name: str, group: str) -> str:
    subscription = simulation.environment["SUBSCRIPTION"]
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.ContainerService/managedClusters/{name}"


def now(simulation: Running) -> datetime:
    return datetime.fromisoformat(str(simulation.control("/clock")["now"]))


def test_the_fleet_is_found_with_one_query(simulation: Running, wired: Wiring) -> None:
    fleet = listed(simulation, wired)
    assert len(fleet) == 12
    by_name = {cluster.name: cluster for cluster in fleet}
    assert by_name["pay-test"].driver is Driver.AKS
    assert by_name["web-prod"].automatic
    assert by_name["edge-prod"].node_auto_provisioning
    assert by_name["shop-test"].is_stopped
    assert next(pool for pool in by_name["pay-prod"].pools if pool.name == "frozen").from_snapshot
    assert next(pool for pool in by_name["data-prod"].pools if pool.name == "spot").spot


def test_a_cluster_has_the_same_content_whether_it_is_read_or_listed(simulation: Running, wired: Wiring) -> None:
    read = wired.ports.clusters.cluster(identity(simulation, "shop-prod-we", "rg-shop"))
    assert read == next(cluster for cluster in listed(simulation, wired) if cluster.name == "shop-prod-we")


def test_a_pool_has_the_error_from_its_last_operation(simulation: Running, wired: Wiring) -> None:
    pool = simulation.world.clusters["data-prod"].pools["spot"]
    pool.error_code, pool.error_message = "SubnetIsFull", "Subnet nodes has no address left."
    try:
        for cluster in (
            wired.ports.clusters.cluster(identity(simulation, "data-prod", "rg-data")),
            *listed(simulation, wired),
        ):
            reported = {each.name: (each.error_code, each.error) for each in cluster.pools if each.error_code}
            assert reported == (
                {"spot": ("SubnetIsFull", "Subnet nodes has no address left.")} if cluster.name == "data-prod" else {}
            )
    finally:
        pool.error_code = pool.error_message = ""


def test_nodes_are_read_with_readiness_boot_id_and_image(simulation: Running, wired: Wiring) -> None:
    cluster = wired.ports.clusters.cluster(identity(simulation, "shop-prod-we", "rg-shop"))
    nodes = wired.ports.nodes.nodes(cluster)
    assert len(nodes) == 3 + 14 + 12 + 6
    assert all(node.ready and node.boot_id for node in nodes)
    assert {node.image_label for node in nodes if node.pool == "user1"} == {cluster.pools[1].image}


def test_nodes_from_auto_provisioning_do_not_belong_to_a_pool(simulation: Running, wired: Wiring) -> None:
    cluster = wired.ports.clusters.cluster(identity(simulation, "edge-prod", "rg-edge"))
    assert len([node for node in wired.ports.nodes.nodes(cluster) if node.provisioner and not node.pool]) == 4


def test_a_stopped_clusters_api_server_does_not_respond(simulation: Running, wired: Wiring) -> None:
    cluster = wired.ports.clusters.cluster(identity(simulation, "shop-test", "rg-shop"))
    with pytest.raises(TryLaterError):
        wired.ports.nodes.nodes(cluster)


def test_each_nodes_machine_is_listed_for_its_pool(simulation: Running, wired: Wiring) -> None:
    cluster = wired.ports.clusters.cluster(identity(simulation, "shop-prod-we", "rg-shop"))
    machines = {pool.name: wired.ports.clusters.machines(cluster.id, pool.name) for pool in cluster.pools}
    nodes = wired.ports.nodes.nodes(cluster)
    matches = confirmed(match_nodes(cluster, nodes, machines))
    assert {name: match.pool for name, match in matches.items()} == {node.name: node.pool for node in nodes}
    assert {each.name for each in machines["user1"]} == {node.name for node in nodes if node.pool == "user1"}


def test_the_machines_of_a_missing_pool_raise_a_not_found_error(simulation: Running, wired: Wiring) -> None:
    with pytest.raises(NotFoundError):
        wired.ports.clusters.machines(identity(simulation, "shop-prod-we", "rg-shop"), "missing")


def test_nodes_from_auto_provisioning_are_not_listed(simulation: Running, wired: Wiring) -> None:
    cluster = wired.ports.clusters.cluster(identity(simulation, "edge-prod", "rg-edge"))
    machines = {pool.name: wired.ports.clusters.machines(cluster.id, pool.name) for pool in cluster.pools}
    nodes = wired.ports.nodes.nodes(cluster)
    unlisted = {node.name for node in nodes} - set(confirmed(match_nodes(cluster, nodes, machines)))
    assert unlisted == {node.name for node in nodes if node.provisioner}


def test_a_patch_for_another_node_of_the_same_name_is_rejected(simulation: Running, wired: Wiring) -> None:
    cluster = wired.ports.clusters.cluster(identity(simulation, "shop-prod-we", "rg-shop"))
    other = replace(wired.ports.nodes.nodes(cluster)[0], uid="00000000-0000-0000-0000-000000000000")
    with pytest.raises(BusyError, match="UID in precondition"):
        wired.ports.nodes.mark(cluster, other, unschedulable=True, annotations={})
    assert not any(node.unschedulable for node in wired.ports.nodes.nodes(cluster))


def test_the_api_server_of_a_stopped_cluster_is_unreachable(simulation: Running, wired: Wiring) -> None:
    with pytest.raises(UnreachableError):
        wired.ports.nodes.nodes(wired.ports.clusters.cluster(identity(simulation, "shop-test", "rg-shop")))


def test_a_missing_resource_raises_a_not_found_error(simulation: Running, wired: Wiring) -> None:
    with pytest.raises(NotFoundError):
        wired.ports.clusters.cluster(identity(simulation, "missing", "rg-shop"))


def test_an_invalid_id_is_rejected() -> None:
    with pytest.raises(RejectedError):
        AzureClusters(None).cluster("shop-dev")  # type: ignore[arg-type]  # never asked for a token


def test_an_upgrade_is_polled_until_it_succeeds(simulation: Running, wired: Wiring) -> None:
    clusters, cluster = wired.ports.clusters, identity(simulation, "lab", "rg-lab")
    newest = clusters.newest_image(cluster, "user1")
    token = clusters.begin_upgrade_node_image(cluster, "user1")
    assert clusters.operation(token).state == "running"
    with pytest.raises(BusyError):
        clusters.begin_stop(cluster)
    assert clusters.cluster(cluster).is_busy
    simulation.advance(now(simulation) + timedelta(hours=2))
    assert clusters.operation(token).state == "succeeded"
    read = clusters.cluster(cluster)
    assert not read.is_busy
    assert {node.image_label for node in wired.ports.nodes.nodes(read) if node.pool == "user1"} == {newest}


def test_a_cluster_is_stopped_and_started(simulation: Running, wired: Wiring) -> None:
    clusters, cluster = wired.ports.clusters, identity(simulation, "shop-dev", "rg-shop")
    for begin, runs in ((clusters.begin_stop, False), (clusters.begin_start, True)):
        token = begin(cluster)
        simulation.advance(now(simulation) + timedelta(hours=1))
        assert clusters.operation(token).state == "succeeded"
        assert clusters.cluster(cluster).is_running is runs
    assert len(wired.ports.nodes.nodes(clusters.cluster(cluster))) == 13


def test_the_address_in_a_token_is_never_called_if_it_is_foreign(wired: Wiring) -> None:
    with pytest.raises(RejectedError):
        wired.ports.clusters.operation("https://attacker.example/subscriptions/x")
