"""Overrides: a person's expiring exceptions, `awake until` and `skip this week`."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from ops.context import Context
from ops.endpoints import run_controls
from ops.endpoints.http_api import RefusalError, read_body, read_by, read_target
from ops.endpoints.http_types import HttpResponse

LONGEST = timedelta(days=14)


def set_override(context: Context, kind: str, body: bytes) -> HttpResponse:
    """POST overrides/{awake|skip}: `target`, `until`, `by`. The one set last holds; it expires by itself."""
    try:
        request = read_body(body, frozenset({"target", "until", "by"}))
        target, by = read_target(context, request), read_by(request)
        until = _until(request.get("until"), context.ports.clock.now())
    except RefusalError as refusal:
        return HttpResponse(refusal.status, {"error": str(refusal)})
    text = run_controls.set_override(context, kind, target, until, by)
    return HttpResponse(HTTPStatus.ACCEPTED, {"override": text})


def _until(value: object, now: datetime) -> datetime:
    if not isinstance(value, str):
        raise RefusalError(HTTPStatus.BAD_REQUEST, "until has to be a time, as in 2026-11-18T22:00:00+01:00")
    try:
        until = datetime.fromisoformat(value)
    except ValueError:
        raise RefusalError(
            HTTPStatus.BAD_REQUEST, "until is no time: write it as in 2026-11-18T22:00:00+01:00"
        ) from None
    if until.tzinfo is None:
        raise RefusalError(HTTPStatus.BAD_REQUEST, "until needs an offset, as in 2026-11-18T22:00:00+01:00")
    if not now < until <= now + LONGEST:
        raise RefusalError(HTTPStatus.BAD_REQUEST, "until has to be ahead, by 14 days at the most: an override expires")
    return until.astimezone(UTC)
