"""Every sort of pool: what cannot be upgraded is left out with the reason before anything is tried."""

import pytest

from ops.engine.preview import preview_pools
from ops.model.fleet import Power, Unknown
from ops.model.reasons import SkipReason
from ops.model.run import State
from ops.tables.conditions import open_conditions
from tests.driving import IN_WINDOW, AzureOperations, run_request, start, world_with
from tests.fakes import CONFIG, NEW, World, cluster, nodes_of, pool

NO_COUNT = Unknown("Azure does not report how many nodes it has")
AVSET = "availability sets were retired on 2025-09-30: move its workload to a pool of type VirtualMachines"
MACHINES = "AKS creates and replaces its machines itself (mode Machines)"


def world_of(**pools: object) -> World:
    others = (pool(name, **more) for name, more in pools.items())  # type: ignore[arg-type]  # fields by name
    return world_with(cluster("shop-dev", pool("user1"), *others), CONFIG, IN_WINDOW)


@pytest.mark.parametrize(
    ("more", "why", "needs_person"),
    [
        ({"type": "AvailabilitySet"}, AVSET, True),
        ({"mode": "Machines"}, MACHINES, False),
        (
            {"mode": "ManagedSystem", "type": ""},
            "AKS creates and replaces its machines itself (mode ManagedSystem)",
            False,
        ),
        ({"type": "FlexNodes"}, "Daytwo does not know pools of type FlexNodes", True),
        ({"type": ""}, "Daytwo does not know pools of type (not reported)", True),
        ({"mode": "Turbo"}, "Daytwo does not act on pools with mode Turbo", True),
    ],
)
def test_a_pool_is_left_out_and_the_others_are_upgraded(
    more: dict[str, object], why: str, *, needs_person: bool
) -> None:
    world = world_of(other=more)
    preview = {
        shown.pool: shown.next
        for shown in preview_pools(world.context, world.settings, (world.clusters.only,), world.clock.at)
    }
    assert preview["other"] == why
    run = start(world, run_request(world, rollout="r")).to_end(AzureOperations(world))
    assert (run.state, world.clusters.asked) == (State.DONE, ["upgrade user1"])
    (skip,) = (skip for skip in run.skips if skip.what == "other")
    assert (skip.code, skip.why, skip.needs_person) == (SkipReason.UNSUPPORTED_POOL, why, needs_person)
    assert [why in condition.text for condition in open_conditions(world.store)] == ([True] if needs_person else [])


def test_a_windows_pool_is_upgraded() -> None:
    old, new = "AKSWindows-2022-20348.4171.251020", "AKSWindows-2022-20348.4300.261110"
    world = world_with(cluster("shop-dev", pool("win", old, os_sku="Windows2022")), CONFIG, IN_WINDOW)
    world.clusters.newest = new
    run = start(world, run_request(world)).to_end(AzureOperations(world, image=new))
    assert (run.state, world.clusters.asked) == (State.DONE, ["upgrade win"])


def test_a_stopped_pool_is_upgraded_without_nodes() -> None:
    stopped = pool("user2", count=0, power=Power.STOPPED)
    of = cluster("shop-dev", stopped)
    world = world_with(of, CONFIG, IN_WINDOW)
    world.nodes.listed["shop-dev"] = ()
    run = start(world, run_request(world)).to_end(AzureOperations(world))
    assert (run.state, world.clusters.asked) == (State.DONE, ["upgrade user2"])
    assert run.finished[0].evidence == "the pool has no nodes and is set to 202611.05.0"


def test_a_stopped_pool_that_has_the_image_is_said_to_have_no_nodes() -> None:
    of = cluster("shop-dev", pool("user2", NEW, count=0, power=Power.STOPPED))
    world = world_with(of, CONFIG, IN_WINDOW)
    world.nodes.listed["shop-dev"] = ()
    run = start(world, run_request(world)).to_end()
    assert (run.state, world.clusters.asked) == (State.SKIPPED, [])
    assert run.skips[0].why == "already runs 202611.05.0 (0 of 0 nodes checked)"


def test_a_pool_of_virtual_machines_without_a_count_is_upgraded_by_its_nodes() -> None:
    world = world_with(cluster("shop-dev", pool("vms", type="VirtualMachines", count=NO_COUNT)), CONFIG, IN_WINDOW)
    run = start(world, run_request(world)).to_end(AzureOperations(world))
    assert (run.state, world.clusters.asked) == (State.DONE, ["upgrade vms"])
    assert "3 of 3 nodes" in run.finished[0].evidence
    assert len(nodes_of(world.clusters.only)) == 3
