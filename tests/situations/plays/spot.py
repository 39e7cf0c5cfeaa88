"""Evictions of spot nodes that are reported late, twice, or without the node's loss."""

from datetime import timedelta

from ops.endpoints.event_grid import take_event
from tests.driving import DrivenRun
from tests.engine.test_spot import annotated, notice, world_with_spot_pool
from tests.fakes import World
from tests.situations.catalog import Kind, Observed, situation
from tests.situations.observe import observe

_NODE = "aks-spot-12345678-vmss000001"


def _run_all(world: World) -> None:
    for name in dict.fromkeys(each.split()[1] for each in world.engine.started):
        run = DrivenRun(world, name)
        if run.record.ended is None:
            run.to_end()


@situation("A spot node is evicted again after the run of its first eviction has ended", Kind.IDENTITY, reported=True)
def evicted_twice() -> Observed:
    world = world_with_spot_pool()
    for number in (1, 2):
        take_event(world.context, notice(1, number))
        _run_all(world)
        world.clock.advance(hours=5)
    assert len(set(world.engine.started)) == 2
    return observe(world)


@situation("A notice names a node that is registered, but in a pool of ordinary machines", Kind.IDENTITY)
def not_a_spot_node() -> Observed:
    world = world_with_spot_pool()
    take_event(world.context, notice(1, 1) | {"data": {"node": "aks-user1-1"}})
    assert (world.engine.started, world.nodes.marks) == ([], [])
    return observe(world, says=[f"ledger: {entry.text}" for entry in world.ledger.written.values()])


@situation("Azure reports an eviction of yesterday; the node of this name is healthy", Kind.EVENT_TIME, reported=True)
def late_report() -> Observed:
    world = world_with_spot_pool()
    take_event(world.context, annotated(1, 1, (world.clock.at - timedelta(hours=22)).isoformat()))
    _run_all(world)
    assert (world.nodes.marks, world.nodes.evicted) == ([], [])
    return observe(world)


@situation("Forty late reports of one time arrive over three hours", Kind.EVENT_TIME, reported=True)
def late_reports() -> Observed:
    world = world_with_spot_pool()
    occurred = (world.clock.at - timedelta(hours=22)).isoformat()
    for number in range(40):
        take_event(world.context, annotated(number, number, occurred))
        _run_all(world)
        world.clock.advance(minutes=5)
    assert (world.chat.posts, world.nodes.marks) == (1, [])
    return observe(world)


@situation("A notice says that it comes from the year 2099", Kind.EVENT_TIME)
def from_the_future() -> Observed:
    world = world_with_spot_pool()
    take_event(world.context, notice(1, 1, "2099-01-01T00:00:00.1234567Z"))
    _run_all(world)
    assert world.nodes.marks == [f"cordon {_NODE}", f"uncordon {_NODE}"]
    return observe(world)


@situation("An eviction of last week is reported", Kind.EVENT_TIME)
def last_week() -> Observed:
    world = world_with_spot_pool()
    take_event(world.context, notice(1, 1, (world.clock.at - timedelta(days=7)).isoformat()))
    assert world.engine.started == []
    return observe(world, says=[f"ledger: {entry.text}" for entry in world.ledger.written.values()])


@situation("The evicted node stays registered and is not Ready", Kind.MISSING, reported=True)
def stays_not_ready() -> Observed:
    world = world_with_spot_pool()
    take_event(world.context, notice(1, 1))
    world.nodes.change(_NODE, ready=False)
    _run_all(world)
    assert world.nodes.marks == [f"cordon {_NODE}", f"uncordon {_NODE}"]
    return observe(world)
