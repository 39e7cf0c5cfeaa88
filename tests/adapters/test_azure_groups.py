"""Resource groups with letters outside ASCII, by the unmodified SDK: each request reaches the group that it names."""

from collections.abc import Iterator

import pytest

from ops.bootstrap import Wiring, wire
from ops.model.fleet import Cluster
from ops.policy.node_identity import confirmed, match_nodes
from ops.ports.errors import NotFoundError
from simulator.running import Running, running_simulation
from simulator.world.specs import ClusterSpec, PoolSpec
from tests.flows.fleet import fleet

POOLS = (PoolSpec("system", 1, mode="System"), PoolSpec("user1", 2))
NAMED = {"shop-de": "rg-straße", "shop-ch": "rg-strasse", "shop-at": "RG-Ä"}


@pytest.fixture(scope="module")
def simulation() -> Iterator[Running]:
    clusters = (ClusterSpec(name, "westeurope", POOLS, resource_group=group) for name, group in NAMED.items())
    with running_simulation(fleet(*clusters)) as running:
        yield running


@pytest.fixture(scope="module")
def wired(simulation: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiring]:
    environment = {**simulation.environment, "DAYTWO_STATE": str(tmp_path_factory.mktemp("state"))}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
            patch.setenv(name, environment[name])
        yield wire(environment)


@pytest.fixture(scope="module")
def listed(simulation: Running, wired: Wiring) -> dict[str, Cluster]:
    found = wired.ports.clusters.list_clusters(simulation.environment["SUBSCRIPTION"])
    return {cluster.name: cluster for cluster in found if isinstance(cluster, Cluster)}


def test_each_listed_cluster_can_be_read_with_its_own_id(wired: Wiring, listed: dict[str, Cluster]) -> None:
    read = {name: wired.ports.clusters.cluster(cluster.id) for name, cluster in listed.items()}
    assert read == listed
    assert {name: cluster.id.split("/")[4] for name, cluster in read.items()} == {
        "shop-de": "rg-straße",
        "shop-ch": "rg-strasse",
        "shop-at": "rg-ä",
    }


@pytest.mark.parametrize("name", NAMED)
def test_its_pools_machines_and_nodes_are_read(wired: Wiring, listed: dict[str, Cluster], name: str) -> None:
    cluster = listed[name]
    machines = {pool.name: wired.ports.clusters.machines(cluster.id, pool.name) for pool in cluster.pools}
    nodes = wired.ports.nodes.nodes(cluster)
    assert len(confirmed(match_nodes(cluster, nodes, machines))) == 3
    assert isinstance(wired.ports.clusters.newest_image(cluster.id, "user1"), str)


def test_an_operation_begins_in_the_group_that_is_named(
    simulation: Running, wired: Wiring, listed: dict[str, Cluster]
) -> None:
    wired.ports.clusters.begin_upgrade_node_image(listed["shop-de"].id, "user1")
    states = {name: cluster.provisioning_state for name, cluster in simulation.world.clusters.items()}
    assert states == {"shop-de": "Updating", "shop-ch": "Succeeded", "shop-at": "Succeeded"}


def test_a_group_with_other_letters_does_not_have_the_cluster(wired: Wiring, listed: dict[str, Cluster]) -> None:
    with pytest.raises(NotFoundError):
        wired.ports.clusters.cluster(listed["shop-de"].id.replace("straße", "strasse"))
