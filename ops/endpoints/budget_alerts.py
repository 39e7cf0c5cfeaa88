"""The webhook for budget alerts: one run per alert; what is not an alert is kept and reported (docs/budget.md)."""

import hashlib
import hmac
from dataclasses import dataclass
from http import HTTPStatus

from ops.context import Context
from ops.endpoints.budget_payloads import UnreadableAlertError, read_alert
from ops.endpoints.http_types import HttpRequest, HttpResponse
from ops.endpoints.rejected_requests import RejectedRequests, Rejection
from ops.endpoints.resources import StartedRun, to_body
from ops.engine.run_starter import start_run
from ops.messaging.conditions import report_condition
from ops.model.azure_names import azure_key
from ops.model.ledger import Entry
from ops.model.money import BudgetAlert, Money
from ops.model.run_request import RunRequest, short_hash, slug
from ops.render.conditions import unreadable_alert_message
from ops.tables.budgets import alerts

SHORTEST_KEY = 32
_ENDPOINT = "budget"
_NOT_CONFIGURED = (
    "The app setting DAYTWO_BUDGET_KEY is missing or too short, so budget alerts are rejected. "
    f"Set it to at least {SHORTEST_KEY} random characters."
)
_KEPT_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class BudgetAccess:
    """The app setting of the webhook. Its address contains the key, so the key opens nothing else."""

    key: str
    rejected: RejectedRequests


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
    """POST alerts/budget: one run per alert, however often it is sent. Anything else is recorded, reported, and answered with 400."""
    try:
        alert = read_alert(body)
    except UnreadableAlertError as error:
        _report(context, body, str(error))
        return HttpResponse(HTTPStatus.BAD_REQUEST, {"error": f"this is not a budget alert: {error}"})
    now = context.ports.clock.now()
    run_request = RunRequest("budget", _target(alert), alert.budget, period(alert), now, "action-group", "Azure")
    alerts(context.ports.store).insert(run_request.run_id, alert)
    run, is_new = start_run(context, run_request)
    return HttpResponse(HTTPStatus.ACCEPTED, to_body(StartedRun(run.id, is_new)), {"Location": f"/api/runs/{run.id}"})


def _report(context: Context, body: bytes, why: str) -> None:
    """Keeps the payload in the ledger, and tells people: the action group may send alerts that no one would see otherwise."""
    now = context.ports.clock.now()
    excerpt = body[:_KEPT_CHARACTERS].decode(errors="replace")
    key = hashlib.sha256(body).hexdigest()[:16]
    text = f"a budget alert could not be read: {why}"
    context.ports.ledger.append(
        Entry(f"unreadable|{key}", now, "unreadable", "budget", text, "action-group", {"payload": excerpt})
    )
    report_condition(context.ports, unreadable_alert_message(why, excerpt), now)


def period(alert: BudgetAlert) -> str:
    """Returns the period of an alert. Alerts with the same kind, threshold and period count as one alert."""
    limit = alert.threshold
    threshold = f"{limit.amount.normalize():f}" if isinstance(limit, Money) else short_hash(limit.text)
    return slug(f"{alert.period[:24]}-{alert.kind[:16]}-{threshold}")


def _target(alert: BudgetAlert) -> str:
    return azure_key(f"{alert.scope}|{alert.budget}")
