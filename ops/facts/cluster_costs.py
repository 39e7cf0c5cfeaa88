"""Each cluster's costs this month: the costs of its node resource group, which is billed separately."""

from datetime import datetime
from functools import partial

from ops.facts import FactQuery
from ops.facts.query import query
from ops.model.arm_actions import LIST_FLEET
from ops.model.fleet import Cluster, Unknown
from ops.model.money import Bill, Bills, CostReport
from ops.policy.costs import bills_by_cluster

ACTIONS = frozenset({"Microsoft.CostManagement/query/action", LIST_FLEET})
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> Bills | Unknown:
    """Returns the costs of every cluster whose subscription can be read, and what is missing; Unknown if none can be read.

    Alerts are reported without costs, so no run waits for them.
    """
    bills: list[Bill] = []
    missing: list[str] = []
    until: list[datetime] = []
    for subscription in question.settings.fleet.subscriptions:
        report = query(partial(_report, question, subscription))
        if isinstance(report, Unknown):
            missing.append(f"the costs of subscription {subscription} are unknown: {report.why}")
            continue
        fleet, costs = report
        bills += bills_by_cluster(fleet, costs)
        until.append(costs.until)
        if costs.unreadable:
            missing.append(f"{costs.unreadable} rows of the costs of subscription {subscription} could not be read")
    return Bills(tuple(bills), min(until), tuple(missing)) if until else Unknown("; ".join(missing))


def _report(question: FactQuery, subscription: str) -> tuple[tuple[Cluster, ...], CostReport]:
    fleet = tuple(each for each in question.ports.clusters.list_clusters(subscription) if isinstance(each, Cluster))
    return fleet, question.ports.costs.month_to_date(subscription, question.now)
