"""What a drain says about a pod that has not left in time: its PDB, its own end, or the API server's words."""

from dataclasses import replace
from datetime import timedelta

from ops.model.run import Run, State
from ops.model.workload import Pod
from ops.ports.kubernetes import EvictionResult
from tests.driving import AzureRestarts, manual_request, start
from tests.engine.worlds import NODE, world_with_all_operations
from tests.fakes import World

TERMINATING = "evicting shop/web-1: NamespaceTerminating: unable to create new content in namespace shop"


def world_with_required_reboot(**change: object) -> World:
    """A world in which the second pod on the node differs."""
    world = world_with_all_operations()
    world.nodes.change(NODE, annotations={"daytwo.dev/reboot-required": "x"})
    first, second, third = world.nodes.running["shop-dev"]
    world.nodes.running["shop-dev"] = (first, replace(second, **change), third)  # type: ignore[arg-type]  # fields by name
    return world


def reboot(world: World) -> Run:
    return start(world, manual_request(world, "reboot")).to_end(AzureRestarts(world))


def test_a_pod_that_terminates_for_days_is_named_before_the_cordon() -> None:
    ends = world_with_all_operations().clock.at - timedelta(days=7)
    world = world_with_required_reboot(deleting=True, ends=ends, finalizers=("example.com/report",))
    run = reboot(world)
    assert (run.state, [skip.code for skip in run.skips]) == (State.SKIPPED, ["pod-stuck"])
    assert "kept by the finalizer example.com/report" in run.skips[0].why
    assert world.nodes.marks == []


def test_a_pod_that_starts_to_terminate_and_does_not_end_is_named_with_its_finalizer() -> None:
    world = world_with_all_operations()
    ends = world.clock.at - timedelta(minutes=5)
    world = world_with_required_reboot(deleting=True, ends=ends, finalizers=("example.com/report",))
    run = reboot(world)
    assert (run.state, run.code) == (State.FAILED, "DrainTimeout")
    assert "shop/web-1 has been terminating since" in run.why
    assert "PDB" not in run.remedy
    assert "web-1" not in world.nodes.evicted


def test_a_namespace_that_is_being_deleted_is_named_and_no_pdb_is_blamed() -> None:
    world = world_with_required_reboot()
    world.nodes.answers["web-1"] = EvictionResult("refused", TERMINATING)
    run = reboot(world)
    assert (run.state, run.code) == (State.FAILED, "DrainTimeout")
    assert TERMINATING in run.why
    assert "PDB" not in run.remedy


def test_a_pod_that_tolerates_the_cordon_stays_and_the_node_is_restarted() -> None:
    world = world_with_required_reboot(tolerates_cordon=True)
    run = reboot(world)
    assert (run.state, world.machines.restarted) == (State.DONE, [NODE])
    assert sorted(world.nodes.evicted) == ["web-0", "web-2"]
    (kept,) = world.nodes.running["shop-dev"]
    assert isinstance(kept, Pod)
    assert kept.name == "web-1"
