"""What Azure or the API server does not say is not treated as a value."""

from dataclasses import replace

from ops.model.fleet import Power, Unknown
from ops.model.run import State
from ops.ports.errors import DeniedError, UnreachableError
from tests.driving import AzureOperations, manual_request, start, start_due
from tests.engine.worlds import upgrade, world_in_window, world_with_all_operations
from tests.fakes import World, cluster, pool
from tests.situations.catalog import Kind, Observed, situation
from tests.situations.observe import observe

_NO_COUNT = Unknown("Azure does not report how many nodes it has")


def _without_power_state() -> World:
    world = world_with_all_operations()
    world.clusters.put(replace(world.clusters.only, power=Power.UNKNOWN))
    return world


@situation("Azure reports no `powerState` for a cluster that should sleep now", Kind.MISSING, reported=True)
def no_power_state() -> Observed:
    world = _without_power_state()
    start_due(world)
    start(world, manual_request(world, "power", "m-1")).to_end()
    assert world.clusters.asked == []
    return observe(world)


@situation("The API server is unreachable after a start", Kind.MISSING, reported=True)
def unreachable_after_start() -> Observed:
    world = world_with_all_operations()
    world.clusters.put(replace(world.clusters.only, power=Power.STOPPED))
    world.clock.at = world.clock.at.replace(day=17, hour=10)
    world.nodes.refuse["nodes"] = UnreachableError("listing the nodes of shop-dev: its API server does not answer")
    run = start(world, manual_request(world, "power", "m-1")).to_end(AzureOperations(world, polls=1))
    assert run.state is State.FAILED
    assert "of 3 nodes are Ready" not in run.why
    return observe(world)


@situation("The nodes of a cluster cannot be read for lack of a role", Kind.MISSING)
def nodes_denied() -> Observed:
    world = world_in_window()
    world.nodes.refuse["nodes"] = DeniedError("listing the nodes of shop-dev: 403 Forbidden")
    run = upgrade(world).record
    assert (run.state, world.clusters.asked) == (State.SKIPPED, [])
    return observe(world)


@situation("Azure lists no pools for a cluster", Kind.MISSING, reported=True)
def no_pools() -> Observed:
    world = world_in_window()
    world.clusters.put(replace(world.clusters.only, pools=()))
    run = upgrade(world).record
    assert run.state is State.SKIPPED
    assert "newest image" not in run.why
    return observe(world)


@situation("A pool has no image in Azure's answer", Kind.MISSING)
def no_image() -> Observed:
    world = world_in_window()
    world.clusters.put(cluster("shop-dev", pool("user1", image="")))
    run = upgrade(world).record
    assert (run.state, world.clusters.asked) == (State.SKIPPED, [])
    return observe(world)


@situation("A pool has `count: null`", Kind.MISSING, reported=True)
def no_count() -> Observed:
    world = world_in_window()
    world.clusters.put(cluster("shop-dev", pool("user1", count=_NO_COUNT, type="VirtualMachines")))
    run = upgrade(world).record
    assert run.state is State.DONE
    return observe(world)


@situation("A pool has `count: null` and its nodes cannot be read", Kind.MISSING)
def no_count_and_no_nodes() -> Observed:
    world = world_in_window()
    world.clusters.put(cluster("shop-dev", pool("user1", count=_NO_COUNT, type="VirtualMachines")))
    world.nodes.refuse["nodes"] = UnreachableError("listing the nodes of shop-dev: its API server does not answer")
    run = upgrade(world).record
    assert (run.state, world.clusters.asked) == (State.SKIPPED, [])
    return observe(world)
