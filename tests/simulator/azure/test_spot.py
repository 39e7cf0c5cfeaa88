"""Spot evictions: groups, notices, Azure's notifications, and the pool's state afterwards."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from ops.adapters.kubernetes_documents import node_of
from simulator.kubernetes.node_conditions import conditions
from simulator.kubernetes.nodes import node_document
from simulator.running import Running, running_simulation
from simulator.world.journal import Kind
from simulator.world.scripted_faults import SpotEviction
from simulator.world.specs import FleetSpec, PoolSpec
from simulator.world.spot import ANNOTATED, NOTICE
from simulator.world.workloads import WorkloadSpec
from simulator.world.world import World
from tests.simulator.azure.clients import compute_client
from tests.simulator.azure.conftest import START, small_fleet
from tests.simulator.azure.test_reboots import GROUP, scale_set
from tests.simulator.azure.webhooks import webhook

AT = START + timedelta(hours=1)


def spot_fleet(nodes: int = 20) -> FleetSpec:
    """A fleet whose cluster ``web`` has a workload on a large spot pool."""
    fleet = small_fleet()
    pools = (PoolSpec("system", 3, mode="System"), PoolSpec("spot", nodes, priority="Spot"))
    batch = WorkloadSpec("jobs", "batch", replicas=nodes, tolerates_spot=True, starts_in_s=(5, 10))
    web = replace(fleet.clusters[0], pools=pools, workloads=(batch,))
    return replace(fleet, clusters=(web, *fleet.clusters[1:]))


def test_evicted_nodes_disappear_within_seconds_and_are_not_replaced() -> None:
    world = World(spot_fleet(), seed=1)
    cluster = world.clusters["web"]
    world.arm(SpotEviction("web", "spot", AT, nodes=8))
    world.advance(AT + timedelta(minutes=10))
    evicted = world.journal.of(Kind.SPOT_EVICTED, "web", "spot")
    assert len({entry.node for entry in evicted}) == 8
    assert evicted[-1].at - evicted[0].at <= timedelta(seconds=8)
    left = {entry.node: entry.at for entry in world.journal.of(Kind.NODE_LEFT, "web", "spot")}
    assert {left[entry.node] - entry.at for entry in evicted} == {timedelta(seconds=30)}
    assert (len(cluster.nodes_of("spot")), cluster.pools["spot"].count) == (12, 12)
    world.advance(AT + timedelta(days=1))
    assert len(cluster.nodes_of("spot")) == 12


def test_pods_from_evicted_nodes_are_rescheduled_without_budget_violations() -> None:
    world = World(spot_fleet(), seed=1)
    world.arm(SpotEviction("web", "spot", AT, nodes=19))
    world.advance(AT + timedelta(minutes=10))
    pods = list(world.clusters["web"].kube.pods.values())
    assert [pod.ready for pod in pods] == [True] * 20
    assert world.journal.of(Kind.PDB_VIOLATED) == []


def test_all_nodes_are_evicted_when_more_are_requested_than_the_pool_has() -> None:
    world = World(spot_fleet(3), seed=1)
    world.arm(SpotEviction("web", "spot", AT, nodes=99))
    world.advance(AT + timedelta(minutes=10))
    assert (world.clusters["web"].nodes_of("spot"), world.clusters["web"].pools["spot"].count) == ([], 0)


def annotations(world: World) -> list[Any]:
    return [event for event in world.events if event.type == ANNOTATED]


def test_notifications_can_be_late_duplicated_and_out_of_order() -> None:
    world = World(spot_fleet(), seed=1)
    world.arm(SpotEviction("web", "spot", AT, nodes=20))
    world.advance(AT + timedelta(hours=1))
    entries_of = annotations(world)
    assert len({event.identity for event in entries_of}) == 20
    assert len(entries_of) > 20
    occurred = {entry.detail["event"]: entry.at for entry in world.journal.of(Kind.SPOT_EVICTED)}
    late = [event.at - occurred[event.identity.rpartition("/")[2]] for event in entries_of]
    assert timedelta(seconds=5) <= min(late) < timedelta(minutes=2) < max(late) <= timedelta(minutes=10)
    order = [occurred[event.identity.rpartition("/")[2]] for event in entries_of]
    assert order != sorted(order)
    again = World(spot_fleet(), seed=1)
    again.arm(SpotEviction("web", "spot", AT, nodes=20))
    again.advance(AT + timedelta(hours=1))
    assert again.events == world.events


def test_formats_of_ids_and_times_vary_as_in_real_notifications() -> None:
    world = World(spot_fleet(), seed=1)
    world.arm(SpotEviction("web", "spot", AT, nodes=20))
    world.advance(AT + timedelta(hours=1))
    entries_of = [event.data["resourceInfo"]["properties"] for event in annotations(world)]
    spelled = {re.sub(r"\d+$", "", each["targetResourceId"]) for each in entries_of}
    assert len(spelled) == 4
    assert len({each.lower() for each in spelled}) == 1
    assert {each["annotationName"] for each in entries_of} == {"VirtualMachinePreempted"}
    assert "0001-01-01T00:00:00Z" in {each["occurredTime"] for each in entries_of}


@pytest.mark.parametrize("schema", ["eventgrid", "cloudevents"])
def test_both_schemas_contain_the_annotation(schema: str) -> None:
    with running_simulation(spot_fleet(), seed=1) as simulation, webhook(simulation) as hook:
        simulation.control("/subscribers", {"url": hook.url, "schema": schema})
        simulation.control(
            "/scripted-faults",
            {"kind": "SpotEviction", "cluster": "web", "pool": "spot", "at": AT.isoformat(), "nodes": 1},
        )
        simulation.advance(AT + timedelta(hours=1))
        bodies = [body[0] if schema == "eventgrid" else body for _, body in hook.received]
        kinds = {body["eventType" if schema == "eventgrid" else "type"] for body in bodies}
        assert kinds == {ANNOTATED}
        source = bodies[0]["topic" if schema == "eventgrid" else "source"]
        assert source == f"/subscriptions/{simulation.environment['SUBSCRIPTION']}"
        assert len({body["id"] for body in bodies}) == 1
        info = bodies[0]["data"]["resourceInfo"]
        [entry] = simulation.world.journal.of(Kind.SPOT_EVICTED)
        index = int((entry.node or "")[-6:], 36)
        assert info["properties"]["targetResourceId"].lower().endswith(f"-vmss/virtualmachines/{index}")
        assert bodies[0]["data"]["operationalInfo"]["resourceEventTime"].startswith("2026-11-16T01:00:0")


def test_the_agent_publishes_a_notice_half_a_minute_before_the_eviction() -> None:
    with running_simulation(spot_fleet(), seed=1) as simulation, webhook(simulation) as hook:
        simulation.control("/subscribers", {"url": hook.url, "schema": "cloudevents"})
        simulation.world.arm(SpotEviction("web", "spot", AT, nodes=2, notice_s=25))
        simulation.advance(AT + timedelta(minutes=2))
        notices = [body for _, body in hook.received if body["type"] == NOTICE]
        evicted = {entry.node: entry.at for entry in simulation.world.journal.of(Kind.SPOT_EVICTED)}
        assert {body["data"]["node"] for body in notices} == set(evicted)
        for body in notices:
            assert body["source"].endswith("/providers/Microsoft.ContainerService/managedClusters/web")
            entries_of = datetime.fromisoformat(body["time"])
            gone = evicted[body["data"]["node"]]
            assert gone - entries_of == timedelta(seconds=25)
            assert body["data"]["notBefore"] == f"{gone:%a, %d %b %Y %H:%M:%S} GMT"
            assert re.fullmatch(r"[0-9A-F-]{36}", body["data"]["eventId"])


def test_an_eviction_can_be_requested_through_azure(simulation: Running, later: Callable[..., None]) -> None:
    machines = compute_client(simulation).virtual_machine_scale_set_vms
    machines.simulate_eviction(GROUP, scale_set(simulation, "spot"), "1")
    assert len(simulation.world.clusters["web"].nodes_of("spot")) == 3
    later(minutes=2)
    names = [node.name[-1] for node in simulation.world.clusters["web"].nodes_of("spot")]
    assert names == ["0", "2"]
    with pytest.raises(HttpResponseError) as caught:
        machines.simulate_eviction(GROUP, scale_set(simulation, "user1"), "0")
    assert (caught.value.status_code, caught.value.error and caught.value.error.code) == (409, "OperationNotAllowed")


def test_a_node_with_a_notice_has_its_conditions_until_it_is_gone() -> None:
    world = World(spot_fleet(), seed=1)
    world.arm(SpotEviction("web", "spot", AT, nodes=1, notice_s=25))
    world.advance(AT + timedelta(seconds=10))
    cluster = world.clusters["web"]
    (evicted,) = {entry.node for entry in world.journal.of(Kind.SPOT_NOTICE)}
    read = {name: node_of(node_document(cluster, node)) for name, node in cluster.nodes.items()}
    assert [name for name, node in read.items() if node.event_scheduled] == [evicted]
    assert {each["type"] for each in conditions(cluster.nodes[str(evicted)]) if each["status"] == "True"} == {
        "Ready", "VMEventScheduled", "PreemptionScheduled",
    }  # fmt: skip
