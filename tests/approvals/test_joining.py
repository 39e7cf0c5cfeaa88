"""Runs that join a request late, and how a halted rollout affects its runs' requests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ops.model.run import RingTargets, Rollout, RolloutPlan, State
from ops.tables.runs import rollouts, runs
from tests.approvals.helpers import ONE, ROLLOUT, TWO, assessed, requests, ring, vote
from tests.driving import call, pass_time
from tests.fakes import cluster, pool

LATE = cluster("shop-z", pool("user1"), env="prod")


def test_a_run_does_not_join_a_request_that_already_has_an_approval() -> None:
    world, driven = ring("shop-a", rule=TWO)
    pass_time(world, tuple(driven.values()), timedelta(minutes=6))
    assert vote(world, driven=driven.values()) == "counted"
    world.clusters.put(LATE)
    assessed(world, LATE, ROLLOUT)
    assert [[part.target_name for part in each.parts] for each in requests(world)] == [["shop-a"], ["shop-z"]]


def test_a_run_that_joins_shortly_before_the_expiry_still_has_time_to_be_approved() -> None:
    world, driven = ring("shop-a", rule="{from: platform, expires-after: 24h}")
    pass_time(world, tuple(driven.values()), timedelta(hours=24, minutes=4))
    world.clusters.put(LATE)
    late = assessed(world, LATE, ROLLOUT)
    pass_time(world, (*driven.values(), late), timedelta(minutes=5))
    assert late.record.state is not State.SKIPPED


def test_a_run_in_a_halted_rollout_that_requests_approval_again_is_cancelled() -> None:
    """This includes a run that has already acted and is waiting for approval again."""
    world, driven = ring("shop-a", "shop-b", rule=ONE)
    pass_time(world, tuple(driven.values()), timedelta(minutes=6))
    targets = RingTargets("production", tuple((d.record.target, name) for name, d in driven.items()), None)
    plan = RolloutPlan("node-image", "2026-w47", (targets,), 0, datetime(2026, 11, 23, tzinfo=UTC))
    rollouts(world.store).insert(ROLLOUT, Rollout(ROLLOUT, plan, world.clock.at, rings_begun=1))
    acted, failed = (runs(world.store).must_get(driven[name].id) for name in ("shop-a", "shop-b"))
    runs(world.store).replace(acted, replace(acted.value, acted=True))
    runs(world.store).replace(failed, replace(failed.value, state=State.FAILED))
    call(world, "advance_rollout", {"rollout": ROLLOUT})
    driven["shop-a"].reassess()
    (request,) = requests(world)
    assert str(driven["shop-a"].record.state) == "halted"
    assert {part.target_name: str(part.state) for part in request.parts}["shop-a"] == "cancelled"
