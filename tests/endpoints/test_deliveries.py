"""Every relevant event is delivered in both schemas, duplicated, late, and out of order. Each starts one run; none is lost."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.endpoints.budget_alerts import take_alert
from ops.endpoints.event_grid import take_event
from ops.tables.runs import runs
from tests.engine.budget_alerts import COMMON, LEGACY
from tests.fakes import ALL_OPERATIONS, World, cluster, nodes_of, pool

NOW = datetime(2026, 11, 17, 10, tzinfo=UTC)
CLUSTER = cluster("shop-dev", pool("spot", spot=True), node_resource_group="MC_rg_shop-dev_westeurope")
VM = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/mc_rg_shop-dev_westeurope/providers/Microsoft.Compute"
    "/virtualMachineScaleSets/aks-spot-12345678-vmss/virtualMachines/"
)


def annotated(instance: int, name: str = "VirtualMachinePreempted") -> dict[str, Any]:
    return {
        "resourceInfo": {
            "id": f"{VM}{instance}/providers/Microsoft.ResourceHealth/x",
            "properties": {
                "targetResourceId": f"{VM}{instance}",
                "annotationName": name,
                "occurredTime": "0001-01-01T00:00:00Z",
            },
        },
        "operationalInfo": {"resourceEventTime": "2026-11-17T09:59:00Z"},
        "apiVersion": "2023-12-01",
    }


# The type, the data, and the number of runs that the event starts.
EVENTS: list[tuple[str, dict[str, Any], int]] = [
    ("Microsoft.ContainerService.NewKubernetesVersionAvailable", {"latestSupportedKubernetesVersion": "1.35"}, 0),
    ("Microsoft.ContainerService.ClusterSupportEnding", {"kubernetesVersion": "1.31"}, 0),
    ("Microsoft.ContainerService.ClusterSupportEnded", {"kubernetesVersion": "1.31"}, 0),
    ("Microsoft.ContainerService.NodePoolRollingStarted", {"nodePoolName": "spot"}, 0),
    ("Microsoft.ContainerService.NodePoolRollingSucceeded", {"nodePoolName": "spot"}, 0),
    ("Microsoft.ContainerService.NodePoolRollingFailed", {"nodePoolName": "spot"}, 0),
    (
        "Microsoft.ResourceNotifications.ContainerServiceEventResources.ScheduledEventEmitted",
        {"resourceInfo": {"properties": {}}},
        0,
    ),
    (
        "Microsoft.ResourceNotifications.AKSResources.FleetGateCreated",
        {"resourceInfo": {"properties": {"state": "Pending"}}},
        0,
    ),
    (
        "Microsoft.ResourceNotifications.AksResources.FleetGateUpdated",
        {"resourceInfo": {"properties": {"state": "Completed"}}},
        0,
    ),
    ("Microsoft.ResourceNotifications.AKSResources.FleetGateDeleted", {"resourceInfo": {}}, 0),
    ("Microsoft.ResourceNotifications.HealthResources.AvailabilityStatusChanged", annotated(1), 0),
    ("Microsoft.ResourceNotifications.HealthResources.ResourceAnnotated", annotated(1, "VirtualMachineRebooted"), 0),
    ("Microsoft.ResourceNotifications.HealthResources.ResourceAnnotated", annotated(1), 1),
    ("microsoft.resourcenotifications.healthresources.resourceannotated", annotated(1, "virtualmachinepreempted"), 1),
    ("daytwo.spot.notice", {"node": "aks-spot-12345678-vmss000001"}, 1),
]


def new_world() -> World:
    world = World(config=ALL_OPERATIONS)
    world.clock.at = NOW
    world.clusters.put(CLUSTER)
    world.nodes.listed["shop-dev"] = nodes_of(CLUSTER)
    return world


def enveloped(kind: str, data: dict[str, Any], number: int, *, cloud: bool) -> dict[str, Any]:
    if cloud:
        return {
            "specversion": "1.0",
            "id": str(number),
            "type": kind,
            "source": CLUSTER.id,
            "subject": "s",
            "data": data,
        }
    return {"id": str(number), "eventType": kind, "topic": CLUSTER.id, "subject": "s", "data": json.dumps(data)}


@pytest.mark.parametrize("cloud", [True, False], ids=["cloudevents", "event-grid"])
@pytest.mark.parametrize(("kind", "data", "started"), EVENTS)
def test_redelivery_does_not_start_another_run(kind: str, data: dict[str, Any], started: int, cloud: bool) -> None:  # noqa: FBT001 - a column
    world = new_world()
    event = enveloped(kind, data, 1, cloud=cloud)
    for minutes in (0, 0, 3, 600):
        world.clock.advance(minutes=minutes)
        take_event(world.context, copy.deepcopy(event))
    assert len(list(runs(world.store).scan())) == started
    assert len(world.engine.started) == started


@settings(max_examples=60, deadline=None)
@given(st.permutations([(index, copy_) for index in range(len(EVENTS)) for copy_ in range(2)]), st.booleans())
def test_duplicates_in_any_order_count_as_one_eviction(order: list[tuple[int, int]], cloud: bool) -> None:  # noqa: FBT001 - drawn
    world = new_world()
    for index, _ in order:
        kind, data, _ = EVENTS[index]
        take_event(world.context, enveloped(kind, copy.deepcopy(data), index, cloud=cloud))
        world.clock.advance(seconds=7)
    assert len(list(runs(world.store).scan())) == 1
    assert len(list(world.store.scan("eviction"))) == 1


@settings(max_examples=30, deadline=None)
@given(st.permutations([LEGACY, LEGACY, COMMON, COMMON, COMMON]))
def test_budget_alerts_in_both_schemas_start_one_run_each(order: list[bytes]) -> None:
    world = new_world()
    for body in order:
        assert take_alert(world.context, body).status == 202
        world.clock.advance(hours=5)
    assert len(list(runs(world.store).scan())) == 2
    assert len(world.engine.started) == 2
