"""Budget alerts in both schemas are read correctly and explained once."""

from decimal import Decimal

import pytest

from ops.endpoints.budget_alerts import take_alert
from ops.model.money import Cost, CostReport
from ops.model.run import Run
from ops.ports.errors import RejectedError
from tests.driving import NIGHT, DrivenRun
from tests.engine.budget_alerts import COMMON, LEGACY
from tests.engine.worlds import world_with_all_operations
from tests.fakes import World


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
    assert run.headline == "platform has exceeded $8,000.00 of $10,000.00"
    assert run.lines[:2] == (
        "spent $1,111.32 since 11/1/2026",
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
    assert run.lines[1] == "the costs by cluster are unknown: reading the costs: no rights"


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
        (LEGACY.replace(b'"1111.32"', b'"lots"'), "its SpendingAmount is not an amount: 'lots'"),
        (LEGACY.replace(b'"Unit": "USD",', b""), "it has no Unit"),
        (COMMON.replace(b'"AlertData"', b'"Other"'), "it has no AlertData"),
        (b"x" * 70_000, "it is larger than 64 kB"),
    ],
)
def test_an_unreadable_alert_is_rejected_and_recorded(body: bytes, why: str) -> None:
    world = world_with_all_operations()
    response = take_alert(world.context, body)
    assert (response.status, response.body) == (400, {"error": f"this is not a budget alert: {why}"})
    assert [entry.kind for entry in world.ledger.written.values()] == ["unreadable"]
