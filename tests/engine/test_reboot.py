"""A reboot cordons, drains, restarts, verifies, and uncordons a node. The node is also uncordoned after any failure."""

from datetime import datetime, timedelta

from ops.model.fleet import CORDON_STAMP
from ops.model.run import Run, State
from ops.ports.errors import RejectedError
from ops.ports.kubernetes import EvictionResult
from tests.driving import AzureRestarts, manual_request, start
from tests.engine.worlds import NODE, world_with_all_operations
from tests.fakes import World
from tests.in_memory_engine import Meanwhile

_BOOTS_AFTER = timedelta(minutes=4)

REQUIRED = {"daytwo.dev/reboot-required": "2026-11-16T10:00:00Z"}


def world_with_required_reboot() -> World:
    world = world_with_all_operations()
    world.nodes.change(NODE, annotations=REQUIRED)
    return world


def reboot(world: World, meanwhile: Meanwhile | None = None) -> Run:
    return start(world, manual_request(world, "reboot")).to_end(meanwhile)


def test_a_node_is_drained_restarted_verified_and_uncordoned() -> None:
    world = world_with_required_reboot()
    run = reboot(world, AzureRestarts(world))
    assert run.state is State.DONE
    assert world.nodes.marks == [f"cordon {NODE}", f"uncordon {NODE}"]
    assert sorted(world.nodes.evicted) == ["web-0", "web-1", "web-2"]
    assert world.machines.restarted == [NODE]
    assert run.finished[2].evidence == f"{NODE} has rebooted and is Ready; Azure reports that the restart has ended"


def test_a_drain_that_times_out_uncordons_the_node_and_names_the_pod_and_its_pdb() -> None:
    world = world_with_required_reboot()
    world.nodes.answers["web-1"] = EvictionResult("blocked", "The disruption budget shop/web needs 3 healthy pods")
    run = reboot(world)
    assert (run.state, run.code) == (State.FAILED, "DrainTimeout")
    assert "shop/web-1 has not left aks-user1-1 in time: The disruption budget shop/web needs 3 healthy pods" in run.why
    assert world.nodes.marks == [f"cordon {NODE}", f"uncordon {NODE}"]
    assert world.machines.restarted == []


def test_the_drain_fails_immediately_if_a_pod_has_several_pdbs_since_the_cordon() -> None:
    world = world_with_required_reboot()
    world.nodes.answers["web-0"] = EvictionResult("several", "more than one PodDisruptionBudget")
    run = reboot(world)
    assert (run.state, run.code) == (State.FAILED, "SeveralPDBs")
    assert world.nodes.evicted.count("web-0") == 1


def test_a_restart_without_a_new_boot_id_counts_as_a_failure() -> None:
    world = world_with_required_reboot()
    run = reboot(world, AzureRestarts(world, boots=False))
    assert (run.state, run.code) == (State.FAILED, "NotVerified")
    assert "its bootID has not changed" in run.why


def test_a_failed_run_starts_no_other_node() -> None:
    world = world_with_required_reboot()
    world.nodes.change("aks-user1-2", annotations=REQUIRED)
    run = reboot(world, AzureRestarts(world, boots=False))
    assert (run.state, world.machines.restarted) == (State.FAILED, [NODE])
    assert world.nodes.marks == [f"cordon {NODE}", f"uncordon {NODE}"]


def test_a_node_is_uncordoned_after_a_rejected_restart() -> None:
    world = world_with_required_reboot()
    world.machines.refuse = RejectedError("ScopeLocked", "restarting: a deny assignment")
    run = reboot(world)
    assert run.state is State.FAILED
    assert world.nodes.marks == [f"cordon {NODE}", f"uncordon {NODE}"]


def test_a_node_that_a_person_cordons_after_the_plan_is_not_drained() -> None:
    """A person who cordons a node between the plan and the first step has a reason, so the cordon stays."""
    world = world_with_required_reboot()

    def meanwhile(activity: str) -> None:
        if activity == "lease":
            world.nodes.change(NODE, unschedulable=True)

    run = reboot(world, meanwhile)
    assert (world.nodes.marks, world.nodes.evicted, world.machines.restarted) == ([], [], [])
    assert [(skip.what, skip.code) for skip in run.skips] == [(NODE, "cordoned-by-others")]


def test_a_cordon_that_belongs_to_another_owner_is_never_removed() -> None:
    world = world_with_required_reboot()

    def meanwhile(activity: str) -> None:
        if activity == "poll" and world.machines.restarted:
            world.machines.end(NODE)
            world.nodes.change(NODE, unschedulable=True, annotations={CORDON_STAMP: "another-owner"})

    run = reboot(world, meanwhile)
    assert run.state is State.DONE
    assert world.nodes.marks == [f"cordon {NODE}"]


def test_a_restart_whose_answer_was_lost_is_not_requested_again_before_its_effect_can_be_seen() -> None:
    world = world_with_required_reboot()
    world.machines.lose_answers = 1
    requested: list[datetime] = []

    def meanwhile(_: str) -> None:
        if world.machines.restarted and not requested:
            requested.append(world.clock.at)
        if requested and world.clock.at - requested[0] >= _BOOTS_AFTER and world.machines.restarted == [NODE]:
            world.machines.end(NODE)

    run = reboot(world, meanwhile)
    assert (run.state, world.machines.restarted) == (State.DONE, [NODE])


def test_a_restart_that_never_reached_azure_is_requested_again() -> None:
    world = world_with_required_reboot()
    world.machines.lose_answers = 1

    def meanwhile(_: str) -> None:
        if len(world.machines.restarted) > 1:
            world.machines.end(NODE)

    run = reboot(world, meanwhile)
    assert (run.state, world.machines.restarted) == (State.DONE, [NODE, NODE])
