"""Overrides (`awake until` and `skip this week`): exceptions for one cluster that expire automatically."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from ops.context import Context
from ops.endpoints import run_controls
from ops.endpoints.http_api import RefusalError, read_body, read_by, read_target
from ops.endpoints.http_types import HttpResponse
from ops.endpoints.resources import OverrideResource, SetOverride, to_body

LONGEST = timedelta(days=14)


def set_override(context: Context, kind: str, body: bytes) -> HttpResponse:
    """POST overrides/{awake|skip} with `target`, `until`, `by`. The latest override applies until it expires."""
    try:
        request = read_body(body, SetOverride)
        target, by = read_target(context, request), read_by(request)
        until = _until(request.get("until"), context.ports.clock.now())
    except RefusalError as refusal:
        return HttpResponse(refusal.status, {"error": str(refusal)})
    run_controls.set_override(context, kind, target, until, by)
    text = run_controls.override_text(kind, target, until)
    return HttpResponse(HTTPStatus.ACCEPTED, to_body(OverrideResource(text)))


def _until(value: object, now: datetime) -> datetime:
    if not isinstance(value, str):
        raise RefusalError(HTTPStatus.BAD_REQUEST, "until must be a time, for example 2026-11-18T22:00:00+01:00")
    try:
        until = datetime.fromisoformat(value)
    except ValueError:
        raise RefusalError(
            HTTPStatus.BAD_REQUEST, "until is not a time; an example is 2026-11-18T22:00:00+01:00"
        ) from None
    if until.tzinfo is None:
        raise RefusalError(HTTPStatus.BAD_REQUEST, "until needs an offset, for example 2026-11-18T22:00:00+01:00")
    if not now < until <= now + LONGEST:
        raise RefusalError(HTTPStatus.BAD_REQUEST, "until must be in the future, at most 14 days ahead")
    return until.astimezone(UTC)
