"""One advance of a rollout: which runs it starts, when the next one is, and how it ends."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ops.engine.activities.advance_rollout import advance_rollout, summaries
from ops.engine.transition import Outcome, Transition
from ops.model.run import RingTargets, Rollout, RolloutPlan, Run, RunSummary, State
from ops.model.run_request import RunRequest
from ops.tables.runs import Control, controls, rollouts, runs
from tests.driving import NIGHT
from tests.fakes import NEW, World, cluster, pool

DEV, TEST, PROD, AKS = (
    cluster("dev"),
    cluster("test", env="test"),
    cluster("prod", env="prod"),
    cluster("aks", automatic=True),
)
HALF_HOUR = timedelta(minutes=30)
ENDS = NIGHT + timedelta(days=6)
RINGS = (
    RingTargets("pre-production", ((DEV.id, "dev"), (TEST.id, "test")), None),
    RingTargets("production", ((PROD.id, "prod"),), None),
)
PLAN = RolloutPlan("node-image", "2026-w47", RINGS, 0, ENDS, ((AKS.id, "aks"),))
ROLLOUT = Rollout("the-rollout", PLAN, NIGHT)


def world_with(rollout: Rollout = ROLLOUT) -> World:
    world = World()
    world.clock.at = NIGHT
    world.clusters.put(DEV, TEST, PROD, AKS)
    rollouts(world.store).insert(rollout.id, rollout)
    return world


def advance(world: World) -> Transition:
    return advance_rollout(world.context, {"rollout": "the-rollout"})


def stored(world: World) -> Rollout:
    return rollouts(world.store).must_get("the-rollout").value


def run_of(world: World, name: str) -> Run:
    (found,) = (each.value for each in runs(world.store).scan() if each.value.target_name == name)
    return found


def change(world: World, name: str, **changes: object) -> None:
    table = runs(world.store)
    found = table.must_get(run_of(world, name).id)
    table.replace(found, replace(found.value, **changes))  # type: ignore[arg-type]  # fields by name


def names(world: World) -> list[str]:
    return sorted(each.value.target_name for each in runs(world.store).scan())


def test_the_first_ring_and_the_watched_clusters_begin() -> None:
    world = world_with()
    assert advance(world) == Transition(Outcome.RETRY, NIGHT + HALF_HOUR)
    assert names(world) == ["aks", "dev", "test"]
    assert stored(world) == replace(ROLLOUT, rings_begun=1, until=NIGHT + HALF_HOUR)
    run = run_of(world, "dev")
    request = RunRequest("node-image", DEV.id, "dev", "2026-w47", NIGHT, "timer", "daytwo", "the-rollout")
    assert (run.id, run.by, run.source, run.rollout, run.created) == (
        request.run_id,
        "daytwo",
        "timer",
        "the-rollout",
        NIGHT,
    )
    assert world.chat.shown == {}


def test_the_runs_of_a_ring_are_summarized_by_target() -> None:
    world = world_with()
    advance(world)
    change(world, "dev", state=State.FAILED, acted=True, why="it failed", code="x")
    found = summaries(world.context, stored(world))
    assert sorted(found) == sorted([DEV.id, TEST.id])
    run = run_of(world, "dev")
    assert found[DEV.id] == RunSummary(run.id, DEV.id, "dev", State.FAILED, acted=True, why="it failed", code="x")


def test_the_next_ring_begins_once_the_first_has_ended() -> None:
    world = world_with()
    advance(world)
    for name in ("dev", "test"):
        change(world, name, state=State.DONE)
    world.clock.at = NIGHT + HALF_HOUR
    assert advance(world) == Transition(Outcome.RETRY, NIGHT + 2 * HALF_HOUR)
    assert names(world) == ["aks", "dev", "prod", "test"]
    assert (stored(world).rings_begun, run_of(world, "prod").created) == (2, NIGHT + HALF_HOUR)


def test_only_runs_that_are_missing_are_started_again() -> None:
    world = world_with(replace(ROLLOUT, rings_begun=1))
    advance(world)
    assert names(world) == ["aks", "dev", "test"]
    started = list(world.engine.payloads)
    advance(world)
    assert world.engine.payloads == started


def test_a_rollout_ends_with_its_last_run_and_says_so_once() -> None:
    world = world_with(replace(ROLLOUT, plan=replace(PLAN, watched=())))
    for of in (DEV, TEST, PROD):
        world.clusters.put(replace(of, pools=(pool(image=NEW),)))
    assert advance(world) == Transition(Outcome.END)
    ended = stored(world)
    assert (ended.state, ended.why, ended.until, ended.ended) == (State.DONE, "3 skipped", None, NIGHT)
    (entry,) = (each for each in world.ledger.written.items() if each[1].kind == "rollout")
    assert entry[0] == "the-rollout|end|3"
    assert (entry[1].at, entry[1].subject, entry[1].text) == (NIGHT, "the-rollout", "done: 3 skipped")
    assert advance(world) == Transition(Outcome.END)


def test_the_rollouts_message_is_shown_once_a_run_has_acted() -> None:
    world = world_with()
    advance(world)
    change(world, "dev", state=State.DONE, acted=True)
    advance(world)
    (content,) = world.chat.shown.values()
    assert content["text"] == (
        "● Node images, rollout 2026-w47 · pre-production, production · 1 of 3 clusters · running"
    )


class TestHalted:
    """A rollout that has too many failures stops the runs that have not begun."""

    def halted(self, **test_run: object) -> World:
        world = world_with()
        advance(world)
        change(world, "dev", state=State.FAILED, acted=True)
        change(world, "test", **test_run)
        world.clock.at = NIGHT + HALF_HOUR
        assert advance(world) == Transition(Outcome.END)
        assert (stored(world).state, stored(world).why) == (State.HALTED, "1 failed (0 allowed): dev")
        assert names(world) == ["aks", "dev", "test"]
        return world

    def control(self, world: World, name: str = "test") -> Control | None:
        found = controls(world.store).get(run_of(world, name).id)
        return found.value if found else None

    @pytest.mark.parametrize(
        ("test_run", "is_cancelled"),
        [
            ({"state": State.WAITING}, True),
            ({"state": State.NEEDS_YOU, "acted": True, "code": "approval"}, True),
            ({"state": State.RUNNING, "acted": True}, False),
            ({"state": State.SKIPPED}, False),
        ],
    )
    def test_runs_that_have_not_begun_are_cancelled_and_woken(
        self, test_run: dict[str, object], *, is_cancelled: bool
    ) -> None:
        world = self.halted(**test_run)
        cancelled = Control(
            cancelled_by="the rollout, which has halted", why="1 failed (0 allowed): dev", at=NIGHT + HALF_HOUR
        )
        assert self.control(world) == (cancelled if is_cancelled else None)
        assert (run_of(world, "test").id in world.engine.woken) is is_cancelled
        assert self.control(world, "dev") is None

    def test_a_run_that_a_person_has_cancelled_stays_theirs(self) -> None:
        world = world_with()
        advance(world)
        by_ben = Control(cancelled_by="ben")
        controls(world.store).change(run_of(world, "test").id, lambda _: by_ben)
        change(world, "dev", state=State.FAILED, acted=True)
        advance(world)
        assert self.control(world) == by_ben

    def test_a_run_that_a_person_has_paused_is_cancelled(self) -> None:
        world = world_with()
        advance(world)
        controls(world.store).change(run_of(world, "test").id, lambda _: Control(paused_by="ana"))
        change(world, "dev", state=State.FAILED, acted=True)
        advance(world)
        found = self.control(world)
        assert found is not None
        assert found.cancelled_by == "the rollout, which has halted"
