"""The HTTP doors: runbooks and runs. Bad input gets a clear refusal and reveals nothing."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus

from ops.context import Context
from ops.endpoints import run_controls
from ops.endpoints.http_types import HttpResponse
from ops.engine.run_starter import start_run
from ops.model.json import Json
from ops.model.ledger import Entry
from ops.model.run import Run
from ops.model.run_request import RunRequest
from ops.policy.fleet_scope import is_in_fleet
from ops.runbooks import runbooks
from ops.serialization import to_json
from ops.tables.runs import runs

_TARGET = re.compile(
    r"/subscriptions/[0-9a-f-]{36}/resourcegroups/[\w.()-]{1,90}/providers/microsoft\.containerservice/managedclusters/[\w-]{1,63}",
    re.IGNORECASE,
)
_RUN_ID = re.compile(r"[a-z0-9.-]{1,200}")
_MAX_BODY_BYTES = 16_384
_LONGEST_NAME = 64
_BODY_KEYS = frozenset({"target", "dry_run", "by"})


class RefusalError(Exception):
    """Bad input: the status and what the sender should know."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


def answer_runbooks() -> HttpResponse:
    """GET runbooks."""
    return HttpResponse(HTTPStatus.OK, [{"name": book.name, "title": book.title} for book in runbooks().values()])


def start_runbook(context: Context, name: str, body: bytes, idempotency_key: str) -> HttpResponse:
    """POST runbooks/{name}: 202 with the run's address; the same key again is the same run."""
    try:
        request = read_body(body, _BODY_KEYS)
        signal = _signal(context, name, request, idempotency_key)
    except RefusalError as refusal:
        return HttpResponse(refusal.status, {"error": str(refusal)})
    run, is_new = start_run(context, signal)
    text = f"asked for {signal.runbook} on {signal.target_name}" + (" (plan only)" if signal.dry_run else "")
    context.ports.ledger.append(Entry(f"{run.id}|asked", signal.at, "asked", run.id, text, signal.by))
    return HttpResponse(HTTPStatus.ACCEPTED, {"run": run.id, "new": is_new}, {"Location": f"/api/runs/{run.id}"})


def answer_run(context: Context, run_id: str) -> HttpResponse:
    """GET runs/{id}."""
    stored = runs(context.ports.store).get(run_id) if _RUN_ID.fullmatch(run_id) else None
    if stored is None:
        return _no_such_run()
    return HttpResponse(HTTPStatus.OK, shown(stored.value))


def answer_runs(context: Context, state: str) -> HttpResponse:
    """GET runs, newest first, perhaps of one state."""
    found = [stored.value for stored in runs(context.ports.store).scan()]
    found.sort(key=lambda run: run.created, reverse=True)
    return HttpResponse(HTTPStatus.OK, [_line(run) for run in found if not state or run.state == state])


def control_run(context: Context, run_id: str, action: str, body: bytes) -> HttpResponse:
    """POST runs/{id}/cancel, pause or resume: kept in the store, honoured between steps."""
    table = runs(context.ports.store)
    stored = table.get(run_id) if _RUN_ID.fullmatch(run_id) else None
    if stored is None:
        return _no_such_run()
    try:
        by = read_by(read_body(body, _BODY_KEYS))
    except RefusalError as refusal:
        return HttpResponse(refusal.status, {"error": str(refusal)})
    if stored.value.state.is_final:
        why = f"the run has ended ({stored.value.state}): there is nothing to {action}"
        return HttpResponse(HTTPStatus.CONFLICT, {"error": why})
    control = run_controls.control_run(context, run_id, action, by)
    answer: Json = {"run": run_id, "cancelled_by": control.cancelled_by, "paused_by": control.paused_by}
    return HttpResponse(HTTPStatus.ACCEPTED, answer, {"Location": f"/api/runs/{run_id}"})


def shown(run: Run) -> Json:
    """A run as the API shows it: all but the tokens, which hold signed addresses."""
    hidden = replace(
        run,
        steps=tuple(replace(step, token="") for step in run.steps),
        finished=tuple(replace(step, token="") for step in run.finished),
    )
    value = to_json(hidden)
    return {**value, "state": str(run.state)} if isinstance(value, Mapping) else value


def _line(run: Run) -> Json:
    ended = run.ended.isoformat() if run.ended else None
    return {
        "id": run.id,
        "runbook": run.runbook,
        "target": run.target_name,
        "state": str(run.state),
        "why": run.why,
        "ended": ended,
    }


def _no_such_run() -> HttpResponse:
    return HttpResponse(HTTPStatus.NOT_FOUND, {"error": "there is no such run"})


def _signal(context: Context, name: str, request: Mapping[str, Json], idempotency_key: str) -> RunRequest:
    if name not in runbooks():
        raise RefusalError(HTTPStatus.NOT_FOUND, "there is no such runbook; GET /api/runbooks lists them")
    target = read_target(context, request)
    dry_run = request.get("dry_run", False)
    if not isinstance(dry_run, bool):
        raise RefusalError(HTTPStatus.BAD_REQUEST, "dry_run has to be true or false")
    now = context.ports.clock.now()
    # By its hash: an id keeps neither case nor signs, and two keys that differ in them are two runs.
    named = hashlib.sha256(idempotency_key.encode()).hexdigest()[:16] if idempotency_key else f"{now:%Y%m%dt%H%M%S}"
    period = f"m-{named}"
    cluster = target.rsplit("/", 1)[1]
    prefix = "plan-" if dry_run else ""
    return RunRequest(name, target, cluster, prefix + period, now, "http", read_by(request), dry_run=dry_run)


def read_target(context: Context, request: Mapping[str, Json]) -> str:
    """The id of a cluster of the fleet, in lower case. Raises RefusalError."""
    target = request.get("target")
    if not isinstance(target, str) or not _TARGET.fullmatch(target):
        wanted = "/subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerService/managedClusters/…"
        raise RefusalError(HTTPStatus.BAD_REQUEST, f"target has to be the id of a managed cluster: {wanted}")
    settings = context.config.settings
    if settings is None or not is_in_fleet(target, settings):
        why = "the cluster lies in no subscription of the fleet: fleet.subscriptions would have to name it"
        raise RefusalError(HTTPStatus.FORBIDDEN, why)
    return target.casefold()


def read_by(request: Mapping[str, Json]) -> str:
    """Who asks: the key proves no person, so the name that its holder writes is shown as their word. Raises RefusalError."""
    if "by" not in request:
        return "whoever holds the function key"
    by = request["by"]
    if not isinstance(by, str) or not 0 < len(by) <= _LONGEST_NAME or not by.isprintable():
        raise RefusalError(
            HTTPStatus.BAD_REQUEST, f"by has to be a name of at most {_LONGEST_NAME} printable characters"
        )
    return f"a holder of the function key (says: {by})"


def read_body(body: bytes, known: frozenset[str]) -> Mapping[str, Json]:
    """A JSON object of known keys. Raises RefusalError."""
    if len(body) > _MAX_BODY_BYTES:
        raise RefusalError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is larger than 16 kB")
    try:
        request = json.loads(body or b"{}")
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise RefusalError(HTTPStatus.BAD_REQUEST, "the body is no JSON") from None
    if not isinstance(request, dict):
        raise RefusalError(HTTPStatus.BAD_REQUEST, "the body has to be a JSON object")
    unknown = sorted(set(request) - known)
    if unknown:
        raise RefusalError(
            HTTPStatus.BAD_REQUEST, f"unknown key {unknown[0][:64]!r}; known are {', '.join(sorted(known))}"
        )
    return request
