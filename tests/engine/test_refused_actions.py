"""A lasting refusal ends the attempt, is reported once with the system's own words, and is tried again with growing pauses."""

from datetime import UTC, datetime, timedelta

import pytest

from ops.model.reasons import WaitReason
from ops.model.run import State
from ops.ports.errors import DeniedError, OutsideError, RejectedError
from ops.tables.conditions import open_conditions
from ops.tables.refused_actions import refused_on
from ops.tables.runs import runs
from tests.driving import AzureOperations, AzureRestarts, DrivenRun, manual_request, run_request, start, start_due
from tests.engine.worlds import NODE, world_in_window, world_with_all_operations
from tests.fakes import World

LOCKED = RejectedError("ScopeLocked", "stopping shop-dev: ScopeLocked: the following scope(s) are locked: mc_rg")
NO_ROLE = DeniedError("stopping shop-dev: AuthorizationFailed: does not have authorization to perform stop/action")
EVENING = datetime(2026, 11, 16, 23, tzinfo=UTC)
NIGHT_HOURS = 8


def night(world: World, hours: int, driven: dict[str, DrivenRun] | None = None) -> None:
    """Fire the quarterly timer for some hours, and execute what is due in between."""
    driven = {} if driven is None else driven
    end = world.clock.at + timedelta(hours=hours)
    while world.clock.at < end:
        start_due(world)
        for key in (each.split()[1] for each in world.engine.started):
            driven.setdefault(key, DrivenRun(world, key))
        tick = world.clock.at + timedelta(minutes=15)
        while due := [
            run
            for run in driven.values()
            if (run.until is None and not run.engine.ended) or (run.until and run.until < tick)
        ]:
            first = min(due, key=lambda run: run.until or world.clock.at)
            world.clock.at = max(world.clock.at, first.until or world.clock.at)
            first.turns(1, AzureOperations(world, polls=1))
        world.clock.at = tick


@pytest.mark.parametrize("error", [LOCKED, NO_ROLE])
def test_a_stop_that_is_refused_all_night_is_asked_at_most_six_times_and_reported_once(error: OutsideError) -> None:
    world = world_with_all_operations()
    world.clusters.refuse = error
    asked = world.clusters.asked
    night(world, NIGHT_HOURS)
    assert 3 <= len(asked) <= 6
    (condition,) = open_conditions(world.store, world.clusters.only.id)
    assert condition.text.startswith(f"refused: {error};")
    assert condition.remedy
    shown = [str(content["text"]) for content in world.chat.shown.values()]
    assert [text for text in shown if "refused" in text] == ["◆ Power · shop-dev · refused · needs you"]
    assert not [stored.value for stored in runs(world.store).scan() if stored.value.state is State.FAILED]


def test_a_refusal_is_resolved_when_it_works_again() -> None:
    world = world_with_all_operations()
    world.clusters.refuse = LOCKED
    driven: dict[str, DrivenRun] = {}
    night(world, 1, driven)
    assert len(open_conditions(world.store)) == 1
    world.clusters.refuse = None
    night(world, 2, driven)
    assert (world.clusters.begun, open_conditions(world.store)) == (["stop"], ())
    assert refused_on(world.store, world.clusters.only.id) == ()
    assert "✓ Power · shop-dev · is not refused anymore · done" in [str(c["text"]) for c in world.chat.shown.values()]


def test_a_person_does_not_have_to_wait_for_the_next_attempt() -> None:
    world = world_with_all_operations()
    world.clusters.refuse = LOCKED
    start(world, run_request(world, "power", "q-1")).turns(6)
    world.clusters.refuse = None
    run = start(world, manual_request(world, "power", "m-1"))
    run.to_end(AzureOperations(world, polls=1))
    assert (run.record.state, world.clusters.begun) == (State.DONE, ["stop"])
    assert open_conditions(world.store) == ()


def test_an_upgrade_that_is_refused_all_week_keeps_the_reason() -> None:
    world = world_in_window()
    world.clusters.refuse = RejectedError("ScopeLocked", "upgrading: ScopeLocked: the scope is locked")
    asked: list[datetime] = []

    def meanwhile(_: str) -> None:
        asked.extend([world.clock.at] * (len(world.clusters.asked) - len(asked)))

    run = start(world, run_request(world)).to_end(meanwhile)
    assert (run.state, run.why, run.code) == (
        State.SKIPPED,
        "upgrading: ScopeLocked: the scope is locked",
        WaitReason.REFUSED,
    )
    days = [sum(day <= at < day + timedelta(days=1) for at in asked) for day in asked]
    assert max(days) <= 6
    assert len(open_conditions(world.store)) == 1


