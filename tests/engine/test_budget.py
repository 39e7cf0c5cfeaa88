"""Budget alerts of both schemas, read exactly, explained once."""

from decimal import Decimal

import pytest

from ops.endpoints.budget_alerts import take_alert
from ops.model.money import Cost, CostReport
from ops.model.run import Run
from ops.ports.errors import RejectedError
from ops.tables.runs import runs
from tests.engine.budget_alerts import COMMON, LEGACY
from tests.engine.lanes import NIGHT, world
from tests.fakes import World
from tests.in_memory_engine import Double


def told(body: bytes, *, costs: bool = True) -> tuple[World, Run]:
    by = world()
    if costs:
        by.costs.report = CostReport((Cost("mc_rg_shop-dev_westeurope", Decimal("412.50"), "EUR"),), NIGHT)
    else:
        by.costs.refuse = RejectedError("x", "reading the costs: no rights")
    take_alert(by.context, body)
    run_id = by.engine.started[0].split()[1]
    Double(by).run("operation", {"run": run_id})
    return by, runs(by.store).must_get(run_id).value


def test_the_legacy_schema_with_a_fraction_as_threshold() -> None:
    by, run = told(LEGACY)
    assert run.headline == "platform has passed $8,000.00 of $10,000.00"
    assert run.lines[:2] == (
        "spent $1,111.32 since 11/1/2026",
        "shop-dev: €412.50 this month for its node resource group",
    )
    assert by.chat.posts == 1


def test_the_common_schema_with_a_forecast() -> None:
    _, run = told(COMMON)
    assert run.headline == "platform is forecast to pass $25.00 of $50.00"
    assert run.lines[0] == "spent $11,111.00 since 2026-11-01, forecast for the period $1,111.11"


def test_what_would_help_is_offered_and_not_done() -> None:
    by, run = told(LEGACY)
    assert run.lines[-1] == "offer: stop shop-dev now (only a plan: nothing was done)"
    assert by.clusters.begun == []


def test_costs_that_cannot_be_read_are_unknown_and_the_alert_is_told_all_the_same() -> None:
    _, run = told(LEGACY, costs=False)
    assert run.lines[1] == "the costs by cluster are unknown: reading the costs: no rights"


def test_the_same_alert_again_is_the_same_run() -> None:
    by = world()
    assert take_alert(by.context, LEGACY).body == {**take_alert(by.context, LEGACY).body, "new": True}  # type: ignore[dict-item]  # JSON
    assert len(by.engine.started) == 1


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
def test_what_is_no_alert_is_refused_and_kept(body: bytes, why: str) -> None:
    by = world()
    response = take_alert(by.context, body)
    assert (response.status, response.body) == (400, {"error": f"this is not a budget alert: {why}"})
    assert [entry.kind for entry in by.ledger.written.values()] == ["unread"]
