"""Cost Management with the unmodified client: usage is billed late, and results are paged and rate-limited."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.costmanagement import CostManagementClient

from simulator.azure.qpu import Quota
from simulator.http_types import JsonObject
from simulator.running import Running, running_simulation
from tests.simulator.azure.clients import cost_client
from tests.simulator.azure.conftest import START, small_fleet
from tests.simulator.azure.raw import ask

WEB = "mc_rg-fleet_web_westeurope"


def query(*groups: str, daily: bool = False, days: tuple[str, str] | None = None, **more: Any) -> JsonObject:
    """A query definition: the sum of costs, for the current month unless days are given."""
    dataset: JsonObject = {
        "aggregation": {"totalCost": {"name": "Cost", "function": "Sum"}},
        "grouping": [{"type": "Dimension", "name": name} for name in groups],
        **more,
    }
    if daily:
        dataset["granularity"] = "Daily"
    span: JsonObject = {"timeframe": "MonthToDate"}
    if days:
        first, last = days
        span = {
            "timeframe": "Custom",
            "timePeriod": {"from": f"{first}T00:00:00+00:00", "to": f"{last}T23:59:59+00:00"},
        }
    return {"type": "ActualCost", **span, "dataset": dataset}


@pytest.fixture
def cost(simulation: Running) -> Iterator[CostManagementClient]:
    with cost_client(simulation) as client:
        yield client


def result_rows(cost: CostManagementClient, simulation: Running, body: JsonObject) -> list[list[Any]]:
    """The rows that a query returns for the subscription."""
    found = cost.query.usage(f"/subscriptions/{simulation.environment['SUBSCRIPTION']}", body)  # type: ignore[call-overload]  # takes JSON too
    return [list(row) for row in found.rows or []]


def test_a_days_cost_is_the_running_hours_times_the_price(cost: CostManagementClient, simulation: Running) -> None:
    """The cluster has 11 regular and 3 spot machines of size D4s v5, each with a disk, and one public IP address."""
    simulation.advance(datetime(2026, 11, 18, 12, tzinfo=UTC))
    rows = result_rows(cost, simulation, query("ResourceGroupName", daily=True, days=("2026-11-17", "2026-11-17")))
    found = {row[2]: row for row in rows}
    assert found[WEB][1:] == [20261117, WEB, "EUR"]
    machines = 11 * 24 * 0.207 + 3 * 24 * 0.207 * 0.2
    assert found[WEB][0] == pytest.approx(machines + 14 * 24 * 0.0247 + 24 * 0.0046)
    assert found["rg-other"][0] == pytest.approx(24 * 0.092)


def test_a_stopped_cluster_still_incurs_the_cost_of_its_disks_and_address(
    cost: CostManagementClient, simulation: Running
) -> None:
    simulation.advance(datetime(2026, 11, 18, 12, tzinfo=UTC))
    condition = {
        "dimensions": {"name": "ResourceGroupName", "operator": "In", "values": ["MC_rg-fleet_asleep_westeurope"]}
    }
    body = query("ResourceType", days=("2026-11-17", "2026-11-17"), filter=condition)
    rows = {row[1]: row[0] for row in result_rows(cost, simulation, body)}
    assert rows == {
        "microsoft.compute/disks": pytest.approx(2 * 24 * 0.0247),
        "microsoft.network/publicipaddresses": pytest.approx(24 * 0.0046),
    }


def test_stopping_a_cluster_saves_costs_immediately(
    cost: CostManagementClient, simulation: Running, aks: ContainerServiceClient
) -> None:
    simulation.advance(datetime(2026, 11, 17, 12, tzinfo=UTC))
    aks.managed_clusters.begin_stop("rg-fleet", "web", polling=False)
    simulation.advance(datetime(2026, 11, 18, 12, tzinfo=UTC))
    [stopped] = [
        entry
        for entry in simulation.world.journal.entries
        if entry.detail.get("power") == "Stopped" and entry.number > 20
    ]
    hours = (stopped.at - datetime(2026, 11, 17, tzinfo=UTC)) / timedelta(hours=1)
    body = query("ResourceType", days=("2026-11-17", "2026-11-17"))
    scope = f"/subscriptions/{simulation.environment['SUBSCRIPTION']}/resourceGroups/{WEB}"
    found = cost.query.usage(scope, body)  # type: ignore[call-overload]  # takes JSON too
    rows = {row[1]: row[0] for row in found.rows or []}
    per_hour = 11 * 0.207 + 3 * 0.207 * 0.2
    assert rows["microsoft.compute/virtualmachinescalesets"] == pytest.approx(hours * per_hour)
    assert 12 < hours < 12.2


def test_costs_appear_after_eight_hours(cost: CostManagementClient, simulation: Running) -> None:
    simulation.advance(START + timedelta(hours=7))
    assert result_rows(cost, simulation, query("ResourceGroupName")) == []
    simulation.advance(START + timedelta(hours=10))
    rows = {row[1]: row[0] for row in result_rows(cost, simulation, query("ResourceGroupName"))}
    assert rows["rg-other"] == pytest.approx(2 * 0.092)


def test_columns_are_returned_in_order(cost: CostManagementClient, simulation: Running) -> None:
    simulation.advance(START + timedelta(days=1))
    found = cost.query.usage(
        f"/subscriptions/{simulation.environment['SUBSCRIPTION']}", query("ResourceGroupName", "ResourceId", daily=True)
    )  # type: ignore[call-overload]  # takes JSON too
    columns = [(column.name, column.type) for column in found.columns or []]
    assert columns == [
        ("Cost", "Number"),
        ("UsageDate", "Number"),
        ("ResourceGroupName", "String"),
        ("ResourceId", "String"),
        ("Currency", "String"),
    ]
    ids = [row[3] for row in found.rows or []]
    assert all(item == item.lower() and item.startswith("/subscriptions/") for item in ids)


def test_the_next_page_of_a_long_result_is_requested_with_the_same_body() -> None:
    """The SDK does not page: the caller posts the same body to ``properties.nextLink``."""
    fleet = replace(small_fleet(), billed_since=START - timedelta(days=120))
    with running_simulation(fleet) as simulation:
        simulation.advance(START + timedelta(days=1))
        path = f"/subscriptions/{simulation.environment['SUBSCRIPTION']}/providers/Microsoft.CostManagement/query"
        body = query("ResourceId", daily=True, days=("2026-07-19", "2026-11-16"))
        rows: list[Any] = []
        sizes = []
        link: str | None = f"{path}?api-version=2025-03-01"
        while link is not None:
            answer = ask(simulation, "POST", link.removeprefix(simulation.environment["ARM_URL"]), body)
            assert answer.status == 200
            properties: Any = answer.document["properties"]
            rows += properties["rows"]
            sizes.append(len(properties["rows"]))
            link = properties["nextLink"]
            simulation.advance(simulation.world.now + timedelta(minutes=1))
        assert sizes[0] == 1000
        assert len(sizes) == len(rows) // 1000 + 1
        assert len({(row[1], row[2]) for row in rows}) == len(rows) > 1000


def test_the_fifth_query_in_a_minute_is_throttled(cost: CostManagementClient, simulation: Running) -> None:
    for _ in range(4):
        result_rows(cost, simulation, query())
    with pytest.raises(HttpResponseError) as caught:
        result_rows(cost, simulation, query())
    answered: Any = caught.value.response
    headers = answered.headers
    assert (caught.value.status_code, headers["Retry-After"]) == (429, "5")
    assert headers["x-ms-ratelimit-microsoft.costmanagement-entity-retry-after"] == "60"
    simulation.advance(START + timedelta(seconds=60))
    result_rows(cost, simulation, query())


def test_query_units_are_limited_in_three_time_windows() -> None:
    prefix = "x-ms-ratelimit-microsoft.costmanagement-"
    quota = Quota()
    _, headers = quota.take("a", 7, START)
    assert headers[f"{prefix}qpu-remaining"] == "QueriesPerHour:593,QueriesPerMin:53,QueriesPer10Sec:5"
    refusal, headers = quota.take("b", 6, START + timedelta(seconds=4))
    assert refusal is not None
    assert headers[f"{prefix}qpu-retry-after"] == "6"
    assert f"{prefix}entity-retry-after" not in headers
    assert quota.take("b", 6, START + timedelta(seconds=10))[0] is None


@pytest.mark.parametrize(
    "body",
    [
        query("Meter"),
        query(granularity="Hourly"),
        query(aggregation={"a": {"name": "Usage", "function": "Sum"}}),
        query(filter={"tags": {"name": "env", "operator": "In", "values": ["dev"]}}),
        query(days=("2026-11-02", "2026-11-01")),
        {**query(), "timeframe": "WeekToDate"},
        {**query(), "type": "Forecast"},
    ],
)
def test_unsupported_queries_are_rejected(simulation: Running, body: JsonObject) -> None:
    path = f"/subscriptions/{simulation.environment['SUBSCRIPTION']}/providers/Microsoft.CostManagement/query"
    answer = ask(simulation, "POST", f"{path}?api-version=2025-03-01", body)
    assert (answer.status, answer.code) == (400, "BadRequest")
