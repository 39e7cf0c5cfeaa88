"""A run from its signal to its end, on the double engine: what is done once, what is waited for, what is told."""

from dataclasses import replace

import pytest

from ops.engine.activities import invoke
from ops.engine.run_starter import start_run
from ops.messaging.outbox import flush_outbox
from ops.model.run import State
from ops.model.run_request import RunRequest
from ops.ports.errors import TryLaterError
from ops.tables.runs import runs
from tests.engine.upgrading import Operations, carry_out, signal, world
from tests.fakes import MONDAY, cluster
from tests.in_memory_engine import Double


def test_every_pool_is_upgraded_once_and_proven_from_its_nodes() -> None:
    by = world(pools=2)
    run, _ = carry_out(by)
    assert by.clusters.begun == ["upgrade user1", "upgrade user2"]
    assert run.state is State.DONE
    assert [record.evidence for record in run.finished] == ["3 of 3 nodes run 202611.05.0 and are Ready"] * 2
    assert list(by.chat.keys.values()) == [run.id, f"{run.id}.details"]
    assert by.engine.started == [f"operation {run.id}"]
    assert by.events.published == [f"Daytwo.RunEnded {run.id}.ended"]


def test_the_leases_are_left_at_the_end() -> None:
    by = world()
    carry_out(by)
    assert [record.value for record in by.store.scan("lease")] == [{}, {}]


def test_a_long_run_stays_in_bounds_by_new_generations() -> None:
    by = world()
    _, double = carry_out(by, Operations(by, looks=90))
    assert double.generations > 2


def test_the_same_occurrence_twice_is_one_run() -> None:
    by = world()
    first, is_new = start_run(by.context, signal(by))
    second, again = start_run(by.context, signal(by))
    assert (first.id, is_new, again) == (second.id, True, False)
    assert len(by.engine.started) == 1


def test_the_second_cluster_of_a_pair_waits_for_the_first() -> None:
    by = world()
    first = cluster("prod-ne", region="northeurope")
    by.clusters.put(first)
    ours = next(each for each in by.clusters.fleet.values() if each.name == "shop-dev")
    run, _ = start_run(by.context, RunRequest("node-image", ours.id, ours.name, "2026-w47", by.clock.at, "http", "ana"))
    other, _ = start_run(
        by.context, RunRequest("node-image", first.id, first.name, "2026-w47", by.clock.at, "http", "ana")
    )
    for name in ("assess", "lease"):
        invoke(name, by.context, {"run": run.id})
        answer = invoke(name, by.context, {"run": other.id})
    assert answer["outcome"] == "assess"
    assert runs(by.store).must_get(other.id).value.why == "waits for shop-dev, which goes first"


def test_a_chat_that_is_down_neither_fails_nor_repeats_the_run() -> None:
    by = world()
    by.chat.fail = [TryLaterError("down", 60) for _ in range(50)]
    run, _ = carry_out(by)
    assert (run.state, by.chat.posts) == (State.DONE, 0)
    by.chat.fail = []
    by.clock.pass_(minutes=10)
    assert flush_outbox(by.context.ports) == 0
    assert (by.chat.posts, len(by.chat.shown)) == (1, 1)


def test_a_post_whose_answer_was_lost_is_found_and_not_posted_again() -> None:
    by = world()
    by.chat.lose = 1
    carry_out(by)
    assert by.chat.posts == 1


def test_a_plan_only_run_ends_after_it_has_decided() -> None:
    by = world()
    run, _ = start_run(by.context, replace(signal(by), dry_run=True))
    Double(by).run("operation", {"run": run.id})
    ended = runs(by.store).must_get(run.id).value
    assert (ended.state, ended.headline, by.clusters.begun, by.chat.posts) == (State.DONE, "would act", [], 0)


@pytest.mark.parametrize("period", ["2026-w47", "m-20261116t223000"])
def test_a_run_has_an_id_that_every_engine_takes(period: str) -> None:
    by = world()
    run, _ = start_run(by.context, signal(by, period))
    assert run.id.endswith(period)
    assert set(run.id) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert run.created > MONDAY
