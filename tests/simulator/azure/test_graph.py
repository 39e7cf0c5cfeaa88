"""Resource Graph with its unmodified client: a small subset of the query language works, and everything else is rejected."""

from dataclasses import replace
from typing import Any, cast

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions, QueryResponse

from simulator.running import running_simulation
from simulator.world.specs import FleetManagerSpec, UpdateRunSpec
from tests.simulator.azure.clients import graph_client
from tests.simulator.azure.conftest import START, small_fleet

# The client's model declares a mapping for the rows, but the service sends a list (resultFormat objectArray).
type Rows = list[dict[str, Any]]

ALL = "Resources | where type =~ 'Microsoft.ContainerService/managedClusters'"


def rows(response: QueryResponse) -> Rows:
    """Return the rows in a response."""
    return cast("Rows", response.data)


def test_every_cluster_has_the_requested_columns(graph: ResourceGraphClient) -> None:
    found = graph.resources(
        QueryRequest(
            query=f"{ALL} | order by id asc | project name, location, env = tags['env'], properties.powerState.code"
        )
    )
    assert rows(found) == [
        {"name": "asleep", "location": "westeurope", "env": "dev", "properties_powerState_code": "Stopped"},
        {"name": "web", "location": "westeurope", "env": "dev", "properties_powerState_code": "Running"},
        {"name": "driven", "location": "westeurope", "env": "prod", "properties_powerState_code": "Running"},
    ]


def test_a_column_without_an_alias_is_named_after_its_path(graph: ResourceGraphClient) -> None:
    found = graph.resources(QueryRequest(query=f"{ALL} | where name == 'web' | project tags['env'], sku.name"))
    assert rows(found) == [{"tags_env": "dev", "sku_name": "Base"}]


def test_a_row_contains_the_clusters_pools(graph: ResourceGraphClient) -> None:
    found = graph.resources(QueryRequest(query=f"{ALL} | where name == 'web'"))
    [row] = rows(found)
    assert (row["type"], row["resourceGroup"]) == ("microsoft.containerservice/managedclusters", "rg-fleet")
    assert [pool["name"] for pool in row["properties"]["agentPoolProfiles"]] == ["system", "user1", "spot", "frozen"]


def test_rows_are_paged(graph: ResourceGraphClient) -> None:
    query = f"{ALL} | order by id asc | project name"
    first = graph.resources(QueryRequest(query=query, options=QueryRequestOptions(top=2)))
    second = graph.resources(QueryRequest(query=query, options=QueryRequestOptions(top=2, skip_token=first.skip_token)))
    assert (first.count, first.total_records, second.count, second.skip_token) == (2, 3, 1, None)
    assert [row["name"] for row in rows(first) + rows(second)] == ["asleep", "web", "driven"]


def test_only_the_named_subscriptions_are_searched(graph: ResourceGraphClient) -> None:
    ours, other = "00000000-0000-0000-0000-000000000000", "99999999-0000-0000-0000-000000000000"
    assert graph.resources(QueryRequest(query=ALL, subscriptions=[ours])).count == 3
    assert graph.resources(QueryRequest(query=ALL, subscriptions=[other])).count == 0
    assert graph.resources(QueryRequest(query=f"{ALL} | where subscriptionId in ('{other}')")).count == 0
    assert graph.resources(QueryRequest(query=f"{ALL} | where location in~ ('WestEurope', 'x')")).count == 3


@pytest.mark.parametrize(
    "query",
    [
        "ResourceContainers",
        f"{ALL} | summarize count() by location",
        f"{ALL} | where tags.env != 'dev'",
        f"{ALL} | project name, strlen(name)",
        f"{ALL} | take 5",
    ],
)
def test_an_unsupported_query_is_rejected(graph: ResourceGraphClient, query: str) -> None:
    with pytest.raises(HttpResponseError) as caught:
        graph.resources(QueryRequest(query=query))
    assert caught.value.status_code == 400


def test_the_16th_simultaneous_query_is_throttled(graph: ResourceGraphClient) -> None:
    for _ in range(15):
        graph.resources(QueryRequest(query=ALL))
    with pytest.raises(HttpResponseError) as caught:
        graph.resources(QueryRequest(query=ALL))
    assert caught.value.status_code == 429


def test_fleets_are_resources_and_what_belongs_to_them_is_in_a_table_of_its_own() -> None:
    run = UpdateRunSpec("r7", START, stages=(("canary", ("dev",)),))
    manager = FleetManagerSpec("f1", "westeurope", (("web", "dev"),), (run,))
    with (
        running_simulation(replace(small_fleet(), managers=(manager,))) as simulation,
        graph_client(simulation) as graph,
    ):
        fleets = graph.resources(
            QueryRequest(query="Resources | where type =~ 'microsoft.containerservice/fleets' | project name, location")
        )
        members = graph.resources(
            QueryRequest(
                query="AksResources | where type =~ 'microsoft.containerservice/fleets/members' "
                "| project name, properties.group"
            )
        )
        runs = graph.resources(
            QueryRequest(
                query="aksresources | where type =~ 'microsoft.containerservice/fleets/updateruns' "
                "| project name, properties.status.status.state"
            )
        )
    assert rows(fleets) == [{"name": "f1", "location": "westeurope"}]
    assert rows(members) == [{"name": "web", "properties_group": "dev"}]
    assert rows(runs) == [{"name": "r7", "properties_status_status_state": "NotStarted"}]
