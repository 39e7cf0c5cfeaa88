"""A target that requires a person's action is reported once, even without a run."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ops.messaging.conditions import close_stale
from ops.model.fleet import Power
from ops.model.workload import DisruptionBudget, Pod
from ops.ports.errors import DeniedError, TryLaterError
from ops.tables.runs import runs
from tests.approvals.story import PEOPLE
from tests.driving import NIGHT, start_due
from tests.fakes import ALL_OPERATIONS, World, cluster, nodes_of

LABELS = {"app": "web"}


def world_at_night() -> World:
    world = World(config=ALL_OPERATIONS)
    world.clock.at = NIGHT
    return world


def shown(world: World) -> list[str]:
    return [str(content["text"]) for content in world.chat.shown.values()]


def test_an_invalid_tag_is_reported_once() -> None:
    world = world_at_night()
    world.clusters.put(cluster("shop-dev", tags={"env": "dev", "daytwo-awake": "when I like"}))
    start_due(world)
    start_due(world)
    assert shown(world) == ["◆ Power · shop-dev · waiting for a person · needs you"]
    assert "its tag daytwo-awake cannot be parsed" in str(next(iter(world.chat.shown.values())))
    assert (world.chat.posts, len(world.ledger.written)) == (1, 1)
    assert not list(runs(world.store).scan())


def test_the_message_about_an_invalid_tag_is_edited_after_the_fix() -> None:
    world = world_at_night()
    invalid = cluster("shop-dev", tags={"env": "dev", "daytwo-awake": "when I like"})
    world.clusters.put(invalid)
    start_due(world)
    world.clusters.put(replace(invalid, tags={"env": "dev", "daytwo-awake": "mon-sun 00:00-23:59"}))
    start_due(world)
    assert shown(world) == ["✓ Power · shop-dev · nothing is blocked anymore · done"]


def add_blocked_reboot(world: World) -> str:
    """Add a node that requires a reboot, with a pod whose PDB never allows an eviction. Return the node's name."""
    only = cluster("shop-dev", tags={"env": "test"})
    world.clusters.put(only)
    node = nodes_of(only)[1].name
    world.nodes.listed["shop-dev"] = nodes_of(only, boot_id="before")
    world.nodes.change(node, annotations={"daytwo.dev/reboot-required": "2026-09-01T00:00:00Z"})
    world.nodes.running["shop-dev"] = (
        Pod("shop", "web", "u", node, "Running", ready=True, owner_kind="ReplicaSet", labels=LABELS),
    )
    world.nodes.protecting["shop-dev"] = (DisruptionBudget("shop", "web", LABELS, 0, 1, 1, 1),)
    return node


def test_a_node_that_can_never_be_drained_is_reported_once() -> None:
    world = world_at_night()
    node = add_blocked_reboot(world)
    start_due(world)
    world.clock.advance(hours=1)
    start_due(world)
    assert shown(world) == ["◆ Reboots · shop-dev · waiting for a person · needs you"]
    assert f"{node}: PDB shop/web never allows an eviction" in str(next(iter(world.chat.shown.values())))
    assert world.chat.posts == 1


def test_nodes_that_daytwo_is_not_allowed_to_read_are_reported() -> None:
    world = world_at_night()
    world.clusters.put(cluster("shop-dev", tags={"env": "test"}))
    world.nodes.refuse["nodes"] = DeniedError("listing the nodes of shop-dev: 403: the ClusterRole is missing")
    start_due(world)
    assert "the ClusterRole is missing" in str(next(iter(world.chat.shown.values())))


def test_nothing_is_posted_for_a_cluster_without_work() -> None:
    world = world_at_night()
    world.clusters.put(cluster("shop-dev", tags={"env": "test"}))
    start_due(world)
    assert world.chat.posts == 0
    assert not world.ledger.written


def test_a_block_that_occurs_weeks_later_gets_a_new_message() -> None:
    world = world_at_night()
    invalid = cluster("shop-dev", tags={"env": "dev", "daytwo-awake": "when I like"})
    world.clusters.put(invalid)
    start_due(world)
    world.clusters.put(
        replace(invalid, power=Power.STOPPED, tags={"env": "dev", "daytwo-awake": "mon-fri 09:00-17:00"})
    )
    start_due(world)
    world.clock.advance(hours=24 * 28)
    world.clusters.put(invalid)
    start_due(world)
    assert shown(world) == [
        "✓ Power · shop-dev · nothing is blocked anymore · done",
        "◆ Power · shop-dev · waiting for a person · needs you",
    ]


def test_a_block_is_closed_when_its_cluster_has_left_the_fleet() -> None:
    world = world_at_night()
    world.clusters.put(cluster("shop-dev", tags={"env": "dev", "daytwo-awake": "when I like"}))
    start_due(world)
    world.clusters.fleet.clear()
    close_stale(world.context.ports, world.clock.advance(hours=24 * 7))
    assert shown(world) == ["◆ Power · shop-dev · waiting for a person · needs you"]
    close_stale(world.context.ports, world.clock.advance(hours=48))
    (closed,) = shown(world)
    assert closed.endswith(" Power · shop-dev · has not been observed since 2026-11-16 · skipped")


def world_with_blocked_reboot_by_day() -> World:
    """A world at ten in the morning. A rule requires approval, so reboots are planned by day."""
    world = World(
        config=ALL_OPERATIONS.replace(
            "reboot: {window: nights}", "reboot: {window: nights, approval: {from: platform}}"
        )
        + PEOPLE
    )
    world.clock.at = datetime(2026, 11, 17, 10, tzinfo=UTC)
    add_blocked_reboot(world)
    start_due(world)
    return world


@pytest.mark.parametrize("what", ["nodes", "pods", "budgets"])
def test_a_block_stays_open_while_the_api_server_does_not_respond(what: str) -> None:
    world = world_with_blocked_reboot_by_day()
    world.nodes.refuse[what] = TryLaterError(f"listing the {what}: 503")
    world.clock.advance(hours=1)
    start_due(world)
    assert shown(world) == ["◆ Reboots · shop-dev · waiting for a person · needs you"]
    assert "never allows an eviction" in str(next(iter(world.chat.shown.values())))


@pytest.mark.parametrize("what", ["nodes", "pods", "budgets"])
def test_missing_access_is_reported_instead_of_the_block(what: str) -> None:
    world = world_at_night()
    add_blocked_reboot(world)
    start_due(world)
    world.nodes.refuse[what] = DeniedError(f"listing the {what}: 403")
    world.clock.advance(hours=1)
    start_due(world)
    assert shown(world) == ["◆ Reboots · shop-dev · waiting for a person · needs you"]
    assert f"listing the {what}: 403" in str(next(iter(world.chat.shown.values())))
