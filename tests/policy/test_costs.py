"""Whose money it was (docs/budget.md, rule 3), and how a budget's run tells it."""

from decimal import Decimal

from ops.engine.preview import preview_run
from ops.model.decision import Report
from ops.model.fleet import Unknown
from ops.model.money import Bills, BudgetAlert, Cost, CostReport, Money
from ops.policy.costs import bills_by_cluster
from ops.runbooks.budget import RUNBOOK, Facts
from tests.fakes import LANES, MONDAY, cluster, settings

ONE = cluster("shop", node_resource_group="MC_a")
TWO = cluster("shop", node_resource_group="mc_b", resource_group="other", id=ONE.id.replace("/rg/", "/other/"))
WEB = cluster("web", node_resource_group="mc_c")
ALERT = BudgetAlert(
    "platform", "x", "actual", Money(Decimal(1), "EUR"), Money(Decimal(2), "EUR"), Money(Decimal(3), "EUR"), "11/1/2026"
)


def report(*costs: tuple[str, int, str]) -> CostReport:
    return CostReport(tuple(Cost(group, Decimal(amount), currency) for group, amount, currency in costs), MONDAY)


def told(costs: CostReport) -> tuple[str, ...]:
    facts = Facts(ALERT, Bills(bills_by_cluster((ONE, TWO, WEB), costs), costs.until), Unknown("not asked"))
    decision = RUNBOOK.decide(facts, settings(LANES), preview_run(ONE, MONDAY, "budget"), MONDAY)
    assert isinstance(decision, Report)
    return decision.lines[1:-1]  # the spent, and what is offered


def test_two_clusters_of_one_name_are_two_bills() -> None:
    assert told(report(("mc_a", 10, "EUR"), ("mc_b", 500, "EUR"))) == (
        "shop in other: €500.00 this month for its node resource group",
        "shop in rg: €10.00 this month for its node resource group",
        "counted until Mon 00:00 UTC",
    )


def test_what_else_stands_in_the_clusters_own_group_is_not_its_cost() -> None:
    assert told(report(("rg", 900, "EUR"), ("mc_c", 7, "EUR"))) == (
        "web: €7.00 this month for its node resource group",
        "counted until Mon 00:00 UTC",
    )


def test_rows_of_one_currency_are_added_and_of_another_are_not() -> None:
    bills = bills_by_cluster((WEB,), report(("mc_c", 7, "EUR"), ("mc_c", 2, "USD"), ("mc_c", 1, "EUR")))
    assert [str(bill.money) for bill in bills] == ["€8.00", "$2.00"]


def test_before_anything_was_billed_that_is_said() -> None:
    assert told(report()) == ("no cluster of the fleet has any costs yet this month",)
