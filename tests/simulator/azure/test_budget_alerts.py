"""Budget alerts as an action group posts them, in both schemas."""

from datetime import timedelta
from typing import Any

import pytest

from simulator.running import Running
from simulator.world.journal import Kind
from simulator.world.scripted_faults import BudgetAlert
from simulator.world.world import World
from tests.simulator.azure.conftest import START, small_fleet
from tests.simulator.azure.webhooks import webhook

AT = START + timedelta(hours=6)


def posted(simulation: Running, **fault: object) -> list[Any]:
    """The requests that an action group's webhook received for one alert."""
    with webhook(simulation) as hook:
        simulation.control("/subscribers", {"url": hook.url, "schema": "action-group"})
        alert = {"kind": "BudgetAlert", "name": "platform", "at": AT.isoformat(), "amount": 10000, "spent": 11111.0}
        simulation.control("/scripted-faults", {**alert, **fault})
        simulation.advance(AT + timedelta(hours=1))
        return [body for _, body in hook.received]


def test_the_common_schema_gives_amounts_as_text(simulation: Running) -> None:
    body, *_ = posted(simulation, schema="common", threshold=80)
    assert body["schemaId"] == "azureMonitorCommonAlertSchema"
    essentials = body["data"]["essentials"]
    assert (essentials["monitoringService"], essentials["monitorCondition"]) == ("CostAlerts", None)
    assert essentials["configurationItems"] == ["budgets"]
    assert body["data"]["alertContext"]["AlertCategory"] == "budgets"
    data = body["data"]["alertContext"]["AlertData"]
    subscription = simulation.environment["SUBSCRIPTION"]
    assert data["BudgetId"] == f"/subscriptions/{subscription}/providers/Microsoft.Consumption/budgets/platform"
    amounts = ("BudgetThreshold", "NotificationThresholdAmount", "SpentAmount")
    assert [data[name] for name in amounts] == ["€10,000.00", "€8,000.00", "€11,111.00"]
    assert (data["ThresholdType"], data["Unit"], data["BudgetStartDate"]) == ("Actual", "EUR", "2026-11-01")


@pytest.mark.parametrize(
    ("style", "unit", "spent"),
    [
        ("comma", "EUR", "11.111,00 €"),
        ("code", "CHF", "CHF 11,111.00"),
        ("indian", "INR", "₹11,111.00"),
        ("number", "USD", 11111.0),
        ("words", "USD", "see the portal"),
    ],
)
def test_amounts_can_have_any_style(simulation: Running, style: str, unit: str, spent: object) -> None:
    body, *_ = posted(simulation, schema="common", threshold=80, style=style, unit=unit)
    assert body["data"]["alertContext"]["AlertData"]["SpentAmount"] == spent


def test_a_budget_can_belong_to_a_resource_group(simulation: Running) -> None:
    body, *_ = posted(simulation, schema="common", threshold=80, group="rg-web")
    data = body["data"]["alertContext"]["AlertData"]
    assert data["Scope"] == f"/subscriptions/{simulation.environment['SUBSCRIPTION']}/resourceGroups/rg-web/"


def test_the_common_schema_includes_forecasts(simulation: Running) -> None:
    body, *_ = posted(simulation, schema="common", threshold=100, threshold_type="Forecasted", unit="USD")
    data = body["data"]["alertContext"]["AlertData"]
    assert (data["ThresholdType"], data["ForecastedTotalForPeriod"]) == ("Forecasted", "$11111.00")


def test_the_legacy_schema_does_not_contain_a_currency_sign(simulation: Running) -> None:
    body, *_ = posted(simulation, schema="legacy", threshold=80)
    assert body["schemaId"] == "AIP Budget Notification"
    data = body["data"]
    assert (data["SpendingAmount"], data["Budget"], data["Unit"]) == ("11111.00", "10000", "EUR")
    assert data["NotificationThresholdAmount"] in ("8000.0", "0.8")
    assert data["BudgetStartDate"] == "11/1/2026 12:00:00 AM +00:00"


def test_the_legacy_threshold_is_an_amount_or_a_fraction_of_the_budget() -> None:
    spelled = set()
    for seed in range(20):
        world = World(small_fleet(), seed)
        world.arm(BudgetAlert("platform", AT, "legacy", 80, 9000, 10000))
        world.advance(AT + timedelta(hours=1))
        body: Any = world.core.alerts[0].body
        spelled.add(body["data"]["NotificationThresholdAmount"])
    assert spelled == {"8000.0", "0.8"}


def test_some_budget_alerts_are_posted_twice() -> None:
    counts = set()
    for seed in range(20):
        world = World(small_fleet(), seed)
        world.arm(BudgetAlert("platform", AT, "common", 80, 9000, 10000))
        world.advance(AT + timedelta(hours=1))
        counts.add(len(world.core.alerts))
        assert all(alert == world.core.alerts[0] for alert in world.core.alerts)
        assert len(world.journal.of(Kind.BUDGET_ALERT)) == 1
    assert counts == {1, 2}


def test_alerts_and_events_have_separate_subscribers(simulation: Running) -> None:
    with webhook(simulation) as group, webhook(simulation) as topic:
        simulation.control("/subscribers", {"url": group.url, "schema": "action-group"})
        simulation.control("/subscribers", {"url": topic.url, "schema": "cloudevents"})
        simulation.world.arm(BudgetAlert("platform", AT, "common", 80, 9000, 10000))
        simulation.world.upgrade(
            simulation.world.clusters["web"], simulation.world.clusters["web"].pools["user1"], "ana"
        )
        simulation.advance(AT + timedelta(hours=1))
        assert {body["schemaId"] for _, body in group.received} == {"azureMonitorCommonAlertSchema"}
        assert {body["type"].rpartition(".")[2] for _, body in topic.received} == {
            "NodePoolRollingStarted",
            "NodePoolRollingSucceeded",
        }


def test_a_failed_alert_delivery_is_retried(simulation: Running) -> None:
    with webhook(simulation, statuses=[500, 503]) as hook:
        simulation.control("/subscribers", {"url": hook.url, "schema": "action-group"})
        simulation.world.arm(BudgetAlert("once", AT, "common", 80, 9000, 10000))
        simulation.advance(AT + timedelta(seconds=45))
        waited = [at - AT for at, _ in hook.received]
        assert waited[:3] == [timedelta(0), timedelta(seconds=10), timedelta(seconds=40)]


@pytest.mark.parametrize("schema", ["xml", 3])
def test_an_unknown_alert_schema_is_rejected(simulation: Running, schema: object) -> None:
    with pytest.raises(Exception, match="400"):
        posted(simulation, schema=schema, threshold=80)
