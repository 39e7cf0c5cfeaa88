"""The hourly samples of a ring: what cannot be read neither counts nor interrupts a proof (docs/node-image.md, rule 11)."""

from dataclasses import replace

import pytest

from ops.facts.fleet import list_fleet
from ops.model.fleet import Cluster
from ops.model.proof import Proof
from ops.ports.errors import DeniedError, OutsideError, TryLaterError
from ops.scheduling.fleet_scan import sample_images
from ops.tables.fleet import proofs
from tests.fakes import NEW, World, cluster, nodes_of, pool

ONE, OTHER = (cluster(name, pool(image=NEW, count=2)) for name in ("shop-dev", "web-dev"))


def sampled(world: World, hours: int = 1) -> Proof:
    """Take samples, one per hour, and return the record of the image."""
    for _ in range(hours):
        world.clock.advance(hours=1)
        sample_images(world.context, world.settings, list_fleet(world.context.ports, world.settings), world.clock.at)
    (stored,) = proofs(world.store).scan()
    return stored.value


def world_with(*clusters: Cluster) -> World:
    world = World()
    world.clusters.put(*clusters)
    return world


@pytest.mark.parametrize("error", [TryLaterError("429", 30), DeniedError("403")])
def test_machines_that_cannot_be_read_do_not_interrupt_a_proof(error: OutsideError) -> None:
    world = world_with(ONE, OTHER)
    assert sampled(world, 4).awake_h == 3
    world.clusters.refuse_pools[OTHER.id, "user1"] = error
    assert sampled(world).awake_h == 3
    world.clusters.refuse_pools.clear()
    assert sampled(world).awake_h == 4


def test_a_cluster_whose_nodes_cannot_be_read_does_not_interrupt_a_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_with(ONE, OTHER)
    assert sampled(world, 4).awake_h == 3
    read = world.nodes.nodes

    def refuse(of: Cluster) -> object:
        if of.id == OTHER.id:
            raise TryLaterError("its API server does not answer", 30)
        return read(of)

    monkeypatch.setattr(world.nodes, "nodes", refuse)
    assert sampled(world).awake_h == 3


def test_a_node_that_is_not_ready_interrupts_a_proof_although_another_cluster_cannot_be_read() -> None:
    world = world_with(ONE, OTHER)
    sampled(world, 4)
    world.clusters.refuse_pools[OTHER.id, "user1"] = TryLaterError("429", 30)
    world.nodes.listed["shop-dev"] = nodes_of(ONE, ready=False)
    assert sampled(world).since is None


def test_too_few_nodes_interrupt_a_proof_if_everything_could_be_read() -> None:
    world = world_with(ONE, OTHER)
    sampled(world, 4)
    del world.clusters.fleet[OTHER.id]
    assert sampled(world).since is None


def test_the_nodes_of_a_cluster_that_aks_upgrades_prove_an_image_like_any_other() -> None:
    world = world_with(ONE, replace(OTHER, node_os_channel="NodeImage"))
    assert (sampled(world, 4).awake_h, sampled(world).nodes) == (3, 4)


def test_the_hours_in_which_every_cluster_with_the_image_is_stopped_do_not_interrupt_a_proof() -> None:
    world = world_with(cluster("shop-dev", pool(image=NEW)))
    assert sampled(world, 4).awake_h == 3
    world.clusters.put(cluster("shop-dev", pool(image=NEW), running=False))
    assert sampled(world, 3).awake_h == 3
    world.clusters.put(cluster("shop-dev", pool(image=NEW)))
    assert sampled(world).awake_h == 4
