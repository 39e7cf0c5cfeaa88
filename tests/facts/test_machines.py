"""The machines of a cluster are read only if a node requires a reboot."""

from dataclasses import replace

from ops.facts import FactQuery
from ops.facts.machines import gather
from ops.model.fleet import Node, Unknown
from ops.ports.errors import BusyError, DeniedError, TryLaterError
from tests.driving import NIGHT, manual_request, start
from tests.engine.worlds import NODE, world_with_all_operations
from tests.fakes import World, machines_of

REQUIRED = {"daytwo.dev/reboot-required": "2026-11-16T10:00:00Z"}


def gathered(world: World, nodes: tuple[Node, ...] | Unknown | None = None) -> object:
    run = start(world, manual_request(world, "reboot")).record
    seen = world.nodes.listed["shop-dev"] if nodes is None else nodes
    known = {"cluster": world.clusters.only, "nodes": seen}
    return gather(FactQuery(run, world.settings, NIGHT, world.context.ports, known))


def world_with_request() -> World:
    world = world_with_all_operations()
    world.nodes.change(NODE, annotations=REQUIRED)
    return world


def test_the_machines_of_each_pool_are_read_if_a_node_requires_a_reboot() -> None:
    world = world_with_request()
    assert gathered(world) == {"user1": machines_of(world.clusters.only, "user1")}


def test_nothing_is_read_if_no_node_requires_a_reboot_or_the_nodes_are_unknown() -> None:
    world = world_with_all_operations()
    world.clusters.refuse_machines = TryLaterError("429")
    assert gathered(world) == {}
    assert gathered(world_with_request(), Unknown("no answer")) == {}


def test_a_refusal_is_lasting_and_throttling_or_a_busy_cluster_is_not() -> None:
    world = world_with_request()
    for error, transient in ((DeniedError("403"), False), (TryLaterError("429"), True), (BusyError("409"), True)):
        world.clusters.refuse_machines = error
        assert gathered(world) == {"user1": Unknown(str(error), transient)}


def test_pools_that_daytwo_does_not_know_are_left_out() -> None:
    world = world_with_request()
    only = world.clusters.only
    world.clusters.put(replace(only, pools=(*only.pools, replace(only.pools[0], name="odd", type="FlexNodes"))))
    assert list(gathered(world)) == ["user1"]  # type: ignore[call-overload]  # a mapping
