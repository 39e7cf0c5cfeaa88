"""Each cluster's costs: a cluster's bill consists of the costs of its node resource group (docs/budget.md, rule 3)."""

from collections.abc import Iterable

from ops.model.azure_names import azure_key
from ops.model.fleet import Cluster
from ops.model.money import Bill, CostReport, Money


def bills_by_cluster(clusters: Iterable[Cluster], report: CostReport) -> tuple[Bill, ...]:
    """Returns each cluster's bill; one bill per currency if there are several."""
    bills: dict[tuple[str, str], Bill] = {}
    for cluster in clusters:
        for cost in report.costs:
            if cost.resource_group != azure_key(cluster.node_resource_group):
                continue
            bill = Bill(cluster.id, cluster.name, cluster.resource_group, Money(cost.amount, cost.currency))
            known = bills.get((cluster.id, cost.currency))
            bills[cluster.id, cost.currency] = known.plus(bill.money) if known else bill
    return tuple(bills.values())
