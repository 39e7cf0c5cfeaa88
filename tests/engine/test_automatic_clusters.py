"""AKS Automatic with managed system pools: what was not seen is said, and what cannot be done is known before it is tried."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ops.engine.preview import behind_counted, preview_pools
from ops.model.fleet import Cluster, Node, Pool
from ops.model.outcome import Refused
from ops.model.plan import Step
from ops.model.run import State, StepRecord
from ops.policy.cluster_notes import cluster_notes
from ops.render.commands import plan_message
from ops.runbooks import runbooks
from ops.verbs.contract import StepContext
from ops.verbs.stop_cluster import StopCluster
from tests.driving import IN_WINDOW, manual_request, start, start_due, world_with
from tests.fakes import ALL_OPERATIONS, NEW, OLD, World, cluster, nodes_of, pool

NOTE = "AKS runs its system pools itself: Azure does not list them, so their images were not compared"
NIGHT = datetime(2026, 11, 16, 23, tzinfo=UTC)


def automatic(*pools: Pool) -> Cluster:
    plain = cluster("shop-dev", automatic=True, node_auto_provisioning=True, hosted_system_pools=True)
    return replace(plain, pools=pools)


def with_nodes(of: Cluster) -> World:
    world = world_with(of, ALL_OPERATIONS, NIGHT)
    old = Node("aks-default-x7k2p", "", OLD, ready=False, provisioner="default", uid="1")
    hosted = Node("aks-hostedpool-1-vms0", "hostedpool", NEW, ready=True, uid="2")
    world.nodes.listed["shop-dev"] = (*nodes_of(of), old, hosted)
    return world


def test_a_cluster_without_listed_pools_says_what_was_not_seen() -> None:
    world = with_nodes(automatic())
    run = start(world, manual_request(world)).to_end()
    assert run.state is State.SKIPPED
    assert "Azure lists no pools for it, so no image was compared" in run.why
    assert NOTE in run.why
    assert "managed system pool: 1 node by node labels, not confirmed by ARM: 202611.05.0" in run.why


def test_listed_pools_do_not_speak_for_the_others() -> None:
    world = with_nodes(automatic(pool("user1", NEW)))
    run = start(world, manual_request(world)).to_end()
    assert "1 pool compared: all run the newest image" in run.why
    assert NOTE in run.why


def test_the_plan_has_a_row_for_it() -> None:
    world = world_with(automatic(), ALL_OPERATIONS, NIGHT)
    world.nodes.listed["shop-dev"] = ()
    (shown,) = preview_pools(world.context, world.settings, (world.clusters.only,), world.clock.at)
    assert (shown.pool, shown.behind, shown.is_behind, shown.notes) == ("", "?", False, (NOTE,))
    assert "no image was compared" in shown.next
    message = plan_message([("shop-dev", "", "?", shown.next)], behind_counted((shown,)), {"shop-dev": shown.notes})
    assert message.lines == (f"shop-dev: {NOTE}",)
    assert message.where == "0 of 0 pools are behind; 1 could not be compared"
    assert cluster_notes(cluster(), None, IN_WINDOW) == ()


@pytest.mark.parametrize(
    ("runbook", "why"),
    [
        ("power", "AKS cannot stop an AKS Automatic cluster"),
        ("reboot", "the nodes of an AKS Automatic cluster cannot be restarted"),
    ],
)
def test_a_stop_and_a_reboot_are_not_possible_and_nothing_is_tried(runbook: str, why: str) -> None:
    world = with_nodes(automatic(pool("user1", NEW)))
    run = start(world, manual_request(world, runbook)).to_end()
    assert run.state is State.SKIPPED
    assert why in run.why
    start_due(world)
    assert (world.engine.started[1:], world.clusters.asked, world.nodes.marks) == ([], [], [])


@pytest.mark.parametrize(
    ("of", "why"),
    [
        (automatic(), "AKS cannot stop an AKS Automatic cluster"),
        (cluster("shop-dev", node_auto_provisioning=True), "AKS cannot stop a cluster with node auto-provisioning"),
    ],
)
def test_a_stop_that_was_planned_before_is_refused_before_it_is_tried(of: Cluster, why: str) -> None:
    world = world_with(of, ALL_OPERATIONS, NIGHT)
    step = Step("stop", "stop-cluster", "stop", {}, 60)
    context = StepContext(of.id, step, StepRecord("stop", "stop"), world.clock.at, world.context.ports)
    refused = StopCluster().check(context)
    assert isinstance(refused, Refused)
    assert (refused.cause, refused.lasting) == (why, False)
    assert world.clusters.asked == []


def test_an_automatic_cluster_is_not_asked_for_reboots() -> None:
    world = with_nodes(automatic(pool("user1", NEW)))
    assert runbooks()["reboot"].due((world.clusters.only,), world.settings, NIGHT) == ()
    assert runbooks()["reboot"].due((cluster("shop-dev"),), world.settings, NIGHT) != ()
