"""Events from Event Grid: both schemas are read, each event counts once, and unreadable events are recorded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.endpoints.event_grid import read_event, take_event
from ops.model.fleet import Cluster
from ops.scheduling.fleet_scan import record_fleet
from ops.tables.evictions import evictions
from tests.driving import manual_request, start
from tests.fakes import ALL_OPERATIONS, World, cluster, pool

CLUSTER = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/RG/providers/Microsoft.ContainerService/managedClusters/shop-dev"
CLOUD = {
    "specversion": "1.0",
    "id": "1",
    "type": "Microsoft.ContainerService.NodePoolRollingSucceeded",
    "source": CLUSTER,
    "subject": "user1",
    "data": {"nodePoolName": "user1"},
}
GRID = {
    "id": "1",
    "eventType": "Microsoft.ContainerService.NodePoolRollingFailed",
    "topic": CLUSTER,
    "subject": "user1",
    "data": '{"nodePoolName": "user1"}',
}


def waiting() -> tuple[World, str]:
    world = World()
    world.clusters.put(cluster())
    return world, start(world).id


@pytest.mark.parametrize("event", [CLOUD, GRID])
def test_a_rolling_event_in_either_schema_wakes_the_clusters_run(event: dict[str, object]) -> None:
    world, run_id = waiting()
    take_event(world.context, event)
    assert world.engine.woken == [run_id]


def test_an_event_that_is_delivered_twice_counts_once() -> None:
    world, run_id = waiting()
    take_event(world.context, CLOUD)
    take_event(world.context, CLOUD)
    assert world.engine.woken == [run_id]


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ([], "it is not an object"),
        ({"specversion": "1.0", "type": "x"}, "it has no id"),
        ({"id": "1", "eventType": ""}, "it has no type"),
        ({"id": "1", "eventType": "x", "data": "{"}, "its data is text, and it is not JSON"),
        ({"id": "1", "eventType": "x", "data": 7}, "its data is not an object"),
    ],
)
def test_an_unreadable_event_is_recorded_and_not_redelivered_forever(event: object, why: str) -> None:
    world, _ = waiting()
    take_event(world.context, event)
    (entry,) = world.ledger.written.values()
    assert entry.text == f"an event could not be read: {why}"


def nested(levels: int = 5_000) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


REFUSED = {
    "too many levels": [{**CLOUD, "id": each, "data": nested()} for each in ("1", "2", "\ud800")],
    "long ids": [{**CLOUD, "id": f"{'x' * 9_000}{each}{'x' * 9_000}", "data": nested()} for each in ("1", "2")],
    "no object": [nested(), ["a", nested()], [1, nested()]],
    "not finite": [{**CLOUD, "data": {"n": float("nan")}}, {**CLOUD, "data": {"m": float("nan")}}],
    "a long beginning": [{"data": "x" * 9_000, "type": each} for each in ("a", "b")],
}


@pytest.mark.parametrize("events", REFUSED.values(), ids=REFUSED)
def test_each_refused_event_is_recorded_once(events: list[object]) -> None:
    world, _ = waiting()
    for event in (*events, *events):
        take_event(world.context, event)
    written = [entry for entry in world.ledger.written.values() if entry.kind == "unreadable"]
    assert len(written) == len(events)
    assert all(len(str(entry.data)) < 5_000 for entry in written)


def test_an_event_without_a_consumer_is_recorded() -> None:
    world, _ = waiting()
    take_event(world.context, {**CLOUD, "type": "Microsoft.ContainerService.ClusterSupportEnded"})
    (entry,) = world.ledger.written.values()
    assert entry.text == "Daytwo does not act on Microsoft.ContainerService.ClusterSupportEnded"


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(),
        lambda inner: st.dictionaries(st.text(), inner) | st.lists(inner),
    )
)
def test_no_event_crashes_the_reader(event: object) -> None:
    if isinstance(event, dict):
        read_event(event)


def test_a_pool_event_does_not_wake_runs_that_are_not_waiting_for_pools() -> None:
    world, _ = waiting()
    start(world, manual_request(world, runbook="reboot"))
    world.engine.woken.clear()
    take_event(world.context, CLOUD)
    assert [run.split(".")[0] for run in world.engine.woken] == ["node-image"]


def test_many_evictions_list_the_fleet_at_most_once() -> None:
    world, listed = counting_lists()
    for number in range(100):
        take_event(world.context, eviction(number, "mc_rg_shop-dev_westeurope"))
    assert listed == [1]
    assert len(list(evictions(world.store).scan())) == 100


def test_evictions_in_a_cluster_that_the_last_scan_found_do_not_list_the_fleet() -> None:
    world, listed = counting_lists()
    record_fleet(world.context, tuple(world.clusters.fleet.values()), world.clock.at)
    take_event(world.context, eviction(7, "mc_rg_shop-dev_westeurope"))
    assert listed == []
    assert [stored.value.node for stored in evictions(world.store).scan()] == ["aks-spot1-1-vmss000007"]


def test_a_notice_from_a_known_spot_pool_does_not_read_azure() -> None:
    world, _ = counting_lists()
    record_fleet(world.context, tuple(world.clusters.fleet.values()), world.clock.at)
    source = world.clusters.only.id
    world.clusters.fleet.clear()
    notice = {**CLOUD, "type": "Daytwo.Spot.Notice", "source": source, "data": {"node": "aks-spot1-1-vmss000003"}}
    take_event(world.context, notice)
    assert [stored.value.node for stored in evictions(world.store).scan()] == ["aks-spot1-1-vmss000003"]


def eviction(instance: int, group: str) -> dict[str, object]:
    """Azure's event about an evicted scale set instance."""
    target = (
        f"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/{group}/providers/Microsoft.Compute"
        f"/virtualMachineScaleSets/aks-spot1-1-vmss/virtualMachines/{instance}"
    )
    properties = {"annotationName": "VirtualMachinePreempted", "targetResourceId": target}
    return {
        **CLOUD,
        "id": f"e-{instance}",
        "type": "Microsoft.ResourceNotifications.HealthResources.ResourceAnnotated",
        "data": {"resourceInfo": {"properties": properties}},
    }


def counting_lists() -> tuple[World, list[int]]:
    """A world with a cluster that has a spot pool, and the number of times that its fleet was listed."""
    world, listed = World(config=ALL_OPERATIONS), []
    world.clusters.put(cluster("shop-dev", pool("spot1", spot=True), node_resource_group="MC_rg_shop-dev_westeurope"))
    original = world.clusters.list_clusters

    def counted(subscription: str) -> tuple[Cluster, ...]:
        listed.append(1)
        return original(subscription)

    world.clusters.list_clusters = counted  # type: ignore[method-assign]  # counts the calls
    return world, listed
