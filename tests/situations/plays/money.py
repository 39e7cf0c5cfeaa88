"""Budget alerts and costs, in every spelling that Azure was seen to use."""

import json
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from ops.endpoints.budget_alerts import take_alert
from ops.model.money import Cost, CostReport
from ops.ports.errors import DeniedError
from tests.driving import NIGHT, DrivenRun
from tests.engine.budget_alerts import COMMON, LEGACY
from tests.engine.worlds import world_with_all_operations
from tests.fakes import ALL_OPERATIONS, World, settings
from tests.situations.catalog import Kind, Observed, situation
from tests.situations.observe import observe


def _alert(spent: object, threshold: object, amount: object, unit: str) -> bytes:
    body = json.loads(COMMON)
    data = body["data"]["alertContext"]["AlertData"]
    data |= {"ThresholdType": "Actual", "SpentAmount": spent, "NotificationThresholdAmount": threshold}
    data |= {"BudgetThreshold": amount, "Unit": unit, "ForecastedTotalForPeriod": None}
    return json.dumps(body, ensure_ascii=False).encode()


def _reported(world: World, body: bytes) -> Observed:
    """One run and one message come from the alert, whatever its amounts look like."""
    assert take_alert(world.context, body).status == 202
    run = DrivenRun(world, world.engine.started[0].split()[1]).to_end()
    assert world.chat.posts == 1
    return replace(observe(world, says=(run.headline, run.lines[0])), does=("posts one message",))


@situation("A budget in rupees: `₹4,12,345.50`", Kind.SPELLING, reported=True)
def rupees() -> Observed:
    return _reported(world_with_all_operations(), _alert("₹4,12,345.50", "₹4,00,000.00", "₹5,00,000.00", "INR"))


@situation("A budget in euros with a decimal comma: `1.000,00 €`", Kind.SPELLING, reported=True)
def decimal_comma() -> Observed:
    return _reported(world_with_all_operations(), _alert("1.000,00 €", "800,00 €", "1.200,00 €", "EUR"))


@situation("A budget whose amounts are JSON numbers", Kind.SPELLING, reported=True)
def json_numbers() -> Observed:
    return _reported(world_with_all_operations(), _alert(412.5, 400, 500.0, "USD"))


@situation("A credit: less than nothing was spent", Kind.SPELLING, reported=True)
def credit() -> Observed:
    return _reported(world_with_all_operations(), _alert("-$12.00", "$400.00", "$500.00", "USD"))


@situation("A budget in Swiss francs, with the code before the amount", Kind.SPELLING)
def francs() -> Observed:
    return _reported(world_with_all_operations(), _alert("CHF 4'123.50", "CHF 4'000.00", "CHF 5'000.00", "CHF"))


@situation("A budget whose amount is prose", Kind.SPELLING)
def prose() -> Observed:
    return _reported(world_with_all_operations(), _alert("see the portal", "$400.00", "$500.00", "USD"))


@situation("A budget of 10 with the threshold amount 5.0, of which 5.2 were spent", Kind.SPELLING, reported=True)
def small_budget() -> Observed:
    body = json.loads(LEGACY)
    body["data"] |= {"SpendingAmount": "5.2", "Budget": "10", "NotificationThresholdAmount": "5.0"}
    seen = _reported(world_with_all_operations(), json.dumps(body).encode())
    assert "$50.00" not in seen.says[0]
    return seen


@situation("The costs of the only subscription are denied", Kind.MISSING)
def costs_denied() -> Observed:
    world = world_with_all_operations()
    world.costs.refuse = DeniedError("reading the costs: 403 AuthorizationFailed")
    return _explained(world)


@situation("The costs of one of two subscriptions are denied", Kind.MISSING, reported=True)
def costs_partly_denied() -> Observed:
    denied = "00000000-0000-0000-0000-00000000dddd"
    world = world_with_all_operations()
    known = world.clusters.only.subscription
    world.settings = settings(ALL_OPERATIONS.replace(f"[{known}]", f"[{denied}, {known}]"))
    report = CostReport((Cost("mc_rg_shop-dev_westeurope", Decimal("412.50"), "EUR"),), NIGHT)

    def month_to_date(subscription: str, _: datetime) -> CostReport:
        if subscription == denied:
            raise DeniedError("reading the costs: 403 AuthorizationFailed")
        return report

    world.costs.month_to_date = month_to_date  # type: ignore[method-assign,assignment]  # one subscription refuses
    return _explained(world)


@situation("Cost Management answers 204, without costs", Kind.SPELLING, reported=True)
def no_costs() -> Observed:
    world = world_with_all_operations()
    world.costs.report = CostReport((), NIGHT)
    return _explained(world)


@situation("A row of the costs has no amount that can be read", Kind.SPELLING, reported=True)
def unreadable_row() -> Observed:
    world = world_with_all_operations()
    cost = Cost("mc_rg_shop-dev_westeurope", Decimal("412.50"), "EUR")
    world.costs.report = CostReport((cost,), NIGHT, unreadable=1)
    return _explained(world)


def _explained(world: World) -> Observed:
    assert take_alert(world.context, LEGACY).status == 202
    run = DrivenRun(world, world.engine.started[0].split()[1]).to_end()
    return replace(observe(world, says=(run.headline, *run.lines)), does=("posts one message",))


@situation("Two budgets of one name, in two resource groups", Kind.IDENTITY, reported=True)
def two_scopes() -> Observed:
    world = world_with_all_operations()
    for group in (b'"rg-a"', b'"rg-b"'):
        take_alert(world.context, LEGACY.replace(b'"ResourceGroup": ""', b'"ResourceGroup": ' + group))
    runs = [DrivenRun(world, each.split()[1]).to_end() for each in world.engine.started]
    assert len({run.id for run in runs}) == 2
    return replace(observe(world, says=[run.lines[1] for run in runs]), does=("posts two messages",))


@situation("Something that is not a budget alert arrives three times", Kind.REPORTED_ONCE, reported=True)
def not_an_alert() -> Observed:
    world = world_with_all_operations()
    for _ in range(3):
        assert take_alert(world.context, b'{"schemaId": "AIP Budget", "data": {}}').status == 400
    assert world.chat.posts == 1
    return observe(world)
