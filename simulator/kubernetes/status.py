"""Error responses from an API server, with a Status as their body."""

from http import HTTPStatus

from simulator.http_types import HttpResponse, JsonObject


class StatusError(Exception):
    """An error response whose body is a Kubernetes Status. An empty reason is left out."""

    def __init__(
        self, code: int, reason: str, message: str, details: JsonObject | None = None, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details
        self.retry_after_s = retry_after_s

    def response(self) -> HttpResponse:
        """Return the Status as a response."""
        document = status("Failure", self.code, message=str(self), reason=self.reason, details=self.details)
        headers = {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
        return HttpResponse(self.code, document, headers)


def status(
    result: str, code: int, *, message: str = "", reason: str = "", details: JsonObject | None = None
) -> JsonObject:
    """Return a Status, leaving out its empty fields."""
    document: JsonObject = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": result}
    for key, value in (("message", message), ("reason", reason), ("details", details)):
        if value:
            document[key] = value
    return document | {"code": code}


def bad(message: str) -> StatusError:
    """Return the error for a malformed request."""
    return StatusError(HTTPStatus.BAD_REQUEST, "BadRequest", message)


def not_found(resource: str, name: str) -> StatusError:
    """Return the error for an object that does not exist."""
    group, _, kind = resource.rpartition("/")
    details: JsonObject = {"name": name, "kind": kind, **({"group": group} if group else {})}
    shown = f"{kind}.{group}" if group else kind
    return StatusError(HTTPStatus.NOT_FOUND, "NotFound", f'{shown} "{name}" not found', details)


def conflict(resource: str, name: str, what: str) -> StatusError:
    """Return the error for a change that is based on an older version."""
    message = f'Operation cannot be fulfilled on {resource} "{name}": {what}'
    return StatusError(HTTPStatus.CONFLICT, "Conflict", message, {"name": name, "kind": resource})


MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"
