"""What is said about a budget alert: the amounts, the costs of each cluster, and what could be stopped (docs/budget.md)."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ops.model.decision import Nothing, Report
from ops.model.fleet import Cluster, Unknown
from ops.model.money import AsWritten, Bill, Bills, BudgetAlert, Money
from ops.model.run import Run
from ops.runbooks.budget import RUNBOOK, Facts
from tests.fakes import ALL_OPERATIONS, MONDAY, cluster, settings

UNTIL = datetime(2026, 11, 16, 6, tzinfo=UTC)
RUN = Run("budget.x.1", "budget", "id", "platform", "1", MONDAY, "action-group", "azure")


def dollars(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


ALERT = BudgetAlert(
    "platform", "/subscriptions/1", "actual", dollars("80"), dollars("90"), dollars("100"), "2026-11-01", dollars("120")
)
NO_COSTS = Bills((), UNTIL)


def bill(name: str, amount: str, group: str = "rg", cluster_id: str = "") -> Bill:
    return Bill(cluster_id or name, name, group, dollars(amount))


def report(
    alert: BudgetAlert | Unknown = ALERT,
    costs: Bills | Unknown = NO_COSTS,
    fleet: tuple[Cluster, ...] | Unknown = (),
    config: str = ALL_OPERATIONS,
) -> Report:
    decision = RUNBOOK.decide(Facts(alert, costs, fleet), settings(config), RUN, MONDAY)
    assert isinstance(decision, Report)
    assert not decision.ok
    return decision


def test_without_an_alert_there_is_nothing_to_explain() -> None:
    facts = Facts(Unknown("it is gone"), NO_COSTS, ())
    decision = RUNBOOK.decide(facts, settings(ALL_OPERATIONS), RUN, MONDAY)
    assert decision == Nothing("there is no alert to explain: it is gone")


@pytest.mark.parametrize(
    ("alert", "headline", "first"),
    [
        (
            ALERT,
            "platform has exceeded $80.00 of $100.00",
            "spent $90.00 since 2026-11-01, forecast for the period $120.00",
        ),
        (
            replace(ALERT, kind="forecasted"),
            "platform is forecast to exceed $80.00 of $100.00",
            "spent $90.00 since 2026-11-01, forecast for the period $120.00",
        ),
        (
            replace(ALERT, kind="other", spent=dollars("70")),
            "platform: Azure reports an alert for $80.00 of $100.00",
            "spent $70.00 since 2026-11-01, forecast for the period $120.00",
        ),
        (
            replace(ALERT, spent=dollars("79.99"), forecast=None),
            "platform: Azure reports that $80.00 of $100.00 is exceeded",
            "spent $79.99, which is below the threshold, since 2026-11-01",
        ),
        (
            replace(ALERT, spent=dollars("80"), period="", forecast=dollars("0")),
            "platform has exceeded $80.00 of $100.00",
            "spent $80.00",
        ),
        (
            replace(ALERT, kind="forecasted", spent=dollars("1"), forecast=AsWritten("much")),
            "platform is forecast to exceed $80.00 of $100.00",
            "spent $1.00 since 2026-11-01, forecast for the period 'much'",
        ),
        (
            replace(ALERT, spent=AsWritten("")),
            "platform has exceeded $80.00 of $100.00",
            "spent an amount that is not given since 2026-11-01, forecast for the period $120.00",
        ),
    ],
)
def test_the_alert_is_reported_as_what_it_is(alert: BudgetAlert, headline: str, first: str) -> None:
    found = report(alert)
    assert (found.headline, found.lines[:2]) == (headline, (first, "budget of /subscriptions/1"))


QUOTED = "amounts in quotation marks are shown as Azure wrote them"


@pytest.mark.parametrize(
    ("alert", "expected"),
    [
        (ALERT, False),
        (replace(ALERT, threshold=AsWritten("x")), True),
        (replace(ALERT, amount=AsWritten("x")), True),
        (replace(ALERT, spent=AsWritten("x")), True),
        (replace(ALERT, forecast=AsWritten("x")), True),
        (replace(ALERT, spent=AsWritten(""), amount=AsWritten("x")), True),
        (replace(ALERT, spent=AsWritten("")), False),
    ],
)
def test_amounts_that_could_not_be_read_are_explained(alert: BudgetAlert, *, expected: bool) -> None:
    assert (QUOTED in report(alert).lines) is expected


def test_the_most_expensive_clusters_come_first_and_at_most_five_are_named() -> None:
    bills = tuple(
        bill(name, amount) for name, amount in zip("gfedcba", ("1", "5", "5", "9", "2", "3", "4"), strict=True)
    )
    lines = report(costs=Bills(bills, UNTIL, ("one subscription is missing",))).lines
    assert lines[2:] == (
        "d: $9.00 this month for its node resource group",
        "e: $5.00 this month for its node resource group",
        "f: $5.00 this month for its node resource group",
        "a: $4.00 this month for its node resource group",
        "b: $3.00 this month for its node resource group",
        "and 2 more clusters",
        "one subscription is missing",
        "counted until Mon 06:00 UTC",
        "offer: no running cluster can be stopped",
    )


def test_five_clusters_are_all_named() -> None:
    lines = report(costs=Bills(tuple(bill(name, "1") for name in "abcde"), UNTIL)).lines
    assert [line[0] for line in lines[2:]] == ["a", "b", "c", "d", "e", "c", "o"]


def test_clusters_with_one_name_are_named_with_their_resource_groups() -> None:
    bills = (bill("shop", "2", "rg-b", "id-b"), bill("shop", "2", "rg-a", "id-a"), bill("pay", "1"))
    assert report(costs=Bills(bills, UNTIL)).lines[2:5] == (
        "shop in rg-a: $2.00 this month for its node resource group",
        "shop in rg-b: $2.00 this month for its node resource group",
        "pay: $1.00 this month for its node resource group",
    )


def test_one_cluster_with_bills_in_two_currencies_needs_no_resource_group() -> None:
    euros = replace(bill("shop", "2"), money=Money(Decimal(3), "EUR"))
    lines = report(costs=Bills((bill("shop", "2"), euros), UNTIL)).lines
    assert lines[2:4] == (
        "shop: €3.00 this month for its node resource group",
        "shop: $2.00 this month for its node resource group",
    )


def test_costs_that_are_missing_are_not_called_absent() -> None:
    assert report().lines[2] == "no cluster in the fleet has any costs yet this month"
    missing = report(costs=Bills((), UNTIL, ("the costs of a are unknown",))).lines
    assert missing[2:4] == (
        "no cluster whose costs could be read has any costs yet this month",
        "the costs of a are unknown",
    )
    unknown = report(costs=Unknown("no rights")).lines
    assert unknown[2] == "the costs by cluster are unknown: no rights"


DEV, PROD = cluster("shop-dev"), cluster("shop-prod", env="prod")


@pytest.mark.parametrize(
    ("fleet", "line"),
    [
        (Unknown("no list"), "which clusters could be stopped is unknown: no list"),
        ((), "offer: no running cluster can be stopped"),
        ((PROD, replace(DEV, power=cluster(running=False).power)), "offer: no running cluster can be stopped"),
        ((replace(DEV, node_auto_provisioning=True),), "offer: no running cluster can be stopped"),
        ((cluster("qa", env="test"),), "offer: no running cluster can be stopped"),
        ((DEV, PROD, cluster("a-dev")), "offer: stop a-dev, shop-dev now (only a plan: nothing was done)"),
    ],
)
def test_running_clusters_with_a_schedule_are_offered_to_be_stopped(
    fleet: tuple[Cluster, ...] | Unknown, line: str
) -> None:
    assert report(fleet=fleet).lines[-1] == line


def test_nothing_is_offered_for_a_budget_without_an_offer() -> None:
    assert "offer" not in report(replace(ALERT, budget="other"), fleet=(DEV,)).lines[-1]
    without = ALL_OPERATIONS.replace("cost:\n  budgets: [{name: platform, offer: [stop-dev-clusters]}]\n", "")
    assert "offer" not in report(fleet=(DEV,), config=without).lines[-1]
