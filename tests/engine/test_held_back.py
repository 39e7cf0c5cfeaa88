"""What a timer leaves out until a person has looked is told, once, though no run is made of it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ops.facts.fleet import list_fleet
from ops.messaging.conditions import close_stale
from ops.model.workload import DisruptionBudget, Pod
from ops.ports.errors import DeniedError, TryLaterError
from ops.scheduling.due_runs import start_due_runs
from ops.tables.runs import runs
from tests.approvals.story import PEOPLE
from tests.fakes import LANES, World, cluster, nodes_of

NIGHT = datetime(2026, 11, 16, 23, tzinfo=UTC)
LABELS = {"app": "web"}


def quarter(by: World) -> None:
    """The look at every quarter of an hour."""
    start_due_runs(by.context, by.settings, list_fleet(by.context.ports.clusters, by.settings), by.clock.at)


def night() -> World:
    by = World(config=LANES)
    by.clock.at = NIGHT
    return by


def shown(by: World) -> list[str]:
    return [str(content["text"]) for content in by.chat.shown.values()]


def test_a_tag_that_cannot_be_read_is_told_once() -> None:
    by = night()
    by.clusters.put(cluster("shop-dev", tags={"env": "dev", "daytwo-awake": "when I like"}))
    quarter(by)
    quarter(by)
    assert shown(by) == ["◆ Power · shop-dev · waits for a person · needs you"]
    assert "its tag daytwo-awake cannot be parsed" in str(next(iter(by.chat.shown.values())))
    assert (by.chat.posts, len(by.ledger.written)) == (1, 1)
    assert not list(runs(by.store).scan())


def test_and_it_is_said_once_it_can_be_read() -> None:
    by = night()
    sick = cluster("shop-dev", tags={"env": "dev", "daytwo-awake": "when I like"})
    by.clusters.put(sick)
    quarter(by)
    by.clusters.put(replace(sick, tags={"env": "dev", "daytwo-awake": "mon-sun 00:00-23:59"}))
    quarter(by)
    assert shown(by) == ["✓ Power · shop-dev · nothing is blocked any more · done"]


def asking(by: World) -> str:
    """A node that requires a reboot, with a pod whose PDB never lets it go."""
    only = cluster("shop-dev", tags={"env": "test"})
    by.clusters.put(only)
    node = nodes_of(only)[1].name
    by.nodes.said["shop-dev"] = nodes_of(only, boot_id="before")
    by.nodes.change(node, annotations={"daytwo.dev/reboot-required": "2026-09-01T00:00:00Z"})
    by.nodes.running["shop-dev"] = (
        Pod("shop", "web", "u", node, "Running", ready=True, owner_kind="ReplicaSet", labels=LABELS),
    )
    by.nodes.protecting["shop-dev"] = (DisruptionBudget("shop", "web", LABELS, 0, 1, 1, 1),)
    return node


def test_a_node_that_may_never_be_rebooted_is_told_once() -> None:
    by = night()
    node = asking(by)
    quarter(by)
    by.clock.pass_(hours=1)
    quarter(by)
    assert shown(by) == ["◆ Reboots · shop-dev · waits for a person · needs you"]
    assert f"{node}: PDB shop/web never allows an eviction" in str(next(iter(by.chat.shown.values())))
    assert by.chat.posts == 1


def test_nodes_that_daytwo_may_not_read_are_told() -> None:
    by = night()
    by.clusters.put(cluster("shop-dev", tags={"env": "test"}))
    by.nodes.refuse["nodes"] = DeniedError("listing the nodes of shop-dev: 403: the ClusterRole is missing")
    quarter(by)
    assert "the ClusterRole is missing" in str(next(iter(by.chat.shown.values())))


def test_a_cluster_with_nothing_to_do_stays_silent() -> None:
    by = night()
    by.clusters.put(cluster("shop-dev", tags={"env": "test"}))
    quarter(by)
    assert by.chat.posts == 0
    assert not by.ledger.written


def test_what_is_held_again_weeks_later_is_a_message_of_its_own() -> None:
    by = night()
    sick = cluster("shop-dev", tags={"env": "dev", "daytwo-awake": "when I like"})
    by.clusters.put(sick)
    quarter(by)
    by.clusters.put(replace(sick, running=False, tags={"env": "dev", "daytwo-awake": "mon-fri 09:00-17:00"}))
    quarter(by)
    by.clock.pass_(hours=24 * 28)
    by.clusters.put(sick)
    quarter(by)
    assert shown(by) == [
        "✓ Power · shop-dev · nothing is blocked any more · done",
        "◆ Power · shop-dev · waits for a person · needs you",
    ]


def test_a_cluster_that_nobody_looks_at_any_more_is_held_back_no_more() -> None:
    by = night()
    by.clusters.put(cluster("shop-dev", tags={"env": "dev", "daytwo-awake": "when I like"}))
    quarter(by)
    by.clusters.fleet.clear()
    close_stale(by.context.ports, by.clock.pass_(hours=24 * 7))
    assert shown(by) == ["◆ Power · shop-dev · waits for a person · needs you"]
    close_stale(by.context.ports, by.clock.pass_(hours=48))
    assert shown(by) == ["✓ Power · shop-dev · nothing is blocked any more · done"]


def by_day() -> World:
    """At ten in the morning, where somebody has to approve reboots: they are looked for by day."""
    by = World(
        config=LANES.replace("reboot: {window: nights}", "reboot: {window: nights, approval: {from: platform}}")
        + PEOPLE
    )
    by.clock.at = datetime(2026, 11, 17, 10, tzinfo=UTC)
    asking(by)
    quarter(by)
    return by


@pytest.mark.parametrize("what", ["nodes", "pods", "budgets"])
def test_who_does_not_answer_lifts_nothing(what: str) -> None:
    by = by_day()
    by.nodes.refuse[what] = TryLaterError(f"listing the {what}: 503")
    by.clock.pass_(hours=1)
    quarter(by)
    assert shown(by) == ["◆ Reboots · shop-dev · waits for a person · needs you"]
    assert "never allows an eviction" in str(next(iter(by.chat.shown.values())))


@pytest.mark.parametrize("what", ["nodes", "pods", "budgets"])
def test_what_daytwo_may_not_read_any_more_is_told_instead(what: str) -> None:
    by = night()
    asking(by)
    quarter(by)
    by.nodes.refuse[what] = DeniedError(f"listing the {what}: 403")
    by.clock.pass_(hours=1)
    quarter(by)
    assert shown(by) == ["◆ Reboots · shop-dev · waits for a person · needs you"]
    assert f"listing the {what}: 403" in str(next(iter(by.chat.shown.values())))
