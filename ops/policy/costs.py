"""Whose money it was: a cluster's cost is that of its node resource group and of itself (docs/budget.md)."""

from collections.abc import Iterable

from ops.model.fleet import Cluster
from ops.model.money import CostReport, Money


def by_cluster(clusters: Iterable[Cluster], report: CostReport) -> dict[str, Money]:
    """By cluster's name, what its node resource group has cost. Amounts of several currencies are kept apart by the larger one."""
    found: dict[str, Money] = {}
    for cluster in clusters:
        for cost in report.costs:
            if cost.resource_group != cluster.node_resource_group.casefold():
                continue
            money = Money(cost.amount, cost.currency)
            known = found.get(cluster.name)
            found[cluster.name] = known + money if known is not None and known.currency == money.currency else money
    return found
