"""The rules for spot evictions (docs/spot.md): evicted spot nodes are drained, and notices for other nodes drain nothing."""

from dataclasses import replace
from datetime import timedelta

from ops.model.decision import Act, Decision, Nothing, Report
from ops.model.fleet import Cluster, Node
from ops.model.run_request import RunRequest
from ops.runbooks.spot import RUNBOOK, Facts
from tests.driving import start
from tests.fakes import ALL_OPERATIONS, MONDAY, World, cluster, nodes_of, pool, settings

MIXED = cluster("shop-prod", pool("spot", spot=True), pool("user1"), env="prod")
SPOT, USER = "aks-spot-0", "aks-user1-0"


def decide(*taken: str, of: Cluster = MIXED, nodes: tuple[Node, ...] = nodes_of(MIXED), minutes: int = 0) -> Decision:
    run = start(World(), RunRequest("spot", of.id, of.name, "spot-1", MONDAY, "event", "node")).record
    facts = Facts(of, nodes, (), dict.fromkeys(taken, MONDAY))
    return RUNBOOK.decide(facts, settings(ALL_OPERATIONS), run, MONDAY + timedelta(minutes=minutes))


def test_an_evicted_spot_node_is_drained() -> None:
    decision = decide(SPOT)
    assert isinstance(decision, Act)
    assert decision.plan.steps[0].params["nodes"] == SPOT


def test_a_notice_for_a_node_other_than_a_spot_node_does_not_drain_anything() -> None:
    assert decide(USER) == Nothing(
        "aks-user1-0 is not in a spot pool, so Azure does not evict it and it is not drained"
    )


def test_only_spot_nodes_are_drained_and_reported_when_notices_are_mixed() -> None:
    decision = decide(USER, SPOT)
    assert isinstance(decision, Act)
    assert decision.plan.steps[0].params["nodes"] == SPOT
    left = tuple(node for node in nodes_of(MIXED) if node.name != SPOT)
    decision = decide(USER, SPOT, nodes=left, minutes=10)
    assert isinstance(decision, Report)
    assert (decision.headline, decision.lines[0]) == ("1 spot node evicted", "1 of 1 nodes are gone")


def test_a_node_in_a_pool_unknown_to_azure_is_not_drained() -> None:
    stranger = replace(nodes_of(MIXED)[0], pool="nonsense")
    assert isinstance(decide(SPOT, nodes=(stranger,)), Nothing)


def test_a_cluster_outside_the_fleet_is_not_changed() -> None:
    other = MIXED.id.replace("00000000-0000", "99999999-0000")
    assert decide(SPOT, of=replace(MIXED, id=other)) == Nothing("the cluster is not in a configured subscription")
