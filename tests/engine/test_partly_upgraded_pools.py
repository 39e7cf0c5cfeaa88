"""A pool is done once every node runs the image. One node that does not is enough to plan it, and to fail its verification."""

from dataclasses import replace

import pytest

from ops.model.fleet import Node
from ops.model.run import State
from tests.driving import AzureOperations
from tests.engine.worlds import upgrade, world_in_window
from tests.fakes import NEW, OLD, World, cluster, nodes_of, pool

DONE = "3 of 3 nodes run 202611.05.0 and are Ready; Azure reports it for the pool"


def nodes_with(new: int) -> tuple[Node, ...]:
    """Three nodes, this many of which run the new image."""
    nodes = nodes_of(cluster("shop-dev", pool("user1", image=NEW)))
    return tuple(node if number < new else replace(node, image_label=OLD) for number, node in enumerate(nodes))


def world_with_nodes(new: int) -> World:
    """A pool that Azure reports as upgraded, although only this many of its nodes are."""
    world = world_in_window()
    world.clusters.put(cluster("shop-dev", pool("user1", image=NEW)))
    world.nodes.listed["shop-dev"] = nodes_with(new)
    return world


@pytest.mark.parametrize("new", [0, 1, 2])
def test_a_pool_of_which_some_nodes_run_the_image_is_upgraded(new: int) -> None:
    world = world_with_nodes(new)
    operations = AzureOperations(world)

    def meanwhile(activity: str) -> None:
        operations(activity)
        if activity == "verify":
            world.nodes.listed["shop-dev"] = nodes_with(3)

    run = upgrade(world, meanwhile).record
    assert world.clusters.begun == ["upgrade user1"]
    assert (run.state, run.finished[0].evidence) == (State.DONE, DONE)


def test_a_pool_of_which_all_nodes_run_the_image_is_not_upgraded() -> None:
    world = world_with_nodes(3)
    run = upgrade(world).record
    assert world.clusters.begun == []
    assert run.state is State.SKIPPED


@pytest.mark.parametrize("new", [0, 1, 2])
def test_an_upgrade_after_which_some_nodes_run_the_image_is_not_verified(new: int) -> None:
    world = world_in_window()
    operations = AzureOperations(world)

    def meanwhile(activity: str) -> None:
        operations(activity)
        if activity == "verify":
            world.nodes.listed["shop-dev"] = nodes_with(new)

    run = upgrade(world, meanwhile).record
    assert (run.state, run.code) == (State.FAILED, "NotVerified")
    assert "aks-user1-2 does not run 202611.05.0" in run.why
    assert "aks-user1-0" not in run.why or new == 0


def test_a_pool_that_someone_has_upgraded_in_part_meanwhile_is_upgraded_nevertheless() -> None:
    world = world_in_window()
    operations = AzureOperations(world)

    def meanwhile(activity: str) -> None:
        if activity == "begin" and not world.clusters.begun:
            world.clusters.put(cluster("shop-dev", pool("user1", image=NEW)))
            world.nodes.listed["shop-dev"] = nodes_with(2)
        if activity == "verify":
            world.nodes.listed["shop-dev"] = nodes_with(3)
        operations(activity)

    run = upgrade(world, meanwhile).record
    assert world.clusters.begun == ["upgrade user1"]
    assert run.state is State.DONE
