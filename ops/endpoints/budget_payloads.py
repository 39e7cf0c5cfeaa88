"""Parses budget alerts in both schemas of an action group, tolerantly: an odd value is kept as text, never the reason to lose an alert."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ops.endpoints.json_reader import NotJsonError, read_json
from ops.model.amounts import decimal_mark, has_sign, read_amount
from ops.model.azure_names import azure_key
from ops.model.money import AsWritten, BudgetAlert, Money

_MAX_BODY_BYTES = 65_536
# Azure allows thresholds of up to 1000 %.
_LARGEST_FRACTION = 10
# A threshold is rarely less than this part of its budget.
_SMALLEST_PART = Decimal("0.01")
_LONGEST_TEXT = 200
_LEGACY, _COMMON = "AIP Budget Notification", "azureMonitorCommonAlertSchema"


class UnreadableAlertError(Exception):
    """The payload is not a budget alert; the text says why."""


def read_alert(body: bytes) -> BudgetAlert:
    """Parses an alert in either schema.

    Raises:
        UnreadableAlertError: the body is too large, not JSON, or not a budget alert.
    """
    document = _document(body)
    data = document.get("data")
    if not isinstance(data, Mapping):
        raise UnreadableAlertError("it has no data")
    match document.get("schemaId"):
        case str(schema) if schema.casefold() == _LEGACY.casefold():
            return _alert(_legacy(data))
        case str(schema) if schema.casefold() == _COMMON.casefold():
            return _alert(_common(data))
    raise UnreadableAlertError("its schemaId is not that of a budget alert")


@dataclass(frozen=True, slots=True)
class _Parts:
    """What both schemas contain, by one name each. Amounts are as they came."""

    budget: str
    scope: str
    kind: str
    currency: str
    amount: object
    threshold: object
    spent: object
    period: str
    forecast: object = None


def _document(body: bytes) -> Mapping[str, Any]:
    if len(body) > _MAX_BODY_BYTES:
        raise UnreadableAlertError("it is larger than 64 kB")
    try:
        document = read_json(body)
    except NotJsonError as error:
        raise UnreadableAlertError(str(error)) from None
    if not isinstance(document, Mapping):
        raise UnreadableAlertError("it has no data")
    return document


def _alert(parts: _Parts) -> BudgetAlert:
    written = (parts.amount, parts.threshold, parts.spent, parts.forecast)
    if not parts.budget and all(each is None for each in written):
        raise UnreadableAlertError("it has neither the name of a budget nor an amount")
    mark = decimal_mark(written)
    amount, threshold, spent = (read_amount(each, parts.currency, mark) for each in written[:3])
    forecast = read_amount(parts.forecast, parts.currency, mark) if parts.forecast not in (None, "") else None
    counted = forecast if parts.kind == "forecasted" and forecast is not None else spent
    return BudgetAlert(
        budget=parts.budget or "(a budget without a name)",
        scope=parts.scope,
        kind=parts.kind,
        threshold=threshold if has_sign(parts.threshold) else _scaled(threshold, amount, counted),
        spent=spent,
        amount=amount,
        period=parts.period,
        forecast=forecast,
    )


def _scaled(threshold: Money | AsWritten, amount: Money | AsWritten, counted: Money | AsWritten) -> Money | AsWritten:
    """Returns the threshold as an amount; Azure sends it as an amount or as a fraction of the budget (5.0 is both in a budget of 10).

    An alert fires once the threshold is reached. So it is a fraction if that has been reached, or if as an amount it would be
    less than one percent of the budget.
    """
    if not isinstance(threshold, Money) or not 0 < threshold.amount <= _LARGEST_FRACTION:
        return threshold
    if not isinstance(amount, Money) or not isinstance(counted, Money):
        return AsWritten(f"{threshold.amount.normalize():f}")
    share = threshold.amount * amount.amount
    if counted.amount >= share or threshold.amount < amount.amount * _SMALLEST_PART:
        return Money(share, threshold.currency)
    return threshold


def _legacy(data: Mapping[str, Any]) -> _Parts:
    group = _text(data, "ResourceGroup")
    return _Parts(
        budget=_text(data, "BudgetName"),
        scope=_scope(f"/subscriptions/{_text(data, 'SubscriptionId')}" + (f"/resourceGroups/{group}" if group else "")),
        kind="actual",
        currency=_text(data, "Unit"),
        amount=data.get("Budget"),
        threshold=data.get("NotificationThresholdAmount"),
        spent=data.get("SpendingAmount"),
        period=next(iter(_text(data, "BudgetStartDate").split()), ""),
    )


def _common(data: Mapping[str, Any]) -> _Parts:
    context = data.get("alertContext")
    inner = context.get("AlertData") if isinstance(context, Mapping) else None
    if not isinstance(inner, Mapping):
        raise UnreadableAlertError("it has no AlertData")
    return _Parts(
        budget=_text(inner, "BudgetName"),
        scope=_scope(_text(inner, "Scope") or azure_key(_text(inner, "BudgetId")).partition("/providers/")[0]),
        kind=_text(inner, "ThresholdType").casefold(),
        currency=_text(inner, "Unit"),
        amount=inner.get("BudgetThreshold"),
        threshold=inner.get("NotificationThresholdAmount"),
        spent=inner.get("SpentAmount"),
        period=_text(inner, "BudgetStartDate"),
        forecast=inner.get("ForecastedTotalForPeriod"),
    )


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if value is None or isinstance(value, Mapping | list):
        return ""
    return str(value).strip()[:_LONGEST_TEXT]


def _scope(text: str) -> str:
    """Returns a scope in one spelling: one leading slash, none at the end."""
    return f"/{text.strip('/')}"
