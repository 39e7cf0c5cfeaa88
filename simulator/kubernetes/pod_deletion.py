"""Requests that end a pod: the eviction subresource and DELETE, with their options and responses."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import assert_never, cast

from simulator.http_types import HttpRequest, HttpResponse, JsonObject
from simulator.kubernetes.pods import pod_document
from simulator.kubernetes.status import StatusError, bad, conflict, status
from simulator.world.core import Core
from simulator.world.evictions import BudgetsAmbiguous, EvictionAllowed, EvictionBlocked, delete, evict
from simulator.world.kube import Pod
from simulator.world.state import Cluster

SEVERAL = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
WEBHOOK = "evictions.example.com"
VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget."


@dataclass(frozen=True, slots=True)
class _Options:
    """The part of DeleteOptions that is supported."""

    dry_run: bool
    grace_s: int | None
    uid: str | None


def evict_pod(core: Core, cluster: Cluster, pod: Pod, request: HttpRequest, who: str) -> HttpResponse:
    """Handle a POST of a policy/v1 Eviction.

    Raises:
        StatusError: 400 (different pod name), 403 (the namespace is being deleted),
            409 (a different pod with this name), 429 (a budget), 500 (several budgets).
    """
    eviction = _body(request)
    metadata = eviction.get("metadata")
    name = cast("JsonObject", metadata).get("name") if isinstance(metadata, dict) else None
    # Both default to the values in the path.
    if (eviction.get("kind") or "Eviction", eviction.get("apiVersion") or "policy/v1") != ("Eviction", "policy/v1"):
        raise bad(f"the body is {eviction.get('apiVersion')}/{eviction.get('kind')}, not policy/v1 Eviction")
    if name != pod.name:
        raise bad("name in URL does not match name in Eviction object")
    given = eviction.get("deleteOptions")
    options = _options(cast("JsonObject", given) if isinstance(given, dict) else {}, request)
    _check_uid(pod, options.uid)
    if pod.workload.spec.namespace_ends:
        raise _namespace_ends(pod)
    _ask_webhook(pod, dry_run=options.dry_run)
    result = evict(core, cluster, pod, who, dry_run=options.dry_run, grace_s=options.grace_s)
    match result:
        case EvictionAllowed():
            return HttpResponse(201, status("Success", HTTPStatus.CREATED))
        case EvictionBlocked(pdb, found):
            needs = (
                f"The disruption budget {pdb.name} needs {found.desired_healthy} healthy pods "
                f"and has {found.current_healthy} currently"
            )
            details: JsonObject = {"causes": [{"reason": "DisruptionBudget", "message": needs}]}
            raise StatusError(HTTPStatus.TOO_MANY_REQUESTS, "TooManyRequests", VIOLATES, details)
        case BudgetsAmbiguous():
            raise StatusError(HTTPStatus.INTERNAL_SERVER_ERROR, "", SEVERAL)
        case _:
            assert_never(result)


def _ask_webhook(pod: Pod, *, dry_run: bool) -> None:
    """Let an admission webhook judge the eviction.

    Raises:
        StatusError: 403 (it denies the eviction), 400 (it has side effects, so the API server does not call it in a dry run).
    """
    match pod.workload.spec.webhook:
        case "denies":
            message = f'admission webhook "{WEBHOOK}" denied the request: {pod.name} is in use'
            raise StatusError(HTTPStatus.FORBIDDEN, "Forbidden", message)
        case "no-dry-run" if dry_run:
            raise bad(f'admission webhook "{WEBHOOK}" does not support dry run')


def _namespace_ends(pod: Pod) -> StatusError:
    message = f'pods "{pod.name}" is forbidden: unable to create new content in namespace {pod.namespace} because it is being terminated'
    details: JsonObject = {"causes": [{"reason": "NamespaceTerminating", "field": "metadata.namespace"}]}
    return StatusError(HTTPStatus.FORBIDDEN, "Forbidden", message, details)


def delete_pod(core: Core, cluster: Cluster, pod: Pod, request: HttpRequest, who: str) -> HttpResponse:
    """Handle a DELETE of a pod. The response is the terminating pod."""
    options = _options(_body(request) if request.body.strip() else {}, request)
    _check_uid(pod, options.uid)
    if not options.dry_run:
        delete(core, cluster, pod, who, options.grace_s)
    return HttpResponse(200, pod_document(pod))


def _body(request: HttpRequest) -> JsonObject:
    try:
        return request.document()
    except json.JSONDecodeError as error:
        raise bad(str(error)) from error


def _options(given: JsonObject, request: HttpRequest) -> _Options:
    dry_run = (
        given.get("dryRun") or [request.query["dryRun"]] if "dryRun" in request.query else given.get("dryRun") or []
    )
    if dry_run not in ([], ["All"]):
        raise bad(f'dryRun: Unsupported value: {dry_run}: supported values: "All"')
    grace = given.get("gracePeriodSeconds", request.query.get("gracePeriodSeconds"))
    preconditions = given.get("preconditions")
    uid = cast("JsonObject", preconditions).get("uid") if isinstance(preconditions, dict) else None
    return _Options(bool(dry_run), None if grace is None else int(str(grace)), None if uid is None else str(uid))


def _check_uid(pod: Pod, uid: str | None) -> None:
    if uid is not None and uid != pod.uid:
        what = (
            f"the UID in the precondition ({uid}) does not match the UID in record ({pod.uid}). "
            "The object might have been deleted and then recreated"
        )
        raise conflict("Pod", pod.name, what)
