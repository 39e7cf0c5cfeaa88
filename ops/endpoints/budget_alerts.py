"""The webhook for budget alerts: both schemas of an action group, parsed strictly (docs/budget.md)."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from ops.context import Context
from ops.endpoints.http_types import HttpRequest, HttpResponse
from ops.endpoints.json_reader import NotJsonError, read_json
from ops.endpoints.rejected_requests import RejectedRequests, Rejection
from ops.endpoints.resources import StartedRun, to_body
from ops.engine.run_starter import start_run
from ops.model.ledger import Entry
from ops.model.money import BudgetAlert, Money
from ops.model.run_request import RunRequest, slug
from ops.tables.budgets import alerts

_MAX_BODY_BYTES = 65_536
SHORTEST_KEY = 32
_ENDPOINT = "budget"
_NOT_CONFIGURED = (
    "The app setting DAYTWO_BUDGET_KEY is missing or too short, so budget alerts are rejected. "
    f"Set it to at least {SHORTEST_KEY} random characters."
)
# Azure allows thresholds of up to 1000 %; the largest fraction observed so far is 5.
_LARGEST_FRACTION = 5
_KEPT_CHARACTERS = 4_000
_LEGACY, _COMMON = "AIP Budget Notification", "azureMonitorCommonAlertSchema"


@dataclass(frozen=True, slots=True)
class BudgetAccess:
    """The app setting of the webhook. Its address contains the key, so the key opens nothing else."""

    key: str
    rejected: RejectedRequests


class UnreadableError(Exception):
    """The payload is not a budget alert; the text says why."""


@dataclass(frozen=True, slots=True)
class _Fields:
    """A mapping of strings. The names are those in Azure's documentation."""

    of: Mapping[str, Any]

    def text(self, name: str) -> str:
        """Returns a required string.

        Raises:
            UnreadableError: it is missing or empty.
        """
        value = self.of.get(name)
        if not isinstance(value, str) or not value.strip():
            raise UnreadableError(f"it has no {name}")
        return value.strip()

    def money(self, name: str, currency: str) -> Money:
        """Returns a required amount.

        Raises:
            UnreadableError: it is missing or not an amount.
        """
        money = Money.parse(self.text(name), currency)
        if money is None:
            raise UnreadableError(f"its {name} is not an amount: {self.text(name)[:40]!r}")
        return money


def read_alert(body: bytes) -> BudgetAlert:
    """Parses an alert in either schema.

    Raises:
        UnreadableError: the body is too large, not JSON, or not a budget alert.
    """
    if len(body) > _MAX_BODY_BYTES:
        raise UnreadableError("it is larger than 64 kB")
    try:
        document = read_json(body)
    except NotJsonError as error:
        raise UnreadableError(str(error)) from None
    if not isinstance(document, dict) or not isinstance(document.get("data"), dict):
        raise UnreadableError("it has no data")
    match document.get("schemaId"):
        case str(schema) if schema == _LEGACY:
            return _legacy(_Fields(document["data"]))
        case str(schema) if schema == _COMMON:
            return _common(document["data"])
    raise UnreadableError("its schemaId is not that of a budget alert")


def receive_alert(context: Context, access: BudgetAccess, request: HttpRequest) -> HttpResponse:
    """POST alerts/budget: takes the alert if the request has the budget key. Without a configured key, nothing is taken."""
    if len(access.key) < SHORTEST_KEY:
        return HttpResponse(HTTPStatus.SERVICE_UNAVAILABLE, {"error": _NOT_CONFIGURED})
    given = request.query.get("key", "")
    if not hmac.compare_digest(given.encode(errors="replace"), access.key.encode()):
        rejection = Rejection(HTTPStatus.UNAUTHORIZED, "wrong-key", "the address does not contain the budget key")
        return access.rejected.answer(context, _ENDPOINT, rejection, request.body)
    return take_alert(context, request.body)


def take_alert(context: Context, body: bytes) -> HttpResponse:
    """POST alerts/budget: one run per alert, however often it is sent. An unreadable alert is recorded and answered with 400."""
    now = context.ports.clock.now()
    try:
        alert = read_alert(body)
    except UnreadableError as error:
        excerpt = body[:_KEPT_CHARACTERS].decode(errors="replace")
        key = hashlib.sha256(body).hexdigest()[:16]
        text = f"a budget alert could not be read: {error}"
        context.ports.ledger.append(
            Entry(f"unreadable|{key}", now, "unreadable", "budget", text, "action-group", {"payload": excerpt})
        )
        return HttpResponse(HTTPStatus.BAD_REQUEST, {"error": f"this is not a budget alert: {error}"})
    run_request = RunRequest("budget", _target(alert), alert.budget, period(alert), now, "action-group", "Azure")
    alerts(context.ports.store).insert(run_request.run_id, alert)
    run, is_new = start_run(context, run_request)
    return HttpResponse(HTTPStatus.ACCEPTED, to_body(StartedRun(run.id, is_new)), {"Location": f"/api/runs/{run.id}"})


def period(alert: BudgetAlert) -> str:
    """Returns the period of an alert. Alerts with the same kind, threshold and period count as one alert."""
    return slug(f"{alert.period}-{alert.kind}-{alert.threshold.amount.normalize():f}")


def _target(alert: BudgetAlert) -> str:
    return f"{alert.scope}|{alert.budget}".casefold()


def _legacy(data: _Fields) -> BudgetAlert:
    """Returns the threshold as an amount; Azure sends it as an amount or as a fraction of the budget."""
    currency = data.text("Unit")
    amount = data.money("Budget", currency)
    threshold = data.money("NotificationThresholdAmount", currency)
    if 0 < threshold.amount <= _LARGEST_FRACTION:
        threshold = Money(threshold.amount * amount.amount, currency)
    return BudgetAlert(
        budget=data.text("BudgetName"),
        scope=f"/subscriptions/{data.text('SubscriptionId')}",
        kind="actual",
        threshold=threshold,
        spent=data.money("SpendingAmount", currency),
        amount=amount,
        period=data.text("BudgetStartDate").split()[0],
    )


def _common(data: Mapping[str, Any]) -> BudgetAlert:
    context = data.get("alertContext")
    inner = context.get("AlertData") if isinstance(context, Mapping) else None
    if not isinstance(inner, Mapping):
        raise UnreadableError("it has no AlertData")
    fields = _Fields(inner)
    currency = fields.text("Unit")
    forecast = inner.get("ForecastedTotalForPeriod")
    return BudgetAlert(
        budget=fields.text("BudgetName"),
        scope=_Fields(inner).text("Scope"),
        kind=fields.text("ThresholdType").casefold(),
        threshold=fields.money("NotificationThresholdAmount", currency),
        spent=fields.money("SpentAmount", currency),
        amount=fields.money("BudgetThreshold", currency),
        period=fields.text("BudgetStartDate"),
        forecast=Money.parse(forecast, currency) if isinstance(forecast, str) and forecast.strip() else None,
    )
