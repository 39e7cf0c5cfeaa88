"""Budget alerts are read in any currency and spelling; what cannot be read is kept as text."""

import json
from decimal import Decimal
from typing import Any

import pytest

from ops.endpoints.budget_payloads import UnreadableAlertError, read_alert
from ops.model.money import AsWritten, BudgetAlert, Money
from tests.engine.budget_alerts import LEGACY

SCOPE = "/subscriptions/00000000-0000-0000-0000-000000000001/"


def common(unit: str, amount: object, threshold: object, spent: object, **more: object) -> BudgetAlert:
    inner = {
        "Scope": SCOPE,
        "ThresholdType": "Actual",
        "BudgetName": "platform",
        "BudgetStartDate": "2026-11-01",
        "Unit": unit,
        "BudgetThreshold": amount,
        "NotificationThresholdAmount": threshold,
        "SpentAmount": spent,
        **more,
    }
    body = {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {"essentials": {}, "alertContext": {"AlertData": inner}},
    }
    return read_alert(json.dumps(body).encode())


def legacy(**changes: Any) -> BudgetAlert:
    document = json.loads(LEGACY)
    document["data"] |= changes
    return read_alert(json.dumps(document).encode())


@pytest.mark.parametrize(
    ("unit", "amount", "threshold", "spent", "read"),
    [
        ("INR", "₹5,00,000.00", "₹4,00,000.00", "₹4,12,345.50", ("500000", "400000", "412345.5")),
        ("INR", "₹500,000.00", "₹400,000.00", "₹412,345.50", ("500000", "400000", "412345.5")),
        ("BRL", "R$1,000.00", "R$800.00", "R$900.00", ("1000", "800", "900")),
        ("NOK", "kr 1,000.00", "kr 800.00", "kr 900.00", ("1000", "800", "900")),
        ("DKK", "kr. 1.000,00", "kr. 800,00", "kr. 900,00", ("1000", "800", "900")),
        ("CHF", "CHF 1,000.00", "CHF 800.00", "CHF 900.00", ("1000", "800", "900")),
        ("CHF", "CHF 1\u2019000.00", "CHF 800.00", "CHF 900.00", ("1000", "800", "900")),
        ("KRW", "₩1,000,000", "₩800,000", "₩900,000", ("1000000", "800000", "900000")),
        ("EUR", "1.000,00 €", "800,00 €", "900,00 €", ("1000", "800", "900")),
        ("EUR", "1.000 €", "800 €", "900,50 €", ("1000", "800", "900.5")),
        ("SEK", "1\u00a0000,00 kr", "800,00 kr", "900,00 kr", ("1000", "800", "900")),
        ("USD", "$50.00", "$25.00", "-$3.20", ("50", "25", "-3.2")),
        ("USD", "$50.00", "$25.00", "($3.20)", ("50", "25", "-3.2")),
        ("USD", "$50.00", "$25.00", "\u2212$3.20", ("50", "25", "-3.2")),
        ("USD", 50, 25.0, 26.1, ("50", "25", "26.1")),
    ],
)
def test_amounts_in_any_currency_and_spelling_are_read(
    unit: str, amount: object, threshold: object, spent: object, read: tuple[str, str, str]
) -> None:
    alert = common(unit, amount, threshold, spent)
    assert (alert.amount, alert.threshold, alert.spent) == tuple(Money(Decimal(each), unit) for each in read)


@pytest.mark.parametrize(
    "spent",
    ["lots", "₿½", "1,2,3", "80 %", "11/1/2026", "$1 of $2", "1E+999999", "12345678901234567", "1.000 €", "(5.00", ""],
)
def test_an_amount_that_cannot_be_read_with_certainty_is_kept_as_written(spent: str) -> None:
    assert common("EUR", "€50", "€25", spent).spent == AsWritten(spent)


@pytest.mark.parametrize("spent", [None, True, [], {}])
def test_a_value_that_is_not_an_amount_does_not_lose_the_alert(spent: object) -> None:
    assert isinstance(common("EUR", "€50", "€25", spent).spent, AsWritten)


def test_without_a_currency_code_an_ambiguous_sign_stays_as_written() -> None:
    alert = common("", "$50.00", "CHF 25.00", "30,00 €")
    assert (alert.amount, alert.threshold, alert.spent) == (
        AsWritten("$50.00"),
        Money(Decimal(25), "CHF"),
        Money(Decimal(30), "EUR"),
    )


@pytest.mark.parametrize(
    ("budget", "threshold", "spent", "read"),
    [
        ("10", "5.0", "5.2", "5.0"),  # as a fraction it would be 50, which is not reached
        ("20", "1.0", "1.1", "1.0"),
        ("10000", "0.8", "8000.01", "8000"),
        ("10000", "0.8", "7999.99", "8000"),  # as an amount it would be a hundredth of a percent
        ("10000", "1.0", "6000", "10000"),  # a forecast: the legacy schema does not say so
        ("20", "0.8", "16.5", "16"),  # as an amount it would be four percent, long exceeded
        ("10000", "8000.0", "8100", "8000"),
    ],
)
def test_the_amount_spent_decides_whether_a_threshold_is_a_fraction(
    budget: str, threshold: str, spent: str, read: str
) -> None:
    alert = legacy(Budget=budget, NotificationThresholdAmount=threshold, SpendingAmount=spent)
    assert alert.threshold == Money(Decimal(read), "USD")


def test_a_threshold_whose_scale_cannot_be_decided_is_kept_as_written() -> None:
    assert legacy(NotificationThresholdAmount="0.8", SpendingAmount="lots").threshold == AsWritten("0.8")


def test_the_scope_names_the_resource_group_and_has_one_spelling() -> None:
    assert legacy(SubscriptionId="1", ResourceGroup="rg-a").scope == "/subscriptions/1/resourceGroups/rg-a"
    assert legacy(SubscriptionId="1").scope == "/subscriptions/1"
    assert common("EUR", "1", "1", "1", Scope="subscriptions/1/").scope == "/subscriptions/1"
    identity = "/subscriptions/1/resourceGroups/A/providers/Microsoft.Consumption/budgets/x"
    assert common("EUR", "1", "1", "1", Scope=None, BudgetId=identity).scope == "/subscriptions/1/resourcegroups/a"


def test_a_payload_without_any_part_of_a_budget_is_not_an_alert() -> None:
    body = b'{"schemaId": "AIP Budget Notification", "data": {"Unit": "EUR"}}'
    with pytest.raises(UnreadableAlertError, match="neither the name of a budget nor an amount"):
        read_alert(body)
