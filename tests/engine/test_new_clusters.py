"""A week's rollout includes clusters that are found after it has started. An empty fleet is reported."""

from dataclasses import replace

from ops.facts.fleet import list_fleet
from ops.model.run import State
from ops.scheduling.due_runs import start_due_rollouts
from ops.tables.runs import rollouts, runs
from tests.driving import call
from tests.fakes import NEW, World, cluster, pool

ROLLOUT = "rollout.node-image.2026-w47"


def tick(world: World, hours: int = 1) -> None:
    """Scan the fleet, as the hourly timer does, and execute the rollout's next step."""
    world.clock.advance(hours=hours)
    start_due_rollouts(world.context, world.settings, list_fleet(world.context.ports, world.settings), world.clock.at)
    for stored in list(rollouts(world.store).scan()):
        call(world, "advance_rollout", {"rollout": stored.key})


def names(world: World) -> list[str]:
    return sorted(stored.value.target_name for stored in runs(world.store).scan())


def shown(world: World) -> list[str]:
    return [str(content["text"]) for content in world.chat.shown.values()]


def test_a_fleet_that_is_found_after_the_first_scan_is_upgraded_in_the_same_week() -> None:
    world = World()
    tick(world)
    assert not list(rollouts(world.store).scan())
    world.clusters.put(cluster("shop-dev"))
    tick(world)
    assert names(world) == ["shop-dev"]


def test_an_empty_fleet_is_reported_once_and_the_message_is_edited_once_there_are_clusters() -> None:
    world = World()
    tick(world)
    tick(world)
    assert shown(world) == ["◆ Fleet · is empty · needs you"]
    world.clusters.put(cluster("shop-dev"))
    tick(world)
    assert shown(world) == ["✓ Fleet · has clusters in rings · done"]
    assert world.chat.posts == 1
    assert [entry.text for entry in world.ledger.written.values() if entry.subject == "fleet"] == [
        (
            "is empty: no cluster in the configured subscriptions is in a ring, so nothing is done; if permissions are missing, "
            "Azure returns no clusters instead of an error"
        )
    ]


def test_a_cluster_that_is_found_later_joins_its_ring() -> None:
    world = World()
    world.clusters.put(cluster("shop-dev"))
    tick(world)
    world.clusters.put(cluster("web-dev"))
    tick(world)
    tick(world)
    assert names(world) == ["shop-dev", "web-dev"]
    (ring, *_) = rollouts(world.store).must_get(ROLLOUT).value.plan.rings
    assert [name for _, name in ring.targets] == ["shop-dev", "web-dev"]


def test_a_completed_rollout_is_resumed_for_a_new_cluster() -> None:
    world = World()
    world.clusters.put(cluster("shop-dev", pool("user1", image=NEW)))
    tick(world)
    tick(world)
    assert rollouts(world.store).must_get(ROLLOUT).value.state is State.DONE
    world.engine.live.clear()
    world.clusters.put(cluster("web-dev"))
    tick(world, hours=24)
    assert rollouts(world.store).must_get(ROLLOUT).value.state is State.RUNNING
    assert names(world) == ["shop-dev", "web-dev"]
    assert world.engine.started.count(f"rollout {ROLLOUT}") == 2


def test_the_ledger_records_each_time_that_a_rollout_ends() -> None:
    world = World()
    for name in ("shop-dev", "web-dev"):
        world.clusters.put(cluster(name, pool("user1", image=NEW)))
        tick(world)
        tick(world)
    assert [entry.text for entry in world.ledger.written.values() if entry.kind == "rollout"] == [
        "done: 1 skipped",
        "done: 2 skipped",
    ]


def test_a_halted_rollout_does_not_include_new_clusters() -> None:
    world = World()
    world.clusters.put(cluster("shop-dev"))
    tick(world)
    table = rollouts(world.store)
    stored = table.must_get(ROLLOUT)
    table.replace(stored, replace(stored.value, state=State.HALTED, ended=world.clock.at))
    world.clusters.put(cluster("web-dev"))
    tick(world)
    assert names(world) == ["shop-dev"]


def test_a_cluster_that_is_found_later_and_upgraded_by_aks_is_observed() -> None:
    world = World()
    world.clusters.put(cluster("shop-dev"))
    tick(world)
    world.clusters.put(replace(cluster("auto-dev"), automatic=True))
    tick(world)
    tick(world)
    assert names(world) == ["auto-dev", "shop-dev"]
