"""An upgrade is complete once its nodes run the image. If a newer image is released in the meantime, it is either reported or planned."""

from dataclasses import replace

from ops.model.run import State
from tests.driving import AzureOperations
from tests.engine.worlds import upgrade, world_in_window
from tests.fakes import NEW, NEWER, OLD, cluster, nodes_of, pool


def test_an_upgrade_that_did_not_change_the_nodes_fails_and_lists_them() -> None:
    world = world_in_window()
    run = upgrade(world, AzureOperations(world, image=OLD)).record
    assert (run.state, run.code) == (State.FAILED, "NotVerified")
    assert "aks-user1-0 does not run 202611.05.0" in run.why


def test_the_run_fails_and_names_the_node_if_a_node_does_not_become_ready() -> None:
    world = world_in_window()
    only = cluster("shop-dev", pool("user1", image=NEW))
    not_ready = tuple(replace(node, ready=node.name != "aks-user1-1") for node in nodes_of(only))
    operations = AzureOperations(world)

    def meanwhile(activity: str) -> None:
        operations(activity)
        if activity == "verify":
            world.nodes.listed["shop-dev"] = not_ready

    run = upgrade(world, meanwhile).record
    assert run.state is State.FAILED
    assert run.why.endswith("after 20 minutes aks-user1-1 is not Ready")


def test_an_image_that_was_released_between_the_check_and_the_call_is_reported() -> None:
    world = world_in_window()
    run = upgrade(world, AzureOperations(world, image=NEWER)).record
    assert "it was released between the check and the call" in run.finished[0].evidence


def test_a_new_plan_is_made_for_an_image_that_was_released_before_the_call() -> None:
    world = world_in_window()
    seen: list[str] = []
    operations = AzureOperations(world, image=NEWER)

    def meanwhile(activity: str) -> None:
        if activity == "begin" and not seen:
            seen.append(activity)
            world.clusters.newest = NEWER
        operations(activity)

    run = upgrade(world, meanwhile)
    assert run.engine.calls[:5] == ["assess", "lease", "begin", "unwind", "conclude"]
    assert run.record.finished[0].evidence == (
        "3 of 3 nodes run 202611.12.0 and are Ready; Azure reports it for the pool"
    )
