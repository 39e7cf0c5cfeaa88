"""A cluster in an update run of its fleet is left alone by every runbook, before a plan and before each step (rule 21)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ops.endpoints.timers import every_hour
from ops.engine.preview import preview_pools
from ops.model.reasons import SkipReason, WaitReason
from ops.model.run import Run, State
from ops.model.update_runs import FleetMembership, UpdateRun
from ops.ports.errors import DeniedError, OutsideError, TryLaterError
from ops.tables.conditions import open_conditions
from tests.driving import AzureOperations, manual_request, run_request, start
from tests.engine.worlds import world_in_window, world_with_all_operations
from tests.fakes import World, cluster

ID = "/subscriptions/s/resourcegroups/rg-fleets/providers/microsoft.containerservice/fleets/f1/updateRuns/r7"
DENIED = DeniedError("listing the members of the fleet f1: AuthorizationFailed")
THROTTLED = TryLaterError("listing the members of the fleet f1: 503")


def held_in(world: World, state: str = "Running") -> None:
    run = UpdateRun(ID, "r7", state, "canary")
    world.fleets.members = {world.clusters.only.id: FleetMembership("f1", "dev", (run,), ("weekly (NodeImage)",))}


def why(state: str = "Running") -> str:
    return f"the update run r7 of the fleet f1 contains the cluster: {state}, stage canary ({ID})"


def begun(world: World) -> tuple[list[str], list[str], list[str]]:
    return world.clusters.asked, world.nodes.marks, world.machines.restarted


def world_for(runbook: str) -> World:
    world = world_with_all_operations()
    first, *others = world.nodes.listed["shop-dev"]
    marked = replace(first, annotations={"daytwo.dev/reboot-required": "2026-11-01"})
    if runbook == "reboot":
        world.nodes.listed["shop-dev"] = (marked, *others)
    return world


@pytest.mark.parametrize("state", ["NotStarted", "Running", "Pending", "Stopping", "Throttling"])
@pytest.mark.parametrize("runbook", ["node-image", "power", "reboot"])
def test_nothing_begins_on_a_cluster_in_an_update_run(runbook: str, state: str) -> None:
    world = world_for(runbook)
    held_in(world, state)
    run = start(world, manual_request(world, runbook))
    run.turns(10)
    assert begun(world) == ([], [], [])
    assert why(state) in run.record.why
    assert "lease" not in run.engine.calls


@pytest.mark.parametrize("runbook", ["node-image", "power", "reboot"])
def test_a_member_outside_of_update_runs_is_acted_on(runbook: str) -> None:
    world = world_for(runbook)
    world.fleets.members = {world.clusters.only.id: FleetMembership("f1", "dev")}
    run = start(world, manual_request(world, runbook))
    run.turns(8)
    assert begun(world) != ([], [], [])


def test_an_upgrade_follows_once_the_update_run_has_ended() -> None:
    world = world_in_window()
    held_in(world)
    operations, ends = AzureOperations(world), world.clock.at + timedelta(minutes=30)

    def meanwhile(activity: str) -> None:
        if world.clock.at >= ends:
            world.fleets.members = {}
        assert world.clock.at >= ends or world.clusters.asked == []
        operations(activity)

    run = start(world, run_request(world)).to_end(meanwhile)
    assert (run.state, world.clusters.asked) == (State.DONE, ["upgrade user1"])


def test_the_week_ends_with_the_update_run_as_its_reason() -> None:
    world = world_in_window()
    held_in(world)
    run = start(world, run_request(world, rollout="r")).to_end()
    assert (run.state, run.code, world.clusters.asked) == (State.SKIPPED, SkipReason.UPDATE_RUN, [])
    assert why() in run.why


@pytest.mark.parametrize("runbook", ["node-image", "power"])
def test_an_update_run_that_begins_after_the_plan_stops_the_step(runbook: str) -> None:
    world = world_for(runbook)
    run = start(world, manual_request(world, runbook))
    run.to_first_step()
    assert run.at_first_step
    held_in(world)
    run.turns(6)
    assert begun(world) == ([], [], [])


def test_a_drain_that_has_begun_is_undone_if_an_update_run_begins() -> None:
    world = world_for("reboot")
    run = start(world, manual_request(world, "reboot"))

    def meanwhile(_: str) -> None:
        if world.nodes.marks:
            held_in(world)

    run.turns(12, meanwhile)
    assert world.machines.restarted == []
    assert not any(node.unschedulable for node in world.nodes.listed["shop-dev"])


@pytest.mark.parametrize("runbook", ["node-image", "power"])
@pytest.mark.parametrize("refusal", [DENIED, THROTTLED])
def test_an_unknown_membership_holds_everything(runbook: str, refusal: OutsideError) -> None:
    world = world_for(runbook)
    world.fleets.refuse = refusal
    run = start(world, manual_request(world, runbook))
    run.turns(6)
    assert begun(world) == ([], [], [])
    assert (
        "whether an update run of a fleet contains the cluster could not be read: listing the members" in run.record.why
    )


def test_a_fleet_that_cannot_be_read_now_is_read_again_before_a_step() -> None:
    world = world_in_window()
    run = start(world, run_request(world))
    run.to_first_step()
    world.fleets.refuse = THROTTLED
    run.turns(2)
    assert world.clusters.asked == []
    assert "unwind" not in run.engine.calls
    world.fleets.refuse = None
    assert run.to_end(AzureOperations(world)).state is State.DONE


def conditions(world: World) -> list[str]:
    return [condition.text for condition in open_conditions(world.store)]


def hours(world: World, count: int) -> None:
    """Fire the hourly timer this many times, one hour apart."""
    for _ in range(count):
        every_hour(world.context, timedelta(days=90))
        world.clock.at += timedelta(hours=1)


@pytest.mark.parametrize(
    ("state", "is_open"), [("NotStarted", True), ("Pending", True), ("Running", False), ("Stopping", False)]
)
def test_an_update_run_that_waits_is_reported_once_with_its_clusters(state: str, *, is_open: bool) -> None:
    world = world_in_window()
    world.clusters.put(cluster("shop-test", env="test"), cluster("shop-lab", env="lab"))
    run = UpdateRun(ID, "r7", state, "canary")
    world.fleets.members = {each: FleetMembership("f1", "dev", (run,)) for each in world.clusters.fleet}
    hours(world, 3)
    assert conditions(world) == (
        [
            f"is waiting: r7 is {state} ({ID}); Daytwo begins nothing on the clusters that it contains: shop-dev, shop-test"
        ]
        if is_open
        else []
    )
    assert sum("is waiting" in str(content) for content in world.chat.shown.values()) == is_open
    world.fleets.members = {}
    hours(world, 1)
    assert conditions(world) == []
    assert ("is not waiting anymore" in str(world.chat.shown)) is is_open


def test_a_missing_permission_on_a_known_fleet_is_reported_once_for_all_clusters() -> None:
    world = world_in_window()
    world.clusters.put(cluster("shop-test", env="test"))
    world.fleets.refuse = DENIED
    hours(world, 3)
    (text,) = conditions(world)
    assert (
        "listing the members of the fleet f1: AuthorizationFailed. Daytwo begins nothing on shop-dev, shop-test" in text
    )
    world.fleets.refuse = None
    hours(world, 1)
    assert conditions(world) == []


def test_what_cannot_be_read_now_resolves_nothing() -> None:
    world = world_in_window()
    held_in(world, "Pending")
    hours(world, 1)
    (text,) = conditions(world)
    world.fleets.refuse = THROTTLED
    hours(world, 2)
    assert conditions(world) == [text]


def test_plan_and_why_show_the_fleet() -> None:
    world = world_in_window()
    held_in(world)
    (shown,) = preview_pools(world.context, world.settings, (world.clusters.only,), world.clock.at)
    assert shown.notes == (
        "member of the fleet f1 of Azure Kubernetes Fleet Manager (update group dev)",
        why(),
        "the fleet also upgrades it by itself: weekly (NodeImage)",
    )
    assert shown.next == why()


def test_a_plan_names_the_fleet_of_its_cluster() -> None:
    world = world_in_window()
    world.fleets.members = {world.clusters.only.id: FleetMembership("f1", "", (), ("weekly (NodeImage)",))}
    run = start(world, run_request(world))
    run.to_first_step()
    record: Run = run.record
    assert record.plan is not None
    assert record.plan.warnings == (
        "member of the fleet f1 of Azure Kubernetes Fleet Manager",
        "the fleet also upgrades it by itself: weekly (NodeImage)",
    )


def test_waiting_for_an_update_run_has_a_code_of_its_own() -> None:
    world = world_in_window()
    held_in(world)
    run = start(world, run_request(world))
    run.to_first_step()
    assert (run.record.state, run.record.code) == (State.WAITING, WaitReason.UPDATE_RUN)
