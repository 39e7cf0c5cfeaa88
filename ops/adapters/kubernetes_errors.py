"""What the error responses of an API server mean: its Status object, the causes in it, and the results of evictions."""

import json
from http import HTTPStatus
from typing import Any

from ops.adapters.http_client import retry_after_s
from ops.model.refusal import Answer, System
from ops.policy.refusals import classify
from ops.ports.errors import OutsideError, TryLaterError, error_of
from ops.ports.kubernetes import EvictionResult

_LONGEST_MESSAGE = 500
_DENIED = "denied the request"


def eviction_answer(error: Any) -> EvictionResult | None:
    """Returns what an eviction's error means; None if it has no special meaning.

    An admission webhook chooses the status of its refusal. Its 429 is repeated like that of a PDB; its 404 or 409 does not mean
    that the pod is gone.
    """
    why = _message(error)
    match error.status:
        case HTTPStatus.NOT_FOUND | HTTPStatus.CONFLICT if _DENIED in why:
            return None
        case HTTPStatus.NOT_FOUND | HTTPStatus.CONFLICT:
            return EvictionResult("gone", why)
        case HTTPStatus.TOO_MANY_REQUESTS:
            return EvictionResult("blocked", why)
        case HTTPStatus.INTERNAL_SERVER_ERROR if "more than one PodDisruptionBudget" in why:
            return EvictionResult("several", why)
        case HTTPStatus.BAD_REQUEST if "does not support dry run" in why:
            return EvictionResult("unasked", why)
    return None


def _code(error: Any) -> str:
    """Returns the reason of the first cause, or else of the status; empty if the response has neither."""
    try:
        status = json.loads(error.body or "{}")
        causes = (status.get("details") or {}).get("causes") or ()
        return next((str(cause["reason"]) for cause in causes if cause.get("reason")), str(status.get("reason") or ""))
    except (ValueError, AttributeError, TypeError, RecursionError):
        return ""


def _message(error: Any) -> str:
    """Returns the API server's message, with the names in its causes."""
    try:
        status = json.loads(error.body or "{}")
        causes = [str(cause.get("message", "")) for cause in (status.get("details") or {}).get("causes") or ()]
        return " ".join([str(status.get("message", error.reason)), *causes]).strip()
    except (ValueError, AttributeError, TypeError, RecursionError):
        return str(error.reason)


def refusal_of(doing: str, error: Any) -> OutsideError:
    """Returns the port's error for an error of the client."""
    if not error.status:
        return TryLaterError(f"{doing}: {error.reason}")
    refusal = classify(Answer(System.KUBERNETES, error.status, _code(error), _message(error)[:_LONGEST_MESSAGE]))
    return error_of(doing, refusal, retry_after_s(error.headers))
