"""An operation that something else has ended is not a failure; an answer without an operation says nothing, so the cluster decides."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ops.model.fleet import Power
from ops.model.reasons import FailureCode
from ops.model.run import Run, State
from tests.driving import AzureOperations, manual_request, start
from tests.engine.worlds import upgrade, world_in_window, world_with_all_operations
from tests.fakes import NEW, World

INTERRUPTIONS = ("AKSOperationPreempted", "EtagMismatch", "OperationNotAllowed", "SubscriptionRequestsThrottled")
DAY = datetime(2026, 11, 17, 10, tzinfo=UTC)


class Interrupted:
    """The first operation ends with a code; the later ones succeed."""

    def __init__(self, world: World, code: str, first: str) -> None:
        self.world, self.code, self.first = world, code, first
        self.operations = AzureOperations(world, polls=1)
        self.is_over = False

    def __call__(self, activity: str) -> None:
        clusters = self.world.clusters
        if activity == "poll" and not self.is_over and clusters.begun[-1] == self.first:
            self.is_over = True
            clusters.end(clusters.only.id, running=clusters.only.is_running, failed=self.code)
            pools = tuple(replace(p, error_code=self.code) for p in clusters.only.pools)
            clusters.put(replace(clusters.only, pools=pools))
            return
        self.operations(activity)


@pytest.mark.parametrize("code", INTERRUPTIONS)
def test_an_upgrade_that_was_interrupted_is_assessed_again(code: str) -> None:
    world = world_in_window()
    run = upgrade(world, Interrupted(world, code, "upgrade user1")).record
    assert (run.state, world.clusters.begun) == (State.DONE, ["upgrade user1", "upgrade user1"])
    (entry,) = [entry for entry in world.ledger.written.values() if entry.kind == "interrupted"]
    assert entry.text == f"user1: the upgrade of user1 was interrupted: {code}: blocked by pdb web"


def test_a_start_that_was_interrupted_is_assessed_again() -> None:
    world = world_with_all_operations()
    world.clock.at = DAY
    world.clusters.put(replace(world.clusters.only, power=Power.STOPPED))
    run = start(world, manual_request(world, "power")).to_end(Interrupted(world, INTERRUPTIONS[0], "start"))
    assert (run.state, world.clusters.begun) == (State.DONE, ["start", "start"])


def test_a_cluster_that_was_started_is_stopped_even_if_the_stop_is_interrupted() -> None:
    world = world_in_window(stopped=True)
    run = upgrade(world, Interrupted(world, INTERRUPTIONS[0], "stop")).record
    assert (run.state, world.clusters.begun) == (State.DONE, ["start", "upgrade user1", "stop", "stop"])
    assert world.clusters.only.is_stopped


def test_an_upgrade_that_a_deletion_has_ended_is_not_a_failure_of_the_image() -> None:
    world = world_in_window()
    run = upgrade(world, AzureOperations(world, failed="AKSOperationPreemptedByDelete")).record
    assert (run.state, run.code) == (State.FAILED, FailureCode.GONE)
    assert "AKSOperationPreemptedByDelete: blocked by pdb web" in run.why


def nameless(world: World) -> World:
    """Azure accepts every request without naming an operation."""
    world.clusters.nameless = True
    return world


def test_an_upgrade_without_an_operation_is_followed_on_the_pool() -> None:
    world = nameless(world_in_window())
    assert (upgrade(world).record.state, world.clusters.begun) == (State.DONE, ["upgrade user1"])


def test_a_start_without_an_operation_counts_as_begun_and_is_undone() -> None:
    world = nameless(world_in_window(stopped=True))
    run = upgrade(world).record
    assert (run.state, world.clusters.begun) == (State.DONE, ["start", "upgrade user1", "stop"])
    assert world.clusters.only.is_stopped


def power_run(world: World, meanwhile: Callable[[str], None]) -> Run:
    world.clock.at = DAY
    world.clusters.put(replace(world.clusters.only, power=Power.STOPPED))
    return start(world, manual_request(world, "power")).to_end(meanwhile)


def test_a_start_without_an_operation_has_time_to_become_visible() -> None:
    world = nameless(world_with_all_operations())
    world.clusters.hides_state = True

    def meanwhile(activity: str) -> None:
        if activity == "poll" and world.clock.at > DAY.replace(minute=6):
            world.clusters.end(world.clusters.only.id, image=NEW, running=True)

    assert power_run(world, meanwhile).state is State.DONE
    assert world.clusters.begun == ["start"]


def test_a_start_without_an_operation_that_never_becomes_visible_fails() -> None:
    world = nameless(world_with_all_operations())
    world.clusters.hides_state = True
    run = power_run(world, lambda _: None)
    assert (run.state, run.code) == (State.FAILED, FailureCode.START_FAILED)
    assert run.why.endswith("the start was accepted, but Azure shows no operation and the cluster has not changed")


def test_a_stop_that_fails_after_it_was_interrupted_is_not_repeated() -> None:
    world = world_in_window(stopped=True)
    interrupted = Interrupted(world, INTERRUPTIONS[0], "stop")

    def meanwhile(activity: str) -> None:
        if activity == "poll" and world.clusters.begun.count("stop") == 2:
            world.clusters.end(world.clusters.only.id, running=True, failed="QuotaExceeded")
            return
        interrupted(activity)

    run = upgrade(world, meanwhile).record
    assert (run.state, run.code, world.clusters.begun.count("stop")) == (State.FAILED, "QuotaExceeded", 2)
