"""No node keeps the others from their turn, and a drain that empties nothing ends."""

from dataclasses import replace
from datetime import timedelta

from ops.model.fleet import CORDON_STAMP
from ops.model.run import State
from ops.model.workload import Pod
from ops.ports.errors import BusyError
from ops.ports.kubernetes import EvictionResult
from tests.driving import AzureRestarts, manual_request, run_request, start
from tests.engine.worlds import NODE, world_with_all_operations
from tests.fakes import World

OTHER = "aks-user1-2"
BLOCKED = EvictionResult("blocked", "The disruption budget web needs 3 healthy pods")


def world_with_two_required_reboots() -> World:
    world = world_with_all_operations(env="test")
    for name in (NODE, OTHER):
        world.nodes.change(name, uid=f"uid-{name}", annotations={"daytwo.dev/reboot-required": "x"})
    return world


def test_a_node_that_failed_last_night_comes_after_the_others_tonight() -> None:
    world = world_with_two_required_reboots()
    world.nodes.answers["web-1"] = BLOCKED
    first = start(world, run_request(world, "reboot", "2026-11-16")).to_end(AzureRestarts(world))
    assert (first.state, first.code, world.machines.restarted) == (State.FAILED, "DrainTimeout", [])
    world.clock.at += timedelta(days=1) - (world.clock.at - first.created)
    second = start(world, run_request(world, "reboot", "2026-11-17")).to_end(AzureRestarts(world))
    assert (second.state, second.code, world.machines.restarted) == (State.FAILED, "DrainTimeout", [OTHER])


def test_a_node_that_was_registered_again_since_it_failed_keeps_its_place() -> None:
    world = world_with_two_required_reboots()
    world.nodes.answers["web-1"] = BLOCKED
    first = start(world, run_request(world, "reboot", "2026-11-16")).to_end(AzureRestarts(world))
    world.clock.at += timedelta(days=1) - (world.clock.at - first.created)
    world.nodes.change(NODE, uid="another")
    start(world, run_request(world, "reboot", "2026-11-17")).to_end(AzureRestarts(world))
    assert world.machines.restarted == []


BUSY = BusyError("restarting: 409 Conflict: another operation is in progress on the machine")


def test_a_drained_node_waits_while_azure_is_busy_with_its_machine() -> None:
    world = world_with_two_required_reboots()
    world.machines.refuse = BUSY
    ends = world.clock.at + timedelta(minutes=20)
    restarts = AzureRestarts(world)

    def meanwhile(activity: str) -> None:
        if world.clock.at >= ends:
            world.machines.refuse = None
        restarts(activity)

    run = start(world, run_request(world, "reboot", "2026-11-16")).to_end(meanwhile)
    assert (run.state, world.machines.restarted) == (State.DONE, [NODE, OTHER])
    assert world.nodes.marks.count(f"cordon {NODE}") == 1


def test_a_machine_that_stays_busy_costs_one_drain_a_night_and_is_reported_with_the_words_of_azure() -> None:
    world = world_with_two_required_reboots()
    world.machines.refuse = BUSY
    first = start(world, run_request(world, "reboot", "2026-11-16")).to_end()
    assert (first.state, first.code) == (State.FAILED, "StaysBusy")
    assert str(BUSY) in first.why
    assert world.nodes.marks == [f"cordon {NODE}", f"uncordon {NODE}"]
    world.clock.at = first.created + timedelta(days=1)
    start(world, run_request(world, "reboot", "2026-11-17")).to_end()
    assert world.nodes.marks[2:] == [f"cordon {OTHER}", f"uncordon {OTHER}"]


def test_a_drain_stops_if_the_pods_come_back_to_the_cordoned_node() -> None:
    """A template with spec.nodeName bypasses the scheduler, so the cordon does not keep its pods away."""
    world = world_with_two_required_reboots()
    world.nodes.running["shop-dev"] = (Pod("shop", "a", "u0", NODE, "Running", ready=True, owner_kind="ReplicaSet"),)

    def come_back(_: str) -> None:
        if not world.nodes.running["shop-dev"]:
            number = len(world.nodes.evicted)
            pod = Pod("shop", f"a-{number}", f"u{number}", NODE, "Running", ready=True, owner_kind="ReplicaSet")
            world.nodes.running["shop-dev"] = (replace(pod, created=world.clock.at),)

    run = start(world, manual_request(world, "reboot")).to_end(come_back)
    assert (run.state, run.code, world.machines.restarted) == (State.FAILED, "PodComesBack", [])
    assert "was created on aks-user1-1 although it is cordoned" in run.why
    assert len(world.nodes.evicted) <= 6
    assert world.nodes.marks == [f"cordon {NODE}", f"uncordon {NODE}"]


def test_an_api_server_whose_clock_is_ahead_does_not_end_a_drain() -> None:
    world = world_with_two_required_reboots()
    ahead = world.clock.at + timedelta(days=12)
    world.nodes.running["shop-dev"] = tuple(replace(pod, created=ahead) for pod in world.nodes.running["shop-dev"])
    world.nodes.answers["web-1"] = BLOCKED

    def allow(_: str) -> None:
        if world.nodes.evicted.count("web-1") > 20:
            world.nodes.answers.clear()
        AzureRestarts(world)(_)

    start(world, manual_request(world, "reboot")).to_end(allow)
    assert world.machines.restarted == [NODE, OTHER]


def test_a_cordon_that_changes_hands_during_the_undo_is_kept() -> None:
    world = world_with_two_required_reboots()
    world.nodes.answers["web-1"] = BLOCKED
    listed = world.nodes.nodes
    reads: list[str] = []

    def nodes(cluster: object) -> object:
        found = listed(cluster)  # type: ignore[arg-type]  # passed on as it is
        if world.nodes.marks and failed():
            reads.append("undo")
            if len(reads) == 1:  # after the check, before the patch
                world.nodes.change(NODE, annotations={CORDON_STAMP: "another-owner"})
        return found

    run = start(world, manual_request(world, "reboot"))

    def failed() -> bool:
        return run.record.code == "DrainTimeout"

    world.nodes.nodes = nodes  # type: ignore[method-assign, assignment]  # changes the stamp between two reads
    run.to_end()
    assert world.nodes.marks == [f"cordon {NODE}"]
