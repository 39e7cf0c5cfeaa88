"""An evacuation empties only nodes that are cordoned, and leaves a node alone that someone has uncordoned meanwhile."""

from dataclasses import replace

from ops.endpoints.event_grid import take_event
from ops.model.fleet import CORDON_STAMP
from ops.model.run import Run, State
from ops.model.workload import Pod
from ops.ports.errors import BusyError
from ops.ports.kubernetes import EvictionResult
from tests.driving import DrivenRun
from tests.engine.test_spot import notice, world_with_spot_pool
from tests.fakes import World
from tests.in_memory_engine import Meanwhile

NODE = "aks-spot-12345678-vmss000001"
BLOCKED = EvictionResult("blocked", "The disruption budget job needs 1 healthy pods")


def world_with_notice() -> World:
    world = world_with_spot_pool()
    pods = world.nodes.running["shop-dev"]
    second = Pod("shop", "job-2", "j2", NODE, "Running", ready=True, owner_kind="Job")
    world.nodes.running["shop-dev"] = (*pods, second)
    world.nodes.answers["job-2"] = BLOCKED
    take_event(world.context, notice(1, 1))
    return world


def follow(world: World, meanwhile: Meanwhile | None = None) -> Run:
    return DrivenRun(world, world.engine.started[0].split()[1]).to_end(meanwhile)


def test_a_node_that_someone_uncordons_during_its_evacuation_keeps_its_pods() -> None:
    world = world_with_notice()

    def uncordon(activity: str) -> None:
        if activity == "poll":
            world.nodes.change(NODE, unschedulable=False)

    run = follow(world, uncordon)
    assert run.state is State.DONE
    assert world.nodes.evicted == ["job-1", "job-2"]
    assert run.finished[0].evidence == f"0 of 1 pods have left in time; {NODE} was uncordoned by someone else"
    assert [mark for mark in world.nodes.marks if mark.startswith("cordon")] == [f"cordon {NODE}"]


def test_pods_are_not_evicted_from_a_node_that_could_not_be_cordoned() -> None:
    world = world_with_notice()

    def refuse(*_: object, **__: object) -> None:
        raise BusyError("patching: 409 Conflict")

    world.nodes.mark = refuse  # type: ignore[method-assign]  # the patch is refused
    run = follow(world)
    assert world.nodes.evicted == []
    because = f"{NODE} could not be cordoned, so its pods were not evicted"
    assert run.finished[0].evidence == f"0 of 2 pods have left in time; {because}"


def test_a_cordon_that_failed_once_is_set_in_the_next_round() -> None:
    world = world_with_notice()
    mark, refused = world.nodes.mark, [True]

    def refuse_once(*given: object, **named: object) -> None:
        if refused.pop() if refused else False:
            raise BusyError("patching: 409 Conflict")
        mark(*given, **named)  # type: ignore[arg-type]  # passed on as they are

    world.nodes.mark = refuse_once  # type: ignore[method-assign]  # the first patch is refused
    follow(world)
    assert world.nodes.evicted[0] == "job-1"


def test_a_node_that_another_run_has_cordoned_is_emptied_and_its_cordon_stays() -> None:
    world = world_with_notice()
    world.nodes.change(NODE, unschedulable=True, annotations={CORDON_STAMP: "another-run"})
    follow(world)
    assert "job-1" in world.nodes.evicted
    assert world.nodes.marks == []
    assert replace(world.nodes.nodes(world.clusters.only)[4]).unschedulable
