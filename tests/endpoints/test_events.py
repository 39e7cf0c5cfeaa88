"""Event Grid's door: both schemas, once each, and what cannot be read is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.endpoints.event_grid import read_event, take_event
from ops.engine.run_starter import start_run
from ops.model.run_request import RunRequest
from tests.fakes import World, cluster

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
    by = World()
    only = cluster()
    by.clusters.put(only)
    run, _ = start_run(
        by.context, RunRequest("node-image", only.id, only.name, "2026-w47", by.clock.at, "timer", "daytwo")
    )
    return by, run.id


@pytest.mark.parametrize("event", [CLOUD, GRID])
def test_a_rolling_event_of_either_schema_wakes_the_clusters_run(event: dict[str, object]) -> None:
    by, run_id = waiting()
    take_event(by.context, event)
    assert by.engine.hinted == [run_id]


def test_the_same_event_twice_is_one() -> None:
    by, run_id = waiting()
    take_event(by.context, CLOUD)
    take_event(by.context, CLOUD)
    assert by.engine.hinted == [run_id]


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ([], "it is not an object"),
        ({"specversion": "1.0", "type": "x"}, "it has no id"),
        ({"id": "1", "eventType": ""}, "it has no type"),
        ({"id": "1", "eventType": "x", "data": "{"}, "its data is text that is not JSON"),
        ({"id": "1", "eventType": "x", "data": 7}, "its data is not an object"),
    ],
)
def test_what_cannot_be_read_is_in_the_ledger_and_is_not_sent_for_ever(event: object, why: str) -> None:
    by, _ = waiting()
    take_event(by.context, event)
    (entry,) = by.ledger.written.values()
    assert entry.text == f"an event could not be read: {why}"


def test_what_nothing_acts_on_is_in_the_ledger() -> None:
    by, _ = waiting()
    take_event(by.context, {**CLOUD, "type": "Microsoft.ContainerService.ClusterSupportEnded"})
    (entry,) = by.ledger.written.values()
    assert entry.text == "Daytwo does not act on Microsoft.ContainerService.ClusterSupportEnded"


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(),
        lambda inner: st.dictionaries(st.text(), inner) | st.lists(inner),
    )
)
def test_no_event_breaks_the_reader(event: object) -> None:
    if isinstance(event, dict):
        read_event(event)
