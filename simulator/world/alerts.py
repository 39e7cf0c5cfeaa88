"""Budget alerts in both schemas that action groups use.

Source: Azure Monitor's "common alert schema" and its "non-common alert schema" page, budgets.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from simulator.world.core import Alert, Core
from simulator.world.journal import Kind
from simulator.world.scripted_faults import BudgetAlert

# What is written instead of an amount in the style "words".
PROSE = "see the portal"
TWICE_PERCENT = 30
AGAIN_AFTER_S = (30.0, 900.0)
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}


def fire(core: Core, fault: BudgetAlert) -> None:
    """Post the alert for a budget, sometimes twice."""
    key = ("alert", fault.name, fault.group, fault.at.isoformat(), fault.threshold)
    identity = core.new_id_in("alert")
    body = _common(core, fault, identity) if fault.schema == "common" else _legacy(core, fault)
    alert = Alert(identity, body)
    core.journal.write(
        Kind.BUDGET_ALERT,
        budget=fault.name,
        group=fault.group,
        schema=fault.schema,
        threshold=str(fault.threshold),
        type=fault.threshold_type if fault.schema == "common" else "Actual",
        spent=str(fault.spent),
    )
    again = [core.seconds(*AGAIN_AFTER_S, "again", *key)] if core.chance(TWICE_PERCENT, "twice", *key) else []
    for delay in (timedelta(0), *again):
        core.scheduler.after(delay, partial(core.alerts.append, alert))


def _scope(subscription: str, fault: BudgetAlert) -> str:
    return f"/subscriptions/{subscription}" + (f"/resourceGroups/{fault.group}" if fault.group else "")


def budget_id(scope: str, name: str) -> str:
    """Return a budget's resource id."""
    return f"{scope}/providers/Microsoft.Consumption/budgets/{name}"


def _written(fault: BudgetAlert, amount: float) -> object:
    """Return an amount as Azure writes it in the alert's style."""
    figure = f"{amount:,.2f}"
    match fault.style:
        case "sign":
            return f"{SIGNS.get(fault.unit, '')}{figure}"
        case "comma":
            return f"{figure.translate(str.maketrans(',.', '.,'))} {SIGNS.get(fault.unit, fault.unit)}"
        case "code":
            return f"{fault.unit} {figure}"
        case "indian":
            return f"₹{_indian(figure)}"
        case "number":
            return amount
        case "words":
            return PROSE


def _indian(figure: str) -> str:
    """Return the figure with groups of two digits before the last three."""
    whole, _, cents = figure.replace(",", "").partition(".")
    head, last = whole[:-3], whole[-3:]
    groups = [head[max(end - 2, 0) : end] for end in range(len(head), 0, -2)][::-1]
    return f"{','.join([*groups, last])}.{cents}"


def _limit(fault: BudgetAlert) -> float:
    return fault.amount * fault.threshold / 100


def _common(core: Core, fault: BudgetAlert, identity: str) -> Mapping[str, object]:
    subscription = core.spec.subscriptions[0]
    now = core.scheduler.now
    sign = SIGNS.get(fault.unit, "")
    forecast = fault.threshold_type == "Forecasted"
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": {
                "monitoringService": "CostAlerts",
                "firedDateTime": f"{now:%Y-%m-%dT%H:%M:%S.%f}0Z",
                "description": f"Your spend for budget {fault.name} is now {sign}{fault.spent:,.2f}.",
                "essentialsVersion": "1.0",
                "alertContextVersion": "1.0",
                "alertId": f"/subscriptions/{subscription}/providers/Microsoft.CostManagement/alerts/{identity}",
                "alertRule": None,
                "severity": None,
                "signalType": None,
                "monitorCondition": None,
                "alertTargetIDs": None,
                "configurationItems": ["budgets"],
                "originAlertId": None,
            },
            "alertContext": {
                "AlertCategory": "budgets",
                "AlertData": {
                    "Scope": f"{_scope(subscription, fault)}/",
                    "ThresholdType": fault.threshold_type,
                    "BudgetType": "Cost",
                    "BudgetThreshold": _written(fault, fault.amount),
                    "NotificationThresholdAmount": _written(fault, _limit(fault)),
                    "BudgetName": fault.name,
                    "BudgetId": budget_id(_scope(subscription, fault), fault.name),
                    "BudgetStartDate": f"{now:%Y-%m-01}",
                    "BudgetCreator": "someone@example.com",
                    "Unit": fault.unit,
                    "SpentAmount": _written(fault, fault.spent),
                    # Azure's own text omits the thousands separators here.
                    "ForecastedTotalForPeriod": f"{sign}{fault.spent:.2f}" if forecast else f"{sign}0.00",
                },
            },
        },
    }


def _legacy(core: Core, fault: BudgetAlert) -> Mapping[str, object]:
    now = core.scheduler.now
    # The value has been observed both as an amount and as a fraction of the budget.
    fraction = core.chance(30, "fraction", fault.name, fault.at)
    limit = f"{fault.threshold / 100:g}" if fraction else f"{_limit(fault):.1f}"
    return {
        "schemaId": "AIP Budget Notification",
        "data": {
            "SubscriptionName": "Simulated subscription",
            "SubscriptionId": core.spec.subscriptions[0],
            "EnrollmentNumber": "",
            "DepartmentName": "",
            "AccountName": "",
            "BillingAccountId": "",
            "BillingProfileId": "",
            "InvoiceSectionId": "",
            "ResourceGroup": fault.group,
            "SpendingAmount": f"{fault.spent:.2f}",
            "BudgetStartDate": f"{now.month}/1/{now.year} 12:00:00 AM +00:00",
            "Budget": f"{fault.amount:g}",
            "Unit": fault.unit,
            "BudgetCreator": "someone@example.com",
            "BudgetName": fault.name,
            "BudgetType": "Cost",
            "NotificationThresholdAmount": limit,
        },
    }
