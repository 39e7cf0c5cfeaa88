"""While Azure does not report whether a cluster runs, nothing begins on it, and no stop or start counts as verified."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.model.fleet import NO_POWER_STATE, Power, Unknown
from ops.model.outcome import Done, Pending, Refused, Stale
from ops.model.plan import Step
from ops.model.run import State, StepRecord, StepState
from ops.ports.errors import UnreachableError
from ops.verbs import verbs
from ops.verbs.contract import StepContext
from tests.driving import AzureOperations, manual_request, start, start_due
from tests.engine.worlds import upgrade, world_in_window, world_with_all_operations
from tests.fakes import NEW, World, cluster, nodes_of, pool

POWER = ("start-cluster", "stop-cluster")
NO_COUNT = Unknown("Azure does not report how many nodes it has")


def power_of(world: World, state: Power) -> None:
    world.clusters.put(replace(world.clusters.only, power=state))


def task(world: World, verb: str, *, late: bool = False, undo: bool = False) -> StepContext:
    """A step that has begun; its verification began half an hour ago if it is `late`."""
    since = world.clock.at - timedelta(minutes=31) if late else world.clock.at
    record = StepRecord(verb, verb, StepState.RUNNING, began=since, verifying_since=since)
    step = Step(verb, verb, verb, {"pool": "user1", "image": NEW}, 60)
    return StepContext(world.clusters.only.id, step, record, world.clock.at, world.context.ports, undo)


def unknown_power() -> World:
    world = world_with_all_operations()
    power_of(world, Power.UNKNOWN)
    return world


def test_no_power_operation_begins_while_the_power_state_is_unknown() -> None:
    world = unknown_power()
    for hour in (23, 10):
        world.clock.at = datetime(2026, 11, 17, hour, tzinfo=UTC)
        start_due(world)
        run = start(world, manual_request(world, "power", f"m-{hour}")).to_end()
        assert run.state is State.SKIPPED
    assert world.clusters.begun == []


@pytest.mark.parametrize("verb", [*POWER, "upgrade-node-image"])
@pytest.mark.parametrize("undo", [False, True])
def test_no_step_begins_while_the_power_state_is_unknown(verb: str, *, undo: bool) -> None:
    world = unknown_power()
    checked = verbs()[verb].check(task(world, verb, undo=undo))
    assert isinstance(checked, Stale)
    assert checked.why == NO_POWER_STATE.why


@pytest.mark.parametrize("verb", POWER)
def test_an_unknown_power_state_proves_neither_a_start_nor_a_stop(verb: str) -> None:
    world = unknown_power()
    assert isinstance(verbs()[verb].poll(task(world, verb)), Pending)
    assert isinstance(verbs()[verb].verify(task(world, verb)), Pending)
    failed = verbs()[verb].verify(task(world, verb, late=True))
    assert isinstance(failed, Refused)
    assert NO_POWER_STATE.why in failed.cause


def test_an_upgrade_waits_until_the_power_state_is_known() -> None:
    world = world_in_window()
    power_of(world, Power.UNKNOWN)
    ends = world.clock.at + timedelta(minutes=30)
    operations = AzureOperations(world)

    def meanwhile(activity: str) -> None:
        if world.clock.at >= ends and not world.clusters.only.is_running:
            assert world.clusters.begun == []
            power_of(world, Power.RUNNING)
        operations(activity)

    assert (upgrade(world, meanwhile).record.state, world.clusters.begun) == (State.DONE, ["upgrade user1"])


def verified(world: World) -> Done | Pending | Refused:
    return verbs()["start-cluster"].verify(task(world, "start-cluster", late=True))


def lose_api_server(world: World) -> None:
    world.nodes.refuse["nodes"] = UnreachableError("listing the nodes of shop-dev: its API server does not answer")


def lose_a_node(world: World) -> None:
    world.nodes.listed["shop-dev"] = world.nodes.listed["shop-dev"][1:]


def lose_readiness(world: World) -> None:
    first, *others = world.nodes.listed["shop-dev"]
    world.nodes.listed["shop-dev"] = (replace(first, ready=False), *others)


@pytest.mark.parametrize(
    ("break_world", "what"),
    [
        (lose_api_server, "its nodes could not be read: listing the nodes of shop-dev: its API server does not answer"),
        (lose_a_node, "2 of 3 nodes are Ready"),
        (lose_readiness, "2 of 3 nodes are Ready"),
        (lambda world: power_of(world, Power.STOPPED), "Azure reports it as stopped"),
    ],
)
def test_a_start_that_is_not_verified_says_what_was_seen(break_world: Callable[[World], object], what: str) -> None:
    world = world_with_all_operations()
    break_world(world)
    found = verified(world)
    assert isinstance(found, Refused)
    assert found.cause == f"the cluster was started, but after 20 minutes {what}"


@pytest.mark.parametrize("more", [{"count": NO_COUNT}, {"count": 10, "autoscaled": True}, {"count": 4, "spot": True}])
def test_a_start_is_judged_by_the_nodes_that_are_there(more: dict[str, Any]) -> None:
    world = world_with_all_operations()
    nodes = world.nodes.listed["shop-dev"]
    world.clusters.put(cluster("shop-dev", pool("user1", **more)))
    assert verified(world) == Done("the cluster is running, 3 of 3 nodes are Ready")
    lose_readiness(world)
    assert isinstance(verified(world), Refused)
    world.nodes.listed["shop-dev"] = ()
    none = verified(world)
    assert isinstance(none, Refused)
    assert none.cause.endswith("0 of 1 nodes are Ready")
    assert nodes


def test_an_upgrade_of_a_pool_without_a_count_is_verified_by_the_machines_that_arm_lists() -> None:
    world = world_with_all_operations()
    of = cluster("shop-dev", pool("user1", image=NEW, count=NO_COUNT))
    world.clusters.put(of)
    verify = verbs()["upgrade-node-image"].verify
    world.nodes.listed["shop-dev"] = nodes_of(of)[1:]
    missing = verify(task(world, "upgrade-node-image", late=True))
    assert isinstance(missing, Refused)
    assert "only 2 of 3 nodes are registered" in missing.cause
    world.nodes.listed["shop-dev"] = nodes_of(of)
    done = verify(task(world, "upgrade-node-image"))
    assert isinstance(done, Done)
    assert done.evidence.startswith("3 of 3 nodes run 202611.05.0 and are Ready")


def test_evidence_does_not_call_nodes_ready_that_are_not() -> None:
    world = world_with_all_operations()
    of = cluster("shop-dev", pool("user1", image=NEW))
    world.clusters.put(of)
    world.nodes.listed["shop-dev"] = nodes_of(of)
    lose_readiness(world)
    done = verbs()["upgrade-node-image"].check(task(world, "upgrade-node-image"))
    assert isinstance(done, Done)
    assert done.evidence.startswith("3 of 3 nodes run 202611.05.0 and 2 of them are Ready")
