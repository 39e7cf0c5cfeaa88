"""A week's rollout takes in the clusters that are found after it began, and an empty fleet is told."""

from dataclasses import replace

from ops.engine.activities import invoke
from ops.facts.fleet import list_fleet
from ops.model.run import State
from ops.scheduling.due_runs import start_due_rollouts
from ops.tables.runs import rollouts, runs
from tests.fakes import NEW, World, cluster, pool

ROLLOUT = "rollout.node-image.2026-w47"


def look(by: World, hours: int = 1) -> None:
    """The hourly look at the fleet, and the rollout's next step."""
    by.clock.pass_(hours=hours)
    start_due_rollouts(by.context, by.settings, list_fleet(by.context.ports.clusters, by.settings), by.clock.at)
    for stored in list(rollouts(by.store).scan()):
        invoke("advance_rollout", by.context, {"rollout": stored.key})


def names(by: World) -> list[str]:
    return sorted(stored.value.target_name for stored in runs(by.store).scan())


def shown(by: World) -> list[str]:
    return [str(content["text"]) for content in by.chat.shown.values()]


def test_a_fleet_that_appears_an_hour_after_the_first_look_is_upgraded_that_week() -> None:
    by = World()
    look(by)
    assert not list(rollouts(by.store).scan())
    by.clusters.put(cluster("shop-dev"))
    look(by)
    assert names(by) == ["shop-dev"]


def test_an_empty_fleet_is_told_once_and_edited_once_there_are_clusters() -> None:
    by = World()
    look(by)
    look(by)
    assert shown(by) == ["◆ Fleet · is empty · needs you"]
    by.clusters.put(cluster("shop-dev"))
    look(by)
    assert shown(by) == ["✓ Fleet · has clusters in rings · done"]
    assert by.chat.posts == 1
    assert [entry.text for entry in by.ledger.written.values() if entry.subject == "fleet"] == [
        "no cluster in the configured subscriptions is in a ring"
    ]


def test_a_cluster_that_is_found_later_joins_its_ring() -> None:
    by = World()
    by.clusters.put(cluster("shop-dev"))
    look(by)
    by.clusters.put(cluster("web-dev"))
    look(by)
    look(by)
    assert names(by) == ["shop-dev", "web-dev"]
    (ring, *_) = rollouts(by.store).must_get(ROLLOUT).value.plan.rings
    assert [name for _, name in ring.targets] == ["shop-dev", "web-dev"]


def test_a_rollout_that_was_done_goes_on_for_who_comes_later() -> None:
    by = World()
    by.clusters.put(cluster("shop-dev", pool("user1", image=NEW)))
    look(by)
    look(by)
    assert rollouts(by.store).must_get(ROLLOUT).value.state is State.DONE
    by.engine.live.clear()
    by.clusters.put(cluster("web-dev"))
    look(by, hours=24)
    assert rollouts(by.store).must_get(ROLLOUT).value.state is State.RUNNING
    assert names(by) == ["shop-dev", "web-dev"]
    assert by.engine.started.count(f"rollout {ROLLOUT}") == 2


def test_each_of_its_ends_is_in_the_ledger() -> None:
    by = World()
    for name in ("shop-dev", "web-dev"):
        by.clusters.put(cluster(name, pool("user1", image=NEW)))
        look(by)
        look(by)
    assert [entry.text for entry in by.ledger.written.values() if entry.kind == "rollout"] == [
        "done: 1 skipped",
        "done: 2 skipped",
    ]


def test_one_that_has_halted_takes_nobody() -> None:
    by = World()
    by.clusters.put(cluster("shop-dev"))
    look(by)
    table = rollouts(by.store)
    stored = table.must_get(ROLLOUT)
    table.replace(stored, replace(stored.value, state=State.HALTED, ended=by.clock.at))
    by.clusters.put(cluster("web-dev"))
    look(by)
    assert names(by) == ["shop-dev"]


def test_a_watched_cluster_that_is_found_later_is_watched() -> None:
    by = World()
    by.clusters.put(cluster("shop-dev"))
    look(by)
    by.clusters.put(replace(cluster("auto-dev"), automatic=True))
    look(by)
    look(by)
    assert names(by) == ["auto-dev", "shop-dev"]
