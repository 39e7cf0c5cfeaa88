"""What each cluster has cost this month: its own resource group's share is not told apart, its node resource group is."""

from collections.abc import Mapping

from ops.facts import Question
from ops.model.actions import LIST_FLEET
from ops.model.fleet import Unknown
from ops.model.money import Money
from ops.policy.costs import by_cluster
from ops.ports import DeniedError, NotFoundError, RejectedError, TryLaterError

ACTIONS = frozenset({"Microsoft.CostManagement/query/action", LIST_FLEET})
KUBERNETES = frozenset[str]()


def gather(question: Question) -> Mapping[str, Money] | Unknown:
    """By cluster; Unknown where costs cannot be had now: an alert is told all the same, so nothing is waited for."""
    found: dict[str, Money] = {}
    try:
        for subscription in question.settings.fleet.subscriptions:
            fleet = question.ports.clusters.list_clusters(subscription)
            report = question.ports.costs.month_to_date(subscription, question.now)
            found |= by_cluster(fleet, report)
    except (DeniedError, NotFoundError, RejectedError, TryLaterError) as error:
        return Unknown(str(error))
    return found
