"""AKS's events are delivered as Event Grid does it: both schemas, the handshake, and retries on the virtual clock."""

from datetime import UTC, datetime, timedelta
from urllib.error import HTTPError

import pytest
from azure.mgmt.containerservice import ContainerServiceClient

from simulator.faults import Surface
from simulator.http_types import JsonObject
from simulator.running import Running, running_simulation
from simulator.world.scripted_faults import UpgradeFails
from tests.simulator.azure.clients import aks_client
from tests.simulator.azure.conftest import small_fleet
from tests.simulator.azure.webhooks import webhook

START = datetime(2026, 11, 16, tzinfo=UTC)


def upgrade(aks: ContainerServiceClient) -> None:
    """Start an upgrade of a pool."""
    aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling=False)


def test_an_upgrade_emits_events_at_its_start_and_end(simulation: Running, aks: ContainerServiceClient) -> None:
    with webhook(simulation) as hook:
        simulation.control("/subscribers", {"url": hook.url, "schema": "cloudevents"})
        upgrade(aks)
        simulation.advance(START + timedelta(hours=1))
    (began, first), (ended, second) = hook.received
    ended_at = simulation.world.core.operations.popitem()[1].ended
    assert (began, ended) == (START, ended_at)
    assert first["type"] == "Microsoft.ContainerService.NodePoolRollingStarted"
    assert second["type"] == "Microsoft.ContainerService.NodePoolRollingSucceeded"
    assert (first["specversion"], first["data"]) == ("1.0", {"nodePoolName": "user1"})
    assert str(first["source"]).endswith("/managedClusters/web")
    assert first["id"] != second["id"]


def test_the_event_grid_schema_is_sent_as_a_list(simulation: Running, aks: ContainerServiceClient) -> None:
    simulation.world.arm(UpgradeFails("web", "user1", after_nodes=0, code="QuotaExceeded"))
    with webhook(simulation) as hook:
        simulation.control("/subscribers", {"url": hook.url, "schema": "eventgrid"})
        upgrade(aks)
        simulation.advance(START + timedelta(hours=1))
    events = [event for _, batch in hook.received for event in batch]
    assert [event["eventType"].rpartition(".")[2] for event in events] == [
        "NodePoolRollingStarted",
        "NodePoolRollingFailed",
    ]
    assert events[0]["eventTime"] == "2026-11-16T00:00:00Z"
    assert events[0]["topic"].endswith("/managedClusters/web")


def test_time_stops_during_each_delivery(simulation: Running, aks: ContainerServiceClient) -> None:
    """Otherwise, a subscriber would act at the end of the step rather than at the time of the event."""
    with webhook(simulation) as hook:
        simulation.control("/subscribers", {"url": hook.url})
        upgrade(aks)
        wanted: JsonObject = {"to": "2026-11-16T06:00:00+00:00"}
        stops = [str(simulation.control("/clock/advance", wanted)["now"]) for _ in range(3)]
    operation = simulation.world.core.operations.popitem()[1]
    assert operation.ended is not None
    assert stops == ["2026-11-16T00:00:00+00:00", operation.ended.isoformat(), "2026-11-16T06:00:00+00:00"]


@pytest.mark.parametrize("schema", ["eventgrid", "cloudevents"])
def test_an_unvalidated_webhook_does_not_receive_events(simulation: Running, schema: str) -> None:
    with webhook(simulation, shakes_hands=False) as hook, pytest.raises(HTTPError):
        simulation.control("/subscribers", {"url": hook.url, "schema": schema})
    assert simulation.simulation.delivery.subscribers == []


def test_a_failed_delivery_is_retried_after_10_and_30_seconds(simulation: Running, aks: ContainerServiceClient) -> None:
    with webhook(simulation, statuses=[500, 503]) as hook:
        simulation.control("/subscribers", {"url": hook.url})
        upgrade(aks)
        simulation.advance(START + timedelta(minutes=2))
    assert [at - START for at, _ in hook.received] == [timedelta(0), timedelta(seconds=10), timedelta(seconds=40)]
    assert len({event["id"] for _, [event] in hook.received}) == 1


def test_an_event_rejected_as_bad_request_is_dropped(simulation: Running, aks: ContainerServiceClient) -> None:
    with webhook(simulation, statuses=[400]) as hook:
        simulation.control("/subscribers", {"url": hook.url})
        upgrade(aks)
        simulation.advance(START + timedelta(minutes=2))
    assert len(hook.received) == 1
    assert simulation.simulation.delivery.dropped == 1


def test_duplicate_events_have_the_same_id_and_late_events_arrive_out_of_order() -> None:
    with running_simulation(small_fleet(), faults="rough", fault_surfaces=(Surface.EVENTS,)) as rough:
        with webhook(rough) as hook, aks_client(rough) as aks:
            rough.control("/subscribers", {"url": hook.url})
            for hour in range(0, 24, 2):
                aks.agent_pools.begin_upgrade_node_image_version("rg-fleet", "web", "user1", polling=False)
                rough.advance(START + timedelta(hours=hour + 2))
        ids = [batch[0]["id"] for _, batch in hook.received]
        times = [batch[0]["eventTime"] for _, batch in hook.received]
        counts = rough.control("/faults")["events"]
    assert isinstance(counts, dict)
    assert counts["doubled"] > 0
    assert counts["late"] > 0
    assert len(set(ids)) == 24
    assert len(ids) == 24 + counts["doubled"]
    assert times != sorted(times)
