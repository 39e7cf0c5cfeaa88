"""Each cluster's costs this month: the costs of its node resource group, which is billed separately."""

from ops.facts import FactQuery
from ops.model.arm_actions import LIST_FLEET
from ops.model.fleet import Unknown
from ops.model.money import Bill, Bills
from ops.policy.costs import bills_by_cluster
from ops.ports.errors import DeniedError, NotFoundError, RejectedError, TryLaterError

ACTIONS = frozenset({"Microsoft.CostManagement/query/action", LIST_FLEET})
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> Bills | Unknown:
    """Returns every cluster's costs; Unknown if they are not available now. Alerts are reported without them, so no run waits for costs."""
    bills: list[Bill] = []
    until = question.now
    try:
        for subscription in question.settings.fleet.subscriptions:
            fleet = question.ports.clusters.list_clusters(subscription)
            report = question.ports.costs.month_to_date(subscription, question.now)
            bills += bills_by_cluster(fleet, report)
            until = min(until, report.until)
    except (DeniedError, NotFoundError, RejectedError, TryLaterError) as error:
        return Unknown(str(error))
    return Bills(tuple(bills), until)