def test_an_upgrade_that_is_refused_begins_once_the_lock_is_removed() -> None:
    world = world_in_window()
    world.clusters.refuse = LOCKED
    operations = AzureOperations(world)
    removed = world.clock.at + timedelta(minutes=30)

    def meanwhile(activity: str) -> None:
        if world.clock.at >= removed:
            world.clusters.refuse = None
        operations(activity)

    run = start(world, run_request(world)).to_end(meanwhile)
    assert (run.state, world.clusters.begun) == (State.DONE, ["upgrade user1"])
    assert open_conditions(world.store) == ()


def test_a_node_is_not_drained_again_while_its_restart_is_refused() -> None:
    world = world_with_all_operations(env="test")
    world.nodes.change(NODE, annotations={"daytwo.dev/reboot-required": "x"})
    world.machines.refuse = LOCKED
    run = start(world, run_request(world, "reboot", "2026-11-16")).to_end()
    assert (run.state, run.why) == (State.SKIPPED, str(LOCKED))
    for day in range(1, 7):
        world.clock.at = EVENING + timedelta(days=day)
        start_due(world)
    assert [each for each in world.engine.started if "reboot" in each] == [f"operation {run.id}"]
    assert world.nodes.marks == [f"cordon {NODE}", f"uncordon {NODE}"]
    (refused,) = refused_on(world.store, world.clusters.only.id)
    assert (refused.verb, refused.times, refused.disruptive) == ("restart-node", 1, True)
    (condition,) = open_conditions(world.store)
    assert "no node is drained for it for 7 days" in condition.text
    assert condition.remedy == "remove the lock, or ask its owner; then start the reboots of shop-dev"


def test_a_person_can_try_a_refused_restart_again_at_once() -> None:
    world = world_with_all_operations(env="test")
    world.nodes.change(NODE, annotations={"daytwo.dev/reboot-required": "x"})
    world.machines.refuse = LOCKED
    start(world, run_request(world, "reboot", "2026-11-16")).to_end()
    world.machines.refuse = None
    run = start(world, manual_request(world, "reboot")).to_end(AzureRestarts(world))
    assert (run.state, world.machines.restarted) == (State.DONE, [NODE])
    assert open_conditions(world.store) == ()


def test_a_refused_restart_is_tried_again_after_a_week() -> None:
    world = world_with_all_operations(env="test")
    world.nodes.change(NODE, annotations={"daytwo.dev/reboot-required": "x"})
    world.machines.refuse = LOCKED
    start(world, run_request(world, "reboot", "2026-11-16")).to_end()
    world.clock.at += timedelta(days=7, minutes=20)
    start(world, run_request(world, "reboot", "2026-11-23")).to_end()
    assert [mark for mark in world.nodes.marks if mark.startswith("cordon")] == [f"cordon {NODE}"] * 2


def test_a_cluster_that_cannot_be_stopped_again_is_reported() -> None:
    world = world_in_window(stopped=True)
    operations = AzureOperations(world)

    def meanwhile(activity: str) -> None:
        if len(world.clusters.begun) == 2:
            world.clusters.refuse = LOCKED
        operations(activity)

    run = start(world, run_request(world)).to_end(meanwhile)
    assert run.state is State.FAILED
    (condition,) = open_conditions(world.store)
    assert condition.text.startswith(f"refused: {LOCKED}")


def test_an_attempt_that_a_crash_repeats_counts_once() -> None:
    world = world_with_all_operations()
    world.clusters.refuse = LOCKED
    run = start(world, run_request(world, "power", "q-1"))
    run.to_first_step()
    before = run.record
    for _ in range(2):
        run.call("begin", "stop")
        stored = runs(world.store).must_get(run.id)
        runs(world.store).replace(stored, before)
    assert refused_on(world.store, world.clusters.only.id)[0].times == 1


def test_a_run_that_is_woken_does_not_ask_before_the_next_attempt() -> None:
    world = world_with_all_operations()
    world.clusters.refuse = LOCKED
    run = start(world, run_request(world, "power", "q-1"))
    run.to_first_step()
    run.turns(3)
    assert world.clusters.asked == ["stop"]
    for _ in range(3):
        run.reassess()
    assert (world.clusters.asked, run.record.code) == (["stop"], WaitReason.REFUSED)


def test_another_run_does_not_ask_before_the_next_attempt() -> None:
    world = world_with_all_operations()
    world.clusters.refuse = LOCKED
    person = start(world, manual_request(world, "power", "m-1"))
    person.to_end()
    start_due(world)
    assert (world.clusters.asked, world.engine.started) == (["stop"], [f"operation {person.id}"])
