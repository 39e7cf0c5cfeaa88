"""Evacuations of spot nodes while other people and controllers act."""

from ops.endpoints.event_grid import take_event
from ops.ports.errors import BusyError
from ops.ports.kubernetes import EvictionResult
from tests.driving import DrivenRun
from tests.engine.test_spot import notice, world_with_spot_pool
from tests.fakes import World
from tests.situations.catalog import Kind, Observed, situation
from tests.situations.observe import observe

_NODE = "aks-spot-12345678-vmss000001"


def _announced() -> World:
    world = world_with_spot_pool()
    world.nodes.answers["job-1"] = EvictionResult("blocked", "The disruption budget job needs 1 healthy pods")
    take_event(world.context, notice(1, 1))
    return world


def _run_of(world: World) -> DrivenRun:
    return DrivenRun(world, world.engine.started[0].split()[1])


@situation("Someone uncordons a spot node during its evacuation", Kind.LOOK_AGAIN)
def uncordoned() -> Observed:
    world = _announced()

    def uncordon(activity: str) -> None:
        if activity == "poll":
            world.nodes.change(_NODE, unschedulable=False)

    run = _run_of(world).to_end(uncordon)
    assert world.nodes.evicted == ["job-1"]
    return observe(world, says=[run.finished[0].evidence])


@situation("A spot node cannot be cordoned", Kind.LOOK_AGAIN)
def not_cordoned() -> Observed:
    world = _announced()

    def refuse(*_: object, **__: object) -> None:
        raise BusyError("patching: 409 Conflict")

    world.nodes.mark = refuse  # type: ignore[method-assign]  # the patch is refused
    run = _run_of(world).to_end()
    assert world.nodes.evicted == []
    return observe(world, says=[run.finished[0].evidence])
