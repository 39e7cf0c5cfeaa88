"""The HTTP API for runbooks and runs. Errors for invalid input are clear but reveal nothing about Daytwo or the fleet."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import fields
from http import HTTPStatus

from ops.context import Context
from ops.endpoints import run_controls
from ops.endpoints.http_types import HttpResponse
from ops.endpoints.json_reader import NotJsonError, read_json
from ops.endpoints.manual_runs import RETRY_AFTER_S, too_many
from ops.endpoints.resources import (
    ControlRun,
    SetOverride,
    StartedRun,
    StartRun,
    condition_resource,
    control_resource,
    run_resource,
    run_summary,
    runbook_resource,
    to_body,
)
from ops.engine.run_starter import start_run
from ops.model.azure_names import azure_key
from ops.model.json import Json
from ops.model.ledger import Entry
from ops.model.run_request import RunRequest
from ops.policy.fleet_scope import is_in_fleet
from ops.runbooks import runbooks
from ops.tables.conditions import open_conditions
from ops.tables.runs import runs

_TARGET = re.compile(
    r"/subscriptions/[0-9a-f-]{36}/resourcegroups/[\w.()-]{1,90}/providers/microsoft\.containerservice/managedclusters/[\w-]{1,63}",
    re.IGNORECASE,
)
_PLAN = re.compile(r"[0-9a-f]{12}")
_RUN_ID = re.compile(r"[a-z0-9.-]{1,200}")
_MAX_BODY_BYTES = 16_384
_LONGEST_NAME = 64


class RefusalError(Exception):
    """Invalid input: the status and the text for the sender."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


def answer_runbooks() -> HttpResponse:
    """GET runbooks."""
    return HttpResponse(HTTPStatus.OK, to_body([runbook_resource(book) for book in runbooks().values()]))


def start_runbook(context: Context, name: str, body: bytes, idempotency_key: str) -> HttpResponse:
    """POST runbooks/{name}: 202 with the path of the run; the same idempotency key returns the same run."""
    try:
        request = read_body(body, StartRun)
        run_request = _run_request(context, name, request, idempotency_key)
    except RefusalError as refusal:
        return HttpResponse(refusal.status, {"error": str(refusal)})
    refusal_text = too_many(context, run_request)
    if refusal_text:
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        return HttpResponse(HTTPStatus.TOO_MANY_REQUESTS, {"error": refusal_text}, headers)
    run, is_new = start_run(context, run_request)
    text = f"requested {run_request.runbook} on {run_request.target_name}"
    text += " (plan only)" if run_request.dry_run else ""
    text += f" to execute the plan {run_request.params['plan']}" if "plan" in run_request.params else ""
    context.ports.ledger.append(Entry(f"{run.id}|requested", run_request.at, "requested", run.id, text, run_request.by))
    return HttpResponse(HTTPStatus.ACCEPTED, to_body(StartedRun(run.id, is_new)), {"Location": f"/api/runs/{run.id}"})


def answer_run(context: Context, run_id: str) -> HttpResponse:
    """GET runs/{id}."""
    stored = runs(context.ports.store).get(run_id) if _RUN_ID.fullmatch(run_id) else None
    if stored is None:
        return _no_such_run()
    return HttpResponse(HTTPStatus.OK, to_body(run_resource(stored.value)))


def answer_runs(context: Context, state: str) -> HttpResponse:
    """GET runs, newest first; only those in `state` if it is not empty."""
    all_runs = [stored.value for stored in runs(context.ports.store).scan()]
    all_runs.sort(key=lambda run: run.created, reverse=True)
    return HttpResponse(
        HTTPStatus.OK, to_body([run_summary(run) for run in all_runs if not state or run.state == state])
    )


def answer_conditions(context: Context) -> HttpResponse:
    """GET conditions, oldest first."""
    return HttpResponse(
        HTTPStatus.OK, to_body([condition_resource(each) for each in open_conditions(context.ports.store)])
    )


def control_run(context: Context, run_id: str, action: str, body: bytes) -> HttpResponse:
    """POST runs/{id}/cancel, pause or resume: recorded, and applied before the next step."""
    table = runs(context.ports.store)
    stored = table.get(run_id) if _RUN_ID.fullmatch(run_id) else None
    if stored is None:
        return _no_such_run()
    try:
        by = read_by(read_body(body, ControlRun))
    except RefusalError as refusal:
        return HttpResponse(refusal.status, {"error": str(refusal)})
    if stored.value.state.is_final:
        why = f"the run has ended ({stored.value.state}): there is nothing to {action}"
        return HttpResponse(HTTPStatus.CONFLICT, {"error": why})
    control = run_controls.control_run(context, run_id, action, by)
    resource = to_body(control_resource(run_id, control))
    return HttpResponse(HTTPStatus.ACCEPTED, resource, {"Location": f"/api/runs/{run_id}"})


