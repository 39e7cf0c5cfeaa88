"""Failed pools: Azure's words are reported, an upgrade that Azure requires is tried once, then a person is needed (rule 20)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ops.model.fleet import Pool
from ops.model.plan import REPAIRS
from ops.model.reasons import FailureCode, SkipReason
from ops.model.run import Run, State
from ops.policy.failed_pools import blocking_failure, requires_upgrade
from ops.ports.errors import BusyError
from ops.tables.conditions import open_conditions
from ops.tables.pool_repairs import repairs_of
from tests.driving import IN_WINDOW, AzureOperations, run_request, start, world_with
from tests.fakes import CONFIG, NEW, OLD, World, cluster, pool
from tests.in_memory_engine import Meanwhile

TEXT = "Node image version AKSUbuntu-1804gen2containerd-2022.10.03 is no longer supported. Please upgrade the node image version."
FAILED = pool("user1", provisioning_state="Failed", error_code="NodeImageNotSupported", error=TEXT)
OTHER = pool("user1", provisioning_state="Failed", error_code="SubnetIsFull", error="Subnet nodes has no address left.")


def world_of(*pools: Pool) -> World:
    return world_with(cluster("shop-dev", *pools), CONFIG, IN_WINDOW)


def in_week(world: World, week: int, meanwhile: Meanwhile | None = None) -> Run:
    run = start(world, run_request(world, period=f"2026-w{week}", rollout="r"))
    return run.to_end(meanwhile or AzureOperations(world))


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        (TEXT, True),
        ("The pool is out of support: upgrade the node image", True),
        ("NodeImage is too old, an upgrade is required", True),
        ("Upgrading failed: subnet is full", False),
        ("", False),
    ],
)
def test_azure_asks_for_an_upgrade_in_its_own_words(text: str, *, asks: bool) -> None:
    assert requires_upgrade(replace(FAILED, error_code="", error=text)) is asks
    assert not requires_upgrade(replace(FAILED, provisioning_state="Succeeded", error=text))


def test_the_upgrade_is_planned_with_azures_words_and_repairs_the_pool() -> None:
    world = world_of(FAILED)
    run = in_week(world, 47)
    assert (run.state, world.clusters.begun) == (State.DONE, ["upgrade user1"])
    assert f"user1: required by Azure: NodeImageNotSupported: {TEXT}" in str(world.chat.shown) + str(
        world.ledger.entries
    )
    assert REPAIRS in run.finished[0].params
    assert repairs_of(world.store, world.clusters.only.id) == {}


def test_it_is_tried_once_and_then_a_person_is_needed() -> None:
    world = world_of(FAILED)
    run = in_week(world, 47, AzureOperations(world, image=OLD, failed="NodeImageNotSupported"))
    assert (run.state, run.code) == (State.FAILED, FailureCode.NOT_REPAIRED)
    world.clock.at += timedelta(days=7)
    following = in_week(world, 48)
    assert world.clusters.begun == ["upgrade user1"]
    assert [(skip.code, skip.needs_person) for skip in following.skips] == [(SkipReason.POOL_FAILED, True)]
    (condition,) = open_conditions(world.store)
    assert "NodeImageNotSupported: blocked by pdb web" in condition.text
    assert "an upgrade to the newest image was tried on Mon 2026-11-16" in condition.text


def test_a_refused_attempt_does_not_count() -> None:
    world = world_of(FAILED)
    world.clusters.refuse = BusyError("upgrading user1: another operation runs")
    run = start(world, run_request(world, rollout="r"))
    run.turns(30)
    assert world.clusters.begun == []
    assert repairs_of(world.store, world.clusters.only.id) == {}
    world.clusters.refuse = None
    assert run.to_end(AzureOperations(world)).state is State.DONE


def test_another_failure_is_an_open_condition_until_the_pool_is_repaired() -> None:
    world = world_of(OTHER)
    run = in_week(world, 47)
    assert (run.state, world.clusters.begun) == (State.SKIPPED, [])
    (condition,) = open_conditions(world.store)
    assert (
        "user1: its last operation ended Failed with SubnetIsFull: Subnet nodes has no address left." in condition.text
    )
    world.clusters.put(cluster("shop-dev", pool("user1", NEW)))
    world.clock.at += timedelta(days=7)
    in_week(world, 48)
    assert open_conditions(world.store) == ()


def test_a_pool_that_may_be_repaired_comes_after_the_others() -> None:
    world = world_of(FAILED, pool("user2"), pool("user3"))
    in_week(world, 47)
    assert world.clusters.begun == ["upgrade user2", "upgrade user3", "upgrade user1"]


def test_the_same_words_after_the_attempt_do_not_lead_to_another_one() -> None:
    assert blocking_failure(FAILED, {}) == ""
    assert blocking_failure(FAILED, {"user2": IN_WINDOW}) == ""
    assert blocking_failure(FAILED, {"user1": IN_WINDOW}) == (
        f"its last operation ended Failed with NodeImageNotSupported: {TEXT} (an upgrade to the newest image was tried on "
        "Mon 2026-11-16 22:30 UTC): repair the pool before it can be upgraded"
    )


def test_an_interrupted_operation_is_not_a_failure() -> None:
    interrupted = replace(FAILED, error_code="AKSOperationPreempted", error="preempted")
    assert blocking_failure(interrupted, {}) == ""
