"""The rules for spot evictions (docs/spot.md): evicted spot nodes are drained, and notices for other nodes drain nothing."""

from dataclasses import replace
from datetime import datetime, timedelta

from ops.model.decision import Act, Decision, Nothing, Report
from ops.model.fleet import Cluster, Node
from ops.model.run_request import RunRequest
from ops.model.workload import Eviction, Pod
from ops.runbooks.spot import RUNBOOK, Facts
from tests.driving import start
from tests.fakes import ALL_OPERATIONS, MONDAY, World, cluster, nodes_of, pool, settings

MIXED = cluster("shop-prod", pool("spot", spot=True), pool("user1"), env="prod")
SPOT, USER = "aks-spot-0", "aks-user1-0"


def eviction(name: str, at: datetime, seen: datetime | None = None) -> Eviction:
    return Eviction(MIXED.id, name, "spot", seen or at, confirmed=False, source="node", occurred=at)


def pod(name: str, node: str, *, phase: str = "Running", deleting: bool = False) -> Pod:
    return Pod("shop", name, name, node, phase, ready=phase == "Running", owner_kind="ReplicaSet", deleting=deleting)


def outcome(nodes: tuple[Node, ...], *pods: Pod, of: Cluster = MIXED, at: datetime = MONDAY) -> Report:
    """The report ten minutes after the only eviction, or at once if that was reported a day late."""
    run = start(World(), RunRequest("spot", of.id, of.name, "spot-1", MONDAY, "event", "node")).record
    group = {SPOT: eviction(SPOT, at, MONDAY)}
    decision = RUNBOOK.decide(
        Facts(of, nodes, pods, group), settings(ALL_OPERATIONS), run, MONDAY + timedelta(minutes=10)
    )
    assert isinstance(decision, Report)
    return decision


def decide(*taken: str, of: Cluster = MIXED, nodes: tuple[Node, ...] = nodes_of(MIXED), minutes: int = 0) -> Decision:
    run = start(World(), RunRequest("spot", of.id, of.name, "spot-1", MONDAY, "event", "node")).record
    facts = Facts(of, nodes, (), {name: eviction(name, MONDAY) for name in taken})
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


LEFT = tuple(node for node in nodes_of(MIXED) if node.name != SPOT)


def test_a_node_that_stays_registered_and_not_ready_is_not_a_false_alarm() -> None:
    not_ready = replace(nodes_of(MIXED)[0], name=SPOT, ready=False)
    report = outcome((not_ready, *LEFT), pod("w", SPOT, deleting=True), pod("web", USER))
    assert report.lines == (
        "0 of 1 nodes are gone",
        f"{SPOT} is still registered and not Ready",
        "1 pod is bound to a node that is gone or not Ready: shop/w",
    )


def test_pods_on_a_node_that_is_gone_are_not_called_placed() -> None:
    report = outcome(LEFT, pod("w", SPOT), pod("x", "", phase="Pending"), pod("web", USER))
    assert report.lines[1:3] == (
        "1 pod is waiting for a node: shop/x",
        "1 pod is bound to a node that is gone or not Ready: shop/w",
    )


def test_that_every_pod_has_a_node_is_said_with_their_number() -> None:
    assert outcome(LEFT, pod("web", USER), pod("job", "", phase="Succeeded")).lines[1] == (
        "every pod is on a node that is Ready (1 checked)"
    )


def test_yesterdays_eviction_is_reported_and_not_acted_on() -> None:
    node = replace(nodes_of(MIXED)[0], name=SPOT)
    report = outcome((node, *LEFT), at=MONDAY - timedelta(days=1))
    assert report.lines[:3] == (
        "0 of 1 nodes are gone",
        f"{SPOT} still exists and is Ready: a false alarm, or its machine has come back",
        "1 eviction of Sun 2026-11-15 00:00 UTC was reported late, so nothing was drained for it",
    )


def test_a_node_that_was_registered_again_under_the_same_name_is_not_drained() -> None:
    again = replace(nodes_of(MIXED)[0], name=SPOT, created=MONDAY + timedelta(minutes=2))
    assert not isinstance(decide(SPOT, nodes=(again, *LEFT), minutes=3), Act)
    assert outcome((again, *LEFT)).lines[:2] == ("1 of 1 nodes are gone", f"{SPOT} has been registered again since")


def test_only_a_pool_that_was_evicted_and_has_no_autoscaler_is_called_empty() -> None:
    two = cluster("shop-prod", pool("spot", spot=True), pool("idle", spot=True), pool("user1"), env="prod")
    users = tuple(node for node in nodes_of(two) if node.pool == "user1")
    assert outcome(users, of=two).lines[-1] == "spot has no nodes left and will not recover by itself"
    scaled = replace(two, pools=tuple(replace(each, autoscaled=each.spot) for each in two.pools))
    report = outcome(users, of=scaled)
    assert (report.ok, any("no nodes left" in line for line in report.lines)) == (True, False)
