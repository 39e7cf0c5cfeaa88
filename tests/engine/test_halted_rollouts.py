"""A rollout that has halted: what has begun is completed, and nothing else begins (docs/node-image.md, rule 15)."""

from dataclasses import replace

from ops.model.run import Run, State
from ops.tables.runs import runs
from tests.driving import call
from tests.engine.test_empty_rings import ROLLOUT, begun, rollout, start_rollout
from tests.fakes import World, cluster, pool


def world_of_three_and_one() -> World:
    """A world with three clusters in the first ring, one in the second, and a rollout that has started."""
    world = World()
    world.clusters.put(*(cluster(name, pool("user1")) for name in ("fails", "acts", "waits")))
    world.clusters.put(cluster("later", pool("user1"), env="prod"))
    start_rollout(world)
    return world


def change(world: World, name: str, **fields: object) -> None:
    table = runs(world.store)
    (stored,) = (each for each in table.scan() if each.value.target_name == name)
    table.replace(stored, replace(stored.value, **fields))  # type: ignore[arg-type]  # fields by name


def cancelled(world: World) -> list[str]:
    found: list[Run] = [stored.value for stored in runs(world.store).scan()]
    return sorted(run.target_name for run in found if world.context.control(run.id).cancelled_by)


def test_runs_that_have_not_acted_are_cancelled_and_the_next_ring_does_not_begin() -> None:
    world = world_of_three_and_one()
    change(world, "acts", acted=True, state=State.RUNNING)
    change(world, "fails", acted=True, state=State.FAILED)
    assert call(world, "advance_rollout", {"rollout": ROLLOUT}) == "end"
    assert (rollout(world).state, rollout(world).why) == (State.HALTED, "1 failed (0 allowed): fails")
    assert begun(world) == ["acts", "fails", "waits"]
    assert cancelled(world) == ["waits"]


def test_nothing_is_cancelled_within_the_failure_budget() -> None:
    world = world_of_three_and_one()
    change(world, "fails", acted=True, state=State.SKIPPED)
    call(world, "advance_rollout", {"rollout": ROLLOUT})
    assert (rollout(world).state, cancelled(world)) == (State.RUNNING, [])
