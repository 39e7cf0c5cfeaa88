"""Costs through Cost Management: one grouped query per subscription, cached for four hours, since Azure refreshes costs that often."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

from azure.core.rest import HttpRequest

from ops.adapters.azure_endpoint import AzureEndpoint
from ops.adapters.azure_errors import refusals
from ops.model.money import Cost, CostReport
from ops.ports.errors import RejectedError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.mgmt.costmanagement import CostManagementClient

_FRESH_FOR = timedelta(hours=4)
# Cost data is 8 to 24 hours late (Microsoft Learn, "Understand Cost Management data").
_LATE_BY = timedelta(hours=8)
_MOST_PAGES = 50


@dataclass
class AzureCosts:
    """Implements `Costs`."""

    credential: "TokenCredential"
    endpoint: AzureEndpoint = field(default_factory=AzureEndpoint)
    _kept: dict[str, tuple[datetime, CostReport]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def month_to_date(self, subscription: str, now: datetime) -> CostReport:
        """Returns this month's actual costs by resource group, page by page: the SDK does not follow `nextLink`."""
        with self._lock:
            cached = self._kept.get(subscription)
            if cached is not None and now - cached[0] < _FRESH_FOR:
                return cached[1]
            report = CostReport(tuple(self._ask(subscription)), now - _LATE_BY)
            self._kept[subscription] = (now, report)
            return report

    def _ask(self, subscription: str) -> list[Cost]:
        from azure.mgmt.costmanagement.models import (
            QueryAggregation,
            QueryDataset,
            QueryDefinition,
            QueryGrouping,
        )

        dataset = QueryDataset(
            granularity="None",
            aggregation={"totalCost": QueryAggregation(name="Cost", function="Sum")},
            grouping=[QueryGrouping(type="Dimension", name="ResourceGroupName")],
        )
        definition = QueryDefinition(type="ActualCost", timeframe="MonthToDate", dataset=dataset)
        costs: list[Cost] = []
        with refusals(f"reading the costs of subscription {subscription}"):
            page: Any = self._client.query.usage(f"/subscriptions/{subscription}", definition)
            for _ in range(_MOST_PAGES):
                columns = [column.name for column in page.columns]
                costs += [_cost(dict(zip(columns, row, strict=True))) for row in page.rows]
                if not page.next_link:
                    return costs
                page = self._follow(page.next_link, definition, type(page))
        raise RejectedError(
            "TooManyPages", f"the costs of subscription {subscription} have more than {_MOST_PAGES} pages"
        )

    def _follow(self, link: str, definition: Any, kind: Any) -> Any:
        """Fetches the next page by posting the same body to its link.

        Raises:
            RejectedError: the link is outside Azure Resource Manager.
        """
        if not link.startswith(f"{self.endpoint.url}/"):
            raise RejectedError("ForeignPage", "the address of a page of costs is outside Azure Resource Manager")
        response = self._client.send_request(HttpRequest("POST", link, json=definition.as_dict()))
        response.raise_for_status()
        return kind(response.json())

    @cached_property
    def _client(self) -> "CostManagementClient":
        from azure.mgmt.costmanagement import CostManagementClient

        return CostManagementClient(self.credential, **self.endpoint.options())


def _cost(row: dict[str, Any]) -> Cost:
    """Converts an amount from its text, because a float would be inexact."""
    amount = row.get("Cost", row.get("totalCost"))
    return Cost(str(row["ResourceGroupName"]).casefold(), Decimal(str(amount)), str(row["Currency"]))
