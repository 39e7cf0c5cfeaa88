"""Cost Management's query API: scopes, time frames, groups, filters, pages, and its own rate limits."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import cast

from simulator.azure.arm_request import ArmRequest, skip, token
from simulator.azure.billing import CURRENCY, BilledResource, Costs, costs
from simulator.azure.errors import ArmError
from simulator.azure.qpu import Quota
from simulator.http_types import HttpResponse, JsonObject
from simulator.world.world import World

TYPES = ("ActualCost", "AmortizedCost", "Usage")
DIMENSIONS: dict[str, Callable[[BilledResource], str]] = {
    "ResourceGroupName": lambda item: item.group,
    "ResourceId": lambda item: item.resource_id,
    "ResourceType": lambda item: item.resource_type,
    "SubscriptionId": lambda item: item.subscription,
}
DAYS_PER_QPU = 31


@dataclass(frozen=True, slots=True)
class _Query:
    first: date
    last: date
    daily: bool
    column: str
    groups: tuple[str, ...]
    keeps: Callable[[BilledResource], bool]

    @property
    def qpu(self) -> int:
        """The number of units that the query costs: one for each month of data."""
        return max(ceil(((self.last - self.first).days + 1) / DAYS_PER_QPU), 1)


class Cost:
    """Handles ``POST {scope}/providers/Microsoft.CostManagement/query``."""

    def __init__(self, world: World, page_size: int) -> None:
        self._world = world
        self._page_size = page_size
        self._quota = Quota()

    def handle(self, name: str, request: ArmRequest) -> HttpResponse:
        """Call the handler with this name."""
        handler: Callable[[ArmRequest], HttpResponse] = getattr(self, name)
        return handler(request)

    def query_usage(self, request: ArmRequest) -> HttpResponse:
        """Return the costs of a subscription, or of one of its resource groups, as rows."""
        query = _read(request.call.document(), self._world.now)
        scope = request.call.path.lower().partition("/providers/microsoft.costmanagement")[0]
        refusal, headers = self._quota.take(scope, query.qpu, self._world.now)
        if refusal is not None:
            return HttpResponse(429, refusal, headers)
        subscription, group = request.names["subscription"].lower(), request.names.get("group")

        def inside(item: BilledResource) -> bool:
            return item.subscription == subscription and group in (None, item.group) and query.keeps(item)

        odd = self._world.core.take_cost_answer(subscription)
        if odd is not None and odd.shape == "denied":
            return HttpResponse(
                403, _refused("AuthorizationFailed", "The client does not have authorization."), headers
            )
        if odd is not None and odd.shape == "none":
            return HttpResponse(204, None, headers)
        rows = _rows(costs(self._world, query.first, query.last), query, inside)
        first = skip(request.call.query.get("$skiptoken"))
        properties: JsonObject = {
            "nextLink": self._link(request, first + self._page_size) if first + self._page_size < len(rows) else None,
            "columns": _columns(query),
            "rows": rows[first : first + self._page_size],
        }
        if odd is not None:
            properties = _odd(odd.shape, properties)
        name = self._world.core.new_id_in("cost-query")
        document: JsonObject = {
            "id": f"{scope.strip('/')}/providers/Microsoft.CostManagement/query/{name}",
            "name": name,
            "type": "Microsoft.CostManagement/query",
            "location": None,
            "sku": None,
            "eTag": None,
            "properties": properties,
        }
        return HttpResponse(200, document, headers)

    def _link(self, request: ArmRequest, first: int) -> str:
        version = request.call.query["api-version"]
        return f"{request.call.origin}{request.call.path}?api-version={version}&$skiptoken={token(first)}"


def _odd(shape: str, properties: JsonObject) -> JsonObject:
    """Return the result in another shape that Cost Management uses: without columns and rows, or with other names and another order."""
    if shape == "null":
        return {"nextLink": None, "columns": None, "rows": None}
    names = {"Cost": "PreTaxCost", "ResourceGroupName": "ResourceGroup", "Currency": "BillingCurrency"}
    columns: list[JsonObject] = [
        {**column, "name": names.get(str(column["name"]), str(column["name"]))}
        for column in cast("list[JsonObject]", properties["columns"])
    ]
    rows: list[list[object]] = [list(row) for row in cast("list[list[object]]", properties["rows"])]
    unpriced: list[list[object]] = [[None, "unpriced", CURRENCY]] if rows else []
    return {**properties, "columns": columns[::-1], "rows": [row[::-1] for row in [*rows, *unpriced]]}


def _refused(code: str, message: str) -> JsonObject:
    return {"error": {"code": code, "message": message}}


def _columns(query: _Query) -> list[JsonObject]:
    names = [(query.column, "Number"), *([("UsageDate", "Number")] if query.daily else [])]
    names += [*((group, "String") for group in query.groups), ("Currency", "String")]
    return [{"name": name, "type": kind} for name, kind in names]


def _rows(found: Costs, query: _Query, inside: Callable[[BilledResource], bool]) -> list[list[object]]:
    """Return the sums per group (and per day if requested), in order."""
    sums: dict[tuple[int | str, ...], float] = {}
    for (item, day), cost in found.items():
        if inside(item):
            when = (int(f"{day:%Y%m%d}"),) if query.daily else ()
            key = (*when, *(DIMENSIONS[group](item) for group in query.groups))
            sums[key] = sums.get(key, 0.0) + cost
    ordered = sorted(sums, key=lambda key: tuple(str(part) for part in key))
    return [[sums[key], *key, CURRENCY] for key in ordered]


def _read(body: JsonObject, now: datetime) -> _Query:
    """Parse a query definition.

    Raises:
        ArmError: 400 if it contains something that is not supported.
    """
    if body.get("type") not in TYPES:
        raise _bad(f"Invalid query definition: type must be one of {', '.join(TYPES)}")
    dataset = _object(body.get("dataset"))
    first, last = _span(body, now)
    if last < first:
        raise _bad("Invalid query definition: timePeriod ends before it begins")
    granularity = str(dataset.get("granularity") or "None")
    if granularity not in ("None", "Daily"):
        raise _bad(f"Granularity {granularity} is not simulated: use Daily or None")
    aggregation = _object(dataset.get("aggregation"))
    if len(aggregation) != 1:
        raise _bad("Exactly one aggregation is simulated: the sum of Cost or PreTaxCost")
    [summed] = aggregation.values()
    column = str(_object(summed).get("name"))
    if column not in ("Cost", "PreTaxCost"):
        raise _bad(f"Aggregation of {column} is not simulated: use Cost or PreTaxCost")
    grouping = cast("list[JsonObject]", dataset.get("grouping") or [])
    groups = tuple(_dimension(str(item.get("name"))) for item in grouping)
    condition = dataset.get("filter")
    return _Query(first, last, granularity == "Daily", column, groups, _filter(_object(condition) if condition else {}))


def _span(body: JsonObject, now: datetime) -> tuple[date, date]:
    today = now.date()
    match body.get("timeframe"):
        case "MonthToDate" | "BillingMonthToDate":
            return today.replace(day=1), today
        case "TheLastMonth" | "TheLastBillingMonth":
            last = today.replace(day=1) - timedelta(days=1)
            return last.replace(day=1), last
        case "Custom":
            period = _object(body.get("timePeriod"))
            return _day(period.get("from")), _day(period.get("to"))
        case other:
            raise _bad(f"Timeframe {other} is not simulated: use MonthToDate, TheLastMonth or Custom")


def _day(value: object) -> date:
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError as error:
        raise _bad(f"Invalid query definition: timePeriod has {value!r}, which is not a point in time") from error


def _dimension(name: str) -> str:
    for known in DIMENSIONS:
        if known.lower() == name.lower():
            return known
    raise _bad(f"Dimension {name} is not simulated: use {', '.join(DIMENSIONS)}")


def _filter(condition: JsonObject) -> Callable[[BilledResource], bool]:
    """Return whether a resource matches a filter. Values are compared case-insensitively."""
    match condition:
        case {"and": list(parts)}:
            every = [_filter(_object(part)) for part in parts]
            return lambda item: all(passes(item) for passes in every)
        case {"or": list(parts)}:
            some = [_filter(_object(part)) for part in parts]
            return lambda item: any(passes(item) for passes in some)
        case {"dimensions": {"name": str(name), "operator": "In", "values": list(values)}}:
            value_of = DIMENSIONS[_dimension(name)]
            wanted = {str(value).lower() for value in values}
            return lambda item: value_of(item) in wanted
        case {} if not condition:
            return lambda _: True
        case _:
            raise _bad(f"This filter is not simulated: {condition}")


def _object(value: object) -> JsonObject:
    if not isinstance(value, dict):
        raise _bad(f"Invalid query definition: {value!r} is not an object")
    return cast("JsonObject", value)


def _bad(message: str) -> ArmError:
    return ArmError(400, "BadRequest", message)
