"""How a pod is asked to end: the eviction subresource and DELETE, with their options and answers."""

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import assert_never, cast

from simulator.http_types import Answer, Call, JsonObject
from simulator.kubernetes.pods import pod_document
from simulator.kubernetes.status import StatusError, bad, conflict, status
from simulator.world.core import Core
from simulator.world.evictions import Ambiguous, Blocked, Evicted, delete, evict
from simulator.world.kube import Pod
from simulator.world.state import Cluster

SEVERAL = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
VIOLATES = "Cannot evict pod as it would violate the pod's disruption budget."


@dataclass(frozen=True, slots=True)
class _Options:
    """DeleteOptions, as far as they are simulated."""

    dry_run: bool
    grace_s: int | None
    uid: str | None


def evict_pod(core: Core, cluster: Cluster, pod: Pod, call: Call, who: str) -> Answer:
    """Answer a POST of a policy/v1 Eviction.

    Raises:
        StatusError: 400 (names another pod), 409 (another pod of that name), 429 (a budget), 500 (several budgets).
    """
    eviction = _body(call)
    metadata = eviction.get("metadata")
    name = cast("JsonObject", metadata).get("name") if isinstance(metadata, dict) else None
    # Left out, both are what the path says.
    if (eviction.get("kind") or "Eviction", eviction.get("apiVersion") or "policy/v1") != ("Eviction", "policy/v1"):
        raise bad(f"the body is {eviction.get('apiVersion')}/{eviction.get('kind')}, not policy/v1 Eviction")
    if name != pod.name:
        raise bad("name in URL does not match name in Eviction object")
    given = eviction.get("deleteOptions")
    options = _options(cast("JsonObject", given) if isinstance(given, dict) else {}, call)
    _check_uid(pod, options.uid)
    verdict = evict(core, cluster, pod, who, dry_run=options.dry_run, grace_s=options.grace_s)
    match verdict:
        case Evicted():
            return Answer(201, status("Success", HTTPStatus.CREATED))
        case Blocked(pdb, found):
            needs = (
                f"The disruption budget {pdb.name} needs {found.desired_healthy} healthy pods "
                f"and has {found.current_healthy} currently"
            )
            details: JsonObject = {"causes": [{"reason": "DisruptionBudget", "message": needs}]}
            raise StatusError(HTTPStatus.TOO_MANY_REQUESTS, "TooManyRequests", VIOLATES, details)
        case Ambiguous():
            raise StatusError(HTTPStatus.INTERNAL_SERVER_ERROR, "", SEVERAL)
        case _:
            assert_never(verdict)


def delete_pod(core: Core, cluster: Cluster, pod: Pod, call: Call, who: str) -> Answer:
    """Answer a DELETE of a pod: the pod, on its way out."""
    options = _options(_body(call) if call.body.strip() else {}, call)
    _check_uid(pod, options.uid)
    if not options.dry_run:
        delete(core, cluster, pod, who, options.grace_s)
    return Answer(200, pod_document(pod))


def _body(call: Call) -> JsonObject:
    try:
        return call.document()
    except json.JSONDecodeError as error:
        raise bad(str(error)) from error


def _options(given: JsonObject, call: Call) -> _Options:
    dry_run = given.get("dryRun") or [call.query["dryRun"]] if "dryRun" in call.query else given.get("dryRun") or []
    if dry_run not in ([], ["All"]):
        raise bad(f'dryRun: Unsupported value: {dry_run}: supported values: "All"')
    grace = given.get("gracePeriodSeconds", call.query.get("gracePeriodSeconds"))
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
