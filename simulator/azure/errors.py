"""Errors in ARM's format."""

from http import HTTPStatus

from simulator.http_types import HttpResponse, JsonObject


class ArmError(Exception):
    """An error response from ARM. AKS itself refuses without the `error` envelope, as recorded from the real service."""

    def __init__(
        self, status: int, code: str, message: str, retry_after_s: int | None = None, *, envelope: bool = True
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.retry_after_s = retry_after_s
        self.envelope = envelope

    def response(self) -> HttpResponse:
        """Return the error as a response."""
        headers = {"x-ms-failure-cause": "gateway"} if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR else {}
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(self.retry_after_s)
        if self.status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        if not self.envelope:
            bare: JsonObject = {"code": self.code, "details": None, "message": self.message, "subcode": ""}
            return HttpResponse(self.status, bare, headers)
        return HttpResponse(self.status, {"error": {"code": self.code, "message": self.message}}, headers)
