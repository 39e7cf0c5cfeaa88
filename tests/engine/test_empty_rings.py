"""A ring without clusters neither delays the next ring nor ends the rollout, wherever it is in the order."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ops.facts.fleet import list_fleet
from ops.model.run import Rollout, Run, State
from ops.scheduling.due_runs import start_due_rollouts
from ops.tables.runs import rollouts, runs
from tests.fakes import CONFIG, NEW, World, cluster, pool
from tests.in_memory_engine import InMemoryEngine

ROLLOUT = "rollout.node-image.2026-w47"
THREE_RINGS = CONFIG.replace(
    "    - {name: pre-production, select: {tags: {env: [dev, test]}}}\n",
    "    - {name: development, select: {tags: {env: dev}}}\n    - {name: acceptance, select: {tags: {env: test}}}\n",
)


def world_with_clusters_in(*envs: str) -> World:
    """A world with the rings development, acceptance and production, and one cluster that is behind for each of these tags."""
    world = World(config=THREE_RINGS)
    for env in envs:
        world.clusters.put(cluster(f"shop-{env}", pool("user1"), env=env))
    return world


def start_rollout(world: World) -> InMemoryEngine:
    """Let the timer start the week's rollout. Execute it until it sleeps."""
    start_due_rollouts(world.context, world.settings, list_fleet(world.context.ports, world.settings), world.clock.at)
    engine = InMemoryEngine(world, "rollout", {"rollout": ROLLOUT})
    engine.run_until_idle()
    return engine


def end_run(world: World, name: str) -> None:
    """End a cluster's run, as if its upgrade were done."""
    table = runs(world.store)
    (stored,) = (each for each in table.scan() if each.value.target_name == name)
    table.replace(stored, replace(stored.value, state=State.DONE, acted=True))


def begun(world: World) -> list[str]:
    found: list[Run] = [stored.value for stored in runs(world.store).scan()]
    return sorted(each.target_name for each in found)


def rollout(world: World) -> Rollout:
    return rollouts(world.store).must_get(ROLLOUT).value


@pytest.mark.parametrize(
    ("envs", "first", "later"),
    [
        (("prod",), ["shop-prod"], ["shop-prod"]),
        (("dev", "prod"), ["shop-dev"], ["shop-dev", "shop-prod"]),
        (("test", "prod"), ["shop-test"], ["shop-prod", "shop-test"]),
        (("dev",), ["shop-dev"], ["shop-dev"]),
    ],
    ids=["the first two", "the one between", "the first", "the last two"],
)
def test_an_empty_ring_does_not_delay_the_next_one(envs: tuple[str, ...], first: list[str], later: list[str]) -> None:
    world = world_with_clusters_in(*envs)
    engine = start_rollout(world)
    assert begun(world) == first
    end_run(world, first[0])
    world.clock.at += timedelta(minutes=30)
    engine.run_until_idle()
    assert begun(world) == later
    for name in later:
        end_run(world, name)
    engine.run_to_end()
    assert (rollout(world).state, rollout(world).why) == (State.DONE, f"{len(later)} done")


def test_the_ring_after_an_empty_one_waits_for_the_ring_before_it() -> None:
    world = world_with_clusters_in("dev", "prod")
    engine = start_rollout(world)
    world.clock.at += timedelta(minutes=30)
    engine.run_until_idle()
    assert begun(world) == ["shop-dev"]
    assert rollout(world).state is State.RUNNING


def test_rings_whose_clusters_have_nothing_to_do_begin_at_once_up_to_the_last() -> None:
    world = world_with_clusters_in("dev", "prod")
    world.clusters.put(cluster("shop-dev", pool("user1", image=NEW), env="dev"))
    start_rollout(world)
    assert begun(world) == ["shop-dev", "shop-prod"]