def _no_such_run() -> HttpResponse:
    return HttpResponse(HTTPStatus.NOT_FOUND, {"error": "there is no such run"})


def _run_request(context: Context, name: str, request: Mapping[str, Json], idempotency_key: str) -> RunRequest:
    if name not in runbooks():
        raise RefusalError(HTTPStatus.NOT_FOUND, "there is no such runbook; GET /api/runbooks lists them")
    target = read_target(context, request)
    dry_run = request.get("dry_run", False)
    if not isinstance(dry_run, bool):
        raise RefusalError(HTTPStatus.BAD_REQUEST, "dry_run must be true or false")
    now = context.ports.clock.now()
    # A hash, since run ids are in lower case without special characters, and keys that differ only in these must remain different.
    named = hashlib.sha256(idempotency_key.encode()).hexdigest()[:16] if idempotency_key else f"{now:%Y%m%dt%H%M%S}"
    period = f"m-{named}"
    cluster = target.rsplit("/", 1)[1]
    prefix = "plan-" if dry_run else ""
    params = _confirmed_plan(name, request)
    return RunRequest(
        name, target, cluster, prefix + period, now, "http", read_by(request), dry_run=dry_run, params=params
    )


def _confirmed_plan(name: str, request: Mapping[str, Json]) -> dict[str, str]:
    plan = request.get("plan")
    if plan is None:
        return {}
    if not runbooks()[name].confirms_plan:
        raise RefusalError(HTTPStatus.BAD_REQUEST, f"plan is not a key for {name}: its runs need no confirmation")
    if not isinstance(plan, str) or not _PLAN.fullmatch(plan):
        raise RefusalError(HTTPStatus.BAD_REQUEST, "plan must be the hash of a plan: 12 hexadecimal digits")
    return {"plan": plan}


def read_target(context: Context, request: Mapping[str, Json]) -> str:
    """Returns the id of a cluster in the fleet, as `azure_key` returns it.

    Raises:
        RefusalError: it is not the ID of a managed cluster (400), or the cluster is not in the fleet (403).
    """
    target = request.get("target")
    if not isinstance(target, str) or not _TARGET.fullmatch(target):
        example = "/subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerService/managedClusters/…"
        raise RefusalError(HTTPStatus.BAD_REQUEST, f"target must be the ARM id of a managed cluster: {example}")
    settings = context.config.settings
    if settings is None or not is_in_fleet(target, settings):
        why = "The cluster is not in a configured subscription. Add it to `fleet.subscriptions`."
        raise RefusalError(HTTPStatus.FORBIDDEN, why)
    return azure_key(target)


def read_by(request: Mapping[str, Json]) -> str:
    """Returns the sender of the request. The function key does not identify a person, so the name is shown as a claim.

    Raises:
        RefusalError: it is not a name (400).
    """
    if "by" not in request:
        return "a holder of the function key"
    by = request["by"]
    if not isinstance(by, str) or not 0 < len(by) <= _LONGEST_NAME or not by.isprintable():
        raise RefusalError(HTTPStatus.BAD_REQUEST, f"by must be a name of at most {_LONGEST_NAME} printable characters")
    return f"a holder of the function key (says: {by})"


def read_body(body: bytes, kind: type[StartRun | ControlRun | SetOverride]) -> Mapping[str, Json]:
    """Returns a JSON object that contains only keys allowed in this request; none of them is required here.

    Raises:
        RefusalError: the body is too large (413), not a JSON object, or has an unknown key (400).
    """
    known = frozenset(each.name for each in fields(kind))
    if len(body) > _MAX_BODY_BYTES:
        raise RefusalError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is larger than 16 kB")
    try:
        request = read_json(body or b"{}")
    except NotJsonError as error:
        raise RefusalError(HTTPStatus.BAD_REQUEST, f"the body cannot be read: {error}") from None
    if not isinstance(request, dict):
        raise RefusalError(HTTPStatus.BAD_REQUEST, "the body must be a JSON object")
    unknown = sorted(set(request) - known)
    if unknown:
        raise RefusalError(
            HTTPStatus.BAD_REQUEST, f"unknown key {unknown[0][:64]!r}; known keys are {', '.join(sorted(known))}"
        )
    return request
