"""Budget alerts, in both schemas that action groups post.

Source: Azure Monitor's "common alert schema" and its "non-common alert schema" page, budgets.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from simulator.world.core import Alert, Core
from simulator.world.journal import Kind
from simulator.world.scripted_faults import BudgetAlert

TWICE_PERCENT = 30
AGAIN_AFTER_S = (30.0, 900.0)
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}


def fire(core: Core, mishap: BudgetAlert) -> None:
    """Post a budget's alert, sometimes twice."""
    key = ("alert", mishap.name, mishap.at.isoformat(), mishap.threshold)
    identity = core.new_id_in("alert")
    body = _common(core, mishap, identity) if mishap.schema == "common" else _legacy(core, mishap)
    alert = Alert(identity, body)
    core.journal.write(
        Kind.BUDGET_ALERT,
        budget=mishap.name,
        schema=mishap.schema,
        threshold=str(mishap.threshold),
        type=mishap.threshold_type if mishap.schema == "common" else "Actual",
        spent=str(mishap.spent),
    )
    again = [core.seconds(*AGAIN_AFTER_S, "again", *key)] if core.chance(TWICE_PERCENT, "twice", *key) else []
    for late in (timedelta(0), *again):
        core.agenda.after(late, partial(core.alerts.append, alert))


def budget_id(subscription: str, name: str) -> str:
    """Return a budget's resource id."""
    return f"/subscriptions/{subscription}/providers/Microsoft.Consumption/budgets/{name}"


def _limit(mishap: BudgetAlert) -> float:
    return mishap.amount * mishap.threshold / 100


def _common(core: Core, mishap: BudgetAlert, identity: str) -> Mapping[str, object]:
    subscription = core.spec.subscriptions[0]
    now = core.agenda.now
    sign = SIGNS.get(mishap.unit, "")
    forecast = mishap.threshold_type == "Forecasted"
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": {
                "monitoringService": "CostAlerts",
                "firedDateTime": f"{now:%Y-%m-%dT%H:%M:%S.%f}0Z",
                "description": f"Your spend for budget {mishap.name} is now {sign}{mishap.spent:,.2f}.",
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
                    "Scope": f"/subscriptions/{subscription}/",
                    "ThresholdType": mishap.threshold_type,
                    "BudgetType": "Cost",
                    "BudgetThreshold": f"{sign}{mishap.amount:,.2f}",
                    "NotificationThresholdAmount": f"{sign}{_limit(mishap):,.2f}",
                    "BudgetName": mishap.name,
                    "BudgetId": budget_id(subscription, mishap.name),
                    "BudgetStartDate": f"{now:%Y-%m-01}",
                    "BudgetCreator": "someone@example.com",
                    "Unit": mishap.unit,
                    "SpentAmount": f"{sign}{mishap.spent:,.2f}",
                    # The real one leaves out the separators here.
                    "ForecastedTotalForPeriod": f"{sign}{mishap.spent:.2f}" if forecast else f"{sign}0.00",
                },
            },
        },
    }


def _legacy(core: Core, mishap: BudgetAlert) -> Mapping[str, object]:
    now = core.agenda.now
    # Seen as an amount and as a fraction of the budget.
    fraction = core.chance(30, "fraction", mishap.name, mishap.at)
    limit = f"{mishap.threshold / 100:g}" if fraction else f"{_limit(mishap):.1f}"
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
            "ResourceGroup": "",
            "SpendingAmount": f"{mishap.spent:.2f}",
            "BudgetStartDate": f"{now.month}/1/{now.year} 12:00:00 AM +00:00",
            "Budget": f"{mishap.amount:g}",
            "Unit": mishap.unit,
            "BudgetCreator": "someone@example.com",
            "BudgetName": mishap.name,
            "BudgetType": "Cost",
            "NotificationThresholdAmount": limit,
        },
    }
