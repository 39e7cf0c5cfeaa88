"""A run from its request to its end: what happens exactly once, what the run waits for, and what it reports."""

from dataclasses import replace

import pytest

from ops.engine.run_starter import start_run
from ops.messaging.outbox import flush_outbox
from ops.model.run import State
from ops.ports.errors import TryLaterError
from tests.driving import AzureOperations, run_request, start
from tests.engine.worlds import upgrade, world_in_window
from tests.fakes import MONDAY, cluster


def test_every_pool_is_upgraded_once_and_its_nodes_are_verified() -> None:
    world = world_in_window(pools=2)
    run = upgrade(world).record
    assert world.clusters.begun == ["upgrade user1", "upgrade user2"]
    assert run.state is State.DONE
    assert [record.evidence for record in run.finished] == [
        "3 of 3 nodes run 202611.05.0 and are Ready; Azure reports it for the pool"
    ] * 2
    assert list(world.chat.keys.values()) == [run.id, f"{run.id}.details"]
    assert world.engine.started == [f"operation {run.id}"]
    assert world.events.published == [f"Daytwo.RunEnded {run.id}.ended"]


def test_leases_are_released_at_the_end() -> None:
    world = world_in_window()
    upgrade(world)
    assert [record.value for record in world.store.scan("lease")] == [{"_v": 1}, {"_v": 1}]


def test_a_long_run_continues_as_new_instances() -> None:
    world = world_in_window()
    run = upgrade(world, AzureOperations(world, polls=90))
    assert run.engine.generations > 2


def test_two_requests_for_the_same_period_start_one_run() -> None:
    world = world_in_window()
    first, is_new = start_run(world.context, run_request(world))
    second, again = start_run(world.context, run_request(world))
    assert (first.id, is_new, again) == (second.id, True, False)
    assert len(world.engine.started) == 1


def test_the_second_cluster_in_a_region_pair_waits_for_the_first() -> None:
    world = world_in_window()
    run = start(world)
    pair = cluster("prod-ne", region="northeurope")
    world.clusters.put(pair)
    other = start(world, run_request(world, of=pair))
    for activity in ("assess", "lease"):
        run.call(activity)
        outcome = other.call(activity)
    assert outcome == "assess"
    assert other.record.why == "waiting for shop-dev, which goes first"


def test_a_run_succeeds_while_the_chat_is_down_and_is_reported_afterwards() -> None:
    world = world_in_window()
    world.chat.fail = [TryLaterError("down", 60) for _ in range(50)]
    run = upgrade(world).record
    assert (run.state, world.chat.posts) == (State.DONE, 0)
    world.chat.fail = []
    world.clock.advance(minutes=10)
    assert flush_outbox(world.context.ports) == 0
    assert (world.chat.posts, len(world.chat.shown)) == (1, 1)


def test_a_post_whose_response_was_lost_is_not_repeated() -> None:
    world = world_in_window()
    world.chat.lose = 1
    upgrade(world)
    assert world.chat.posts == 1


def test_a_dry_run_ends_after_the_decision() -> None:
    world = world_in_window()
    ended = start(world, replace(run_request(world), dry_run=True)).to_end()
    assert (ended.state, ended.headline, world.clusters.begun, world.chat.posts) == (State.DONE, "would act", [], 0)


@pytest.mark.parametrize("period", ["2026-w47", "m-20261116t223000"])
def test_a_run_id_is_valid_in_every_engine(period: str) -> None:
    world = world_in_window()
    run = start(world, run_request(world, period=period)).record
    assert run.id.endswith(period)
    assert set(run.id) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert run.created > MONDAY
