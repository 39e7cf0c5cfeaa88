"""Budget alerts in both schemas are read correctly and explained once."""

from datetime import timedelta
from decimal import Decimal

import pytest

from ops.endpoints.budget_alerts import take_alert
from ops.messaging.conditions import close_stale
from ops.model.money import Cost, CostReport
from ops.model.run import Run
from ops.ports.errors import DeniedError, RejectedError
from ops.tables.conditions import open_conditions
from tests.driving import NIGHT, DrivenRun
from tests.engine.budget_alerts import COMMON, LEGACY
from tests.engine.worlds import world_with_all_operations
from tests.fakes import ALL_OPERATIONS, World, settings

SUBSCRIPTION, DENIED = "00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-00000000dddd"


def handle(body: bytes, *, costs: bool = True) -> tuple[World, Run]:
    world = world_with_all_operations()
    if costs:
        world.costs.report = CostReport((Cost("mc_rg_shop-dev_westeurope", Decimal("412.50"), "EUR"),), NIGHT)
    else:
        world.costs.refuse = RejectedError("x", "reading the costs: no rights")
    take_alert(world.context, body)
    run_id = world.engine.started[0].split()[1]
    return world, DrivenRun(world, run_id).to_end()


def test_the_legacy_schema_is_read_with_a_fractional_threshold() -> None:
    world, run = handle(LEGACY)
    assert run.headline == "platform: Azure reports that $8,000.00 of $10,000.00 is exceeded"
    # Azure's own example contradicts itself.
    assert run.lines[:3] == (
        "spent $1,111.32, which is below the threshold, since 11/1/2026",
        "budget of /subscriptions/1",
        "shop-dev: €412.50 this month for its node resource group",
    )
    assert world.chat.posts == 1


def test_the_common_schema_is_read_with_a_forecast() -> None:
    _, run = handle(COMMON)
    assert run.headline == "platform is forecast to exceed $25.00 of $50.00"
    assert run.lines[0] == "spent $11,111.00 since 2026-11-01, forecast for the period $1,111.11"


def test_an_offered_action_is_not_executed() -> None:
    world, run = handle(LEGACY)
    assert run.lines[-1] == "offer: stop shop-dev now (only a plan: nothing was done)"
    assert world.clusters.begun == []


def test_an_alert_is_reported_even_if_the_costs_are_unknown() -> None:
    _, run = handle(LEGACY, costs=False)
    assert run.lines[2] == (
        f"the costs by cluster are unknown: the costs of subscription {SUBSCRIPTION} are unknown: reading the costs: no rights"
    )


def test_one_subscription_that_is_denied_does_not_hide_the_costs_of_the_others() -> None:
    world = world_with_all_operations()
    world.settings = settings(ALL_OPERATIONS.replace(f"[{SUBSCRIPTION}]", f"[{DENIED}, {SUBSCRIPTION}]"))
    report = CostReport((Cost("mc_rg_shop-dev_westeurope", Decimal("412.50"), "EUR"),), NIGHT, unreadable=2)

    def month_to_date(subscription: str, _: object) -> CostReport:
        if subscription == DENIED:
            raise DeniedError("reading the costs: AuthorizationFailed")
        return report

    world.costs.month_to_date = month_to_date  # type: ignore[method-assign,assignment]  # one of two subscriptions
    take_alert(world.context, LEGACY)
    run = DrivenRun(world, world.engine.started[0].split()[1]).to_end()
    assert run.lines[2:5] == (
        "shop-dev: €412.50 this month for its node resource group",
        f"the costs of subscription {DENIED} are unknown: reading the costs: AuthorizationFailed",
        f"2 rows of the costs of subscription {SUBSCRIPTION} could not be read",
    )


def test_an_amount_that_cannot_be_read_is_reported_with_its_text() -> None:
    world = world_with_all_operations()
    response = take_alert(world.context, LEGACY.replace(b'"1111.32"', b'"lots"'))
    run = DrivenRun(world, world.engine.started[0].split()[1]).to_end()
    assert response.status == 202
    assert run.headline == "platform has exceeded '0.8' of $10,000.00"
    assert run.lines[0] == "spent 'lots' since 11/1/2026"


def test_two_budgets_of_one_name_in_two_scopes_are_two() -> None:
    world = world_with_all_operations()
    for scope in (b'""', b'"rg-a"', b'"rg-b"'):
        take_alert(world.context, LEGACY.replace(b'"ResourceGroup": ""', b'"ResourceGroup": ' + scope))
    take_alert(world.context, LEGACY.replace(b'"SubscriptionId": "1"', b'"SubscriptionId": "2"'))
    assert len(set(world.engine.started)) == 4


def test_what_is_not_an_alert_is_reported_once_with_its_text() -> None:
    world = world_with_all_operations()
    for _ in range(3):
        take_alert(world.context, b'{"schemaId": "AIP Budget", "data": {}}')
    (condition,) = open_conditions(world.store)
    assert condition.text == (
        "one could not be read: its schemaId is not that of a budget alert; "
        'its text: {"schemaId": "AIP Budget", "data": {}}'
    )
    assert world.chat.posts == 1


def test_the_report_of_what_is_not_an_alert_is_closed_eight_days_after_the_last_one() -> None:
    world = world_with_all_operations()
    for _ in range(2):
        take_alert(world.context, b'{"schemaId": "AIP Budget", "data": {}}')
        world.clock.at += timedelta(days=1)
    world.clock.at += timedelta(days=7)
    close_stale(world.context.ports, world.clock.at)
    assert len(open_conditions(world.store)) == 1
    world.clock.at += timedelta(hours=6, seconds=1)
    close_stale(world.context.ports, world.clock.at)
    assert open_conditions(world.store) == ()


def test_a_repeated_alert_belongs_to_the_same_run() -> None:
    world = world_with_all_operations()
    assert take_alert(world.context, LEGACY).body == {**take_alert(world.context, LEGACY).body, "new": True}  # type: ignore[dict-item]  # JSON
    assert len(world.engine.started) == 1


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "it is not JSON"),
        (b"[]", "it has no data"),
        (b'{"schemaId": "x", "data": {}}', "its schemaId is not that of a budget alert"),
        (COMMON.replace(b'"AlertData"', b'"Other"'), "it has no AlertData"),
        (b"x" * 70_000, "it is larger than 64 kB"),
    ],
)
def test_an_unreadable_alert_is_rejected_and_recorded(body: bytes, why: str) -> None:
    world = world_with_all_operations()
    response = take_alert(world.context, body)
    assert (response.status, response.body) == (400, {"error": f"this is not a budget alert: {why}"})
    assert [entry.kind for entry in world.ledger.written.values()] == ["unreadable", "condition"]
