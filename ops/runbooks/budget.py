"""Budget alerts: an explanation of the costs, and possible remedies (docs/budget.md)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops.model.decision import Decision, Nothing, Report
from ops.model.fleet import Cluster, Unknown
from ops.model.money import AsWritten, Bill, Bills, BudgetAlert, Money
from ops.model.run import Run
from ops.model.wording import clock
from ops.policy.power import may_sleep, schedule_of
from ops.runbooks.contract import RunbookDefaults
from ops.settings import Settings
from ops.settings.cost import COST
from ops.settings.part import Section

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts that explain an alert."""

    alert: BudgetAlert | Unknown
    cluster_costs: Bills | Unknown
    fleet: tuple[Cluster, ...] | Unknown


class Budget(RunbookDefaults):
    """The runbook for budget alerts."""

    name: str = "budget"
    title: str = "Budget"
    unit: str = "steps"
    section: Section[Any] | None = COST
    rank: int = 20
    about_event: bool = True
    facts: type[Facts] = Facts

    def decide(self, facts: Facts, settings: Settings, run: Run, now: datetime) -> Decision:
        """Reports the alert, the costs of each cluster, and the clusters that could be stopped."""
        alert = facts.alert
        if isinstance(alert, Unknown):
            return Nothing(f"there is no alert to explain: {alert.why}")
        lines = [*_first(alert), *_costs(facts.cluster_costs)]
        cost = settings.get(COST)
        budgets = cost.budgets if cost else ()
        offers = next((budget.offers for budget in budgets if budget.name == alert.budget), ())
        if "stop-dev-clusters" in offers:
            lines += _offer(facts.fleet, settings)
        return Report(_headline(alert), tuple(lines), ok=False)


RUNBOOK = Budget()


def _headline(alert: BudgetAlert) -> str:
    if alert.kind == "forecasted":
        return f"{alert.budget} is forecast to exceed {alert.threshold} of {alert.amount}"
    if alert.kind != "actual":
        return f"{alert.budget}: Azure reports an alert for {alert.threshold} of {alert.amount}"
    if _is_below(alert):
        return f"{alert.budget}: Azure reports that {alert.threshold} of {alert.amount} is exceeded"
    return f"{alert.budget} has exceeded {alert.threshold} of {alert.amount}"


def _is_below(alert: BudgetAlert) -> bool:
    """Whether Azure's own figures contradict the alert, for example after a credit."""
    spent, threshold = alert.spent, alert.threshold
    return isinstance(spent, Money) and isinstance(threshold, Money) and spent.amount < threshold.amount


def _first(alert: BudgetAlert) -> list[str]:
    """Returns what was spent, where, and which amounts could not be read."""
    known = alert.forecast is not None and (not isinstance(alert.forecast, Money) or alert.forecast.amount)
    forecast = f", forecast for the period {alert.forecast}" if known else ""
    since = f" since {alert.period}" if alert.period else ""
    below = ", which is below the threshold," if alert.kind == "actual" and _is_below(alert) else ""
    lines = [f"spent {alert.spent}{below}{since}{forecast}", f"budget of {alert.scope}"]
    unreadable = [
        each for each in (alert.threshold, alert.amount, alert.spent, alert.forecast) if isinstance(each, AsWritten)
    ]
    return (
        [*lines, "amounts in quotation marks are shown as Azure wrote them"]
        if any(e.text for e in unreadable)
        else lines
    )


def _costs(costs: Bills | Unknown) -> list[str]:
    if isinstance(costs, Unknown):
        return [f"the costs by cluster are unknown: {costs.why}"]
    if not costs.each:
        scope = "cluster whose costs could be read" if costs.missing else "cluster in the fleet"
        return [f"no {scope} has any costs yet this month", *costs.missing]
    ordered = sorted(costs.each, key=lambda bill: (-bill.money.amount, bill.name, bill.cluster))
    lines = [f"{_named(bill, costs)}: {bill.money} this month for its node resource group" for bill in ordered[:_SHOWN]]
    if len(ordered) > _SHOWN:
        lines.append(f"and {len(ordered) - _SHOWN} more clusters")
    return [*lines, *costs.missing, f"counted until {clock(costs.until)}"]


def _named(bill: Bill, costs: Bills) -> str:
    """Returns the cluster's name, with its resource group if another cluster has the same name."""
    others = {other.cluster for other in costs.each if other.name == bill.name}
    return bill.name if len(others) == 1 else f"{bill.name} in {bill.resource_group}"


def _offer(fleet: tuple[Cluster, ...] | Unknown, settings: Settings) -> list[str]:
    if isinstance(fleet, Unknown):
        return [f"which clusters could be stopped is unknown: {fleet.why}"]
    able = [
        c.name
        for c in fleet
        if c.is_running and schedule_of(c, settings) is not None and may_sleep(c, settings) is None
    ]
    if not able:
        return ["offer: no running cluster can be stopped"]
    return [f"offer: stop {', '.join(sorted(able))} now (only a plan: nothing was done)"]
