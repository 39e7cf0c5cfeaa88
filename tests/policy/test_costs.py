"""Which costs belong to which cluster (docs/budget.md, rule 3), and how a budget run reports them."""

from decimal import Decimal

from ops.engine.preview import preview_run
from ops.model.decision import Report
from ops.model.fleet import Unknown
from ops.model.money import Bills, BudgetAlert, Cost, CostReport, Money
from ops.policy.costs import bills_by_cluster
from ops.runbooks.budget import RUNBOOK, Facts
from tests.fakes import ALL_OPERATIONS, MONDAY, cluster, settings

ONE = cluster("shop", node_resource_group="MC_a")
TWO = cluster("shop", node_resource_group="mc_b", resource_group="other", id=ONE.id.replace("/rg/", "/other/"))
WEB = cluster("web", node_resource_group="mc_c")
ALERT = BudgetAlert(
    "platform", "x", "actual", Money(Decimal(1), "EUR"), Money(Decimal(2), "EUR"), Money(Decimal(3), "EUR"), "11/1/2026"
)


def report(*costs: tuple[str, int, str]) -> CostReport:
    return CostReport(tuple(Cost(group, Decimal(amount), currency) for group, amount, currency in costs), MONDAY)


def lines_for(costs: CostReport) -> tuple[str, ...]:
    facts = Facts(ALERT, Bills(bills_by_cluster((ONE, TWO, WEB), costs), costs.until), Unknown("not asked"))
    decision = RUNBOOK.decide(facts, settings(ALL_OPERATIONS), preview_run(ONE, MONDAY, "budget"), MONDAY)
    assert isinstance(decision, Report)
    return decision.lines[2:-1]  # Without the amount spent, the budget's scope, and the offer.


def test_clusters_with_the_same_name_have_separate_costs() -> None:
    assert lines_for(report(("mc_a", 10, "EUR"), ("mc_b", 500, "EUR"))) == (
        "shop in other: €500.00 this month for its node resource group",
        "shop in rg: €10.00 this month for its node resource group",
        "counted until Mon 00:00 UTC",
    )


def test_other_resources_in_a_clusters_resource_group_do_not_count_toward_its_costs() -> None:
    assert lines_for(report(("rg", 900, "EUR"), ("mc_c", 7, "EUR"))) == (
        "web: €7.00 this month for its node resource group",
        "counted until Mon 00:00 UTC",
    )


def test_only_costs_in_the_same_currency_are_added() -> None:
    bills = bills_by_cluster((WEB,), report(("mc_c", 7, "EUR"), ("mc_c", 2, "USD"), ("mc_c", 1, "EUR")))
    assert [str(bill.money) for bill in bills] == ["€8.00", "$2.00"]


def test_a_month_without_costs_is_reported() -> None:
    assert lines_for(report()) == ("no cluster in the fleet has any costs yet this month",)
