"""Costs through Cost Management: one grouped query per subscription, cached for four hours, since Azure refreshes costs that often."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

from azure.core.rest import HttpRequest

from ops.adapters.azure_endpoint import AzureEndpoint
from ops.adapters.azure_errors import refusals
from ops.model.amounts import read_amount
from ops.model.azure_names import azure_key
from ops.model.money import Cost, CostReport, Money
from ops.ports.errors import RejectedError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.mgmt.costmanagement import CostManagementClient

_FRESH_FOR = timedelta(hours=4)
# Cost data is 8 to 24 hours late (Microsoft Learn, "Understand Cost Management data").
_LATE_BY = timedelta(hours=8)
_MOST_PAGES = 50
# The names that Cost Management gives to what we ask for, in lower case, by kind of agreement and version.
_AMOUNT = ("cost", "totalcost", "pretaxcost")
_GROUP = ("resourcegroupname", "resourcegroup")
_CURRENCY = ("currency", "billingcurrency", "billingcurrencycode")

type _Row = Mapping[str, object]


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
            costs, unreadable = _costs(self._ask(subscription))
            report = CostReport(costs, now - _LATE_BY, unreadable)
            self._kept[subscription] = (now, report)
            return report

    def _ask(self, subscription: str) -> list[_Row]:
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
        rows: list[_Row] = []
        with refusals(f"reading the costs of subscription {subscription}"):
            page: Any = self._client.query.usage(f"/subscriptions/{subscription}", definition)
            for _ in range(_MOST_PAGES):
                if page is None:  # 204 No Content: nothing was spent in this period
                    return rows
                rows += _rows_of(page.columns, page.rows)
                if not page.next_link:
                    return rows
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


def _rows_of(columns: Any, rows: Any) -> Iterator[_Row]:
    """Returns each row by column. Azure varies the case and the order of columns, and leaves both out if nothing was spent."""
    names = [str(getattr(column, "name", "")).casefold() for column in columns or ()]
    for row in rows or ():
        yield dict(zip(names, row if isinstance(row, Sequence) else (), strict=False))


def _costs(rows: Sequence[_Row]) -> tuple[tuple[Cost, ...], int]:
    """Returns the costs, and the number of rows that cannot be read."""
    read = [_cost(row) for row in rows]
    costs = tuple(cost for cost in read if cost is not None)
    return costs, len(read) - len(costs)


def _cost(row: _Row) -> Cost | None:
    """Converts a row; None if its group, currency or amount is missing. The amount is converted from its text: a float would be inexact."""
    group, currency, amount = (_first_of(row, names) for names in (_GROUP, _CURRENCY, _AMOUNT))
    if not isinstance(group, str) or not isinstance(currency, str) or not currency:
        return None
    money = read_amount(amount, currency)
    return Cost(azure_key(group), money.amount, currency) if isinstance(money, Money) else None


def _first_of(row: _Row, names: Sequence[str]) -> object:
    return next((row[name] for name in names if row.get(name) is not None), None)
