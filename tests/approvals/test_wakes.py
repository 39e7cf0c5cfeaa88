"""The number of runs that a vote wakes before the voter gets a reply."""

from datetime import timedelta

from ops.approvals.requests import CHANGED_REQUESTS
from ops.approvals.votes import record_vote
from ops.endpoints.timers import every_five_minutes
from tests.approvals.helpers import ONE, click, requests, ring
from tests.driving import pass_time


def test_a_vote_for_sixty_clusters_wakes_twelve_runs_before_its_reply() -> None:
    world, driven = ring(*(f"shop-{number}" for number in range(60)), rule=ONE)
    pass_time(world, tuple(driven.values()), timedelta(minutes=6))
    (only,) = requests(world)
    assert len(only.active_parts) == 60
    world.engine.woken.clear()
    assert record_vote(world.context, click(only.token)).result == "approved"
    assert len(world.engine.woken) == 12


def test_the_next_tick_wakes_the_other_runs() -> None:
    world, driven = ring(*(f"shop-{number}" for number in range(20)), rule=ONE)
    pass_time(world, tuple(driven.values()), timedelta(minutes=6))
    (only,) = requests(world)
    world.engine.woken.clear()
    record_vote(world.context, click(only.token))
    every_five_minutes(world.context)
    assert set(world.engine.woken) == {run.id for run in driven.values()}


def test_the_next_tick_wakes_the_runs_of_a_vote_whose_process_died_after_recording_it() -> None:
    world, driven = ring("shop-1", "shop-2", rule=ONE)
    pass_time(world, tuple(driven.values()), timedelta(minutes=6))
    (only,) = requests(world)
    record_vote(world.context, click(only.token))
    world.engine.woken.clear()
    world.store.delete(CHANGED_REQUESTS, only.id)
    every_five_minutes(world.context)
    assert set(world.engine.woken) == {run.id for run in driven.values()}
