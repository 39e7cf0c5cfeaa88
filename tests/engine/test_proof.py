"""An upgrade counts once its nodes show it; a newer image that lands meanwhile is told, or planned anew."""

from dataclasses import replace

from ops.model.run import State
from tests.engine.upgrading import Operations, carry_out, world
from tests.fakes import NEW, NEWER, OLD, cluster, nodes_of, pool


def test_success_by_azures_word_alone_is_a_failure_with_the_nodes_named() -> None:
    by = world()
    run, _ = carry_out(by, Operations(by, image=OLD))
    assert (run.state, run.code) == (State.FAILED, "NotVerified")
    assert "aks-user1-0 does not run 202611.05.0" in run.why


def test_a_node_that_is_not_ready_is_a_failure_with_the_node_named() -> None:
    by = world()
    only = cluster("shop-dev", pool("user1", image=NEW))
    sick = tuple(replace(node, ready=node.name != "aks-user1-1") for node in nodes_of(only))
    operations = Operations(by)

    def meanwhile(activity: str) -> None:
        operations(activity)
        if activity == "verify":
            by.nodes.said["shop-dev"] = sick

    run, _ = carry_out(by, meanwhile)
    assert run.state is State.FAILED
    assert run.why.endswith("after 20 minutes aks-user1-1 is not Ready")


def test_an_image_that_landed_between_the_look_and_the_call_is_told() -> None:
    by = world()
    run, _ = carry_out(by, Operations(by, image=NEWER))
    assert "it was released between the check and the call" in run.finished[0].evidence


def test_an_image_that_landed_before_the_call_is_not_begun() -> None:
    by = world()
    seen: list[str] = []
    operations = Operations(by, image=NEWER)

    def meanwhile(activity: str) -> None:
        if activity == "begin" and not seen:
            seen.append(activity)
            by.clusters.newest = NEWER
        operations(activity)

    run, double = carry_out(by, meanwhile)
    assert double.calls[:5] == ["assess", "lease", "begin", "unwind", "conclude"]
    assert run.finished[0].evidence == "3 of 3 nodes run 202611.12.0 and are Ready"
