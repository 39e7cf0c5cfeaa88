"""The HTTP side of long-running operations: the headers that announce an operation and the two URLs to poll."""

import hashlib
import hmac
from urllib.parse import urlencode

from simulator.azure.documents import PROVIDER, compute_operation_document, operation_document
from simulator.azure.errors import ArmError
from simulator.http_types import HttpRequest, HttpResponse
from simulator.world.state import Operation, Status

# AKS uses this API version when it announces an operation, regardless of the request's version.
API_VERSION = "2017-08-31"
COMPUTE_VERSION = "2026-04-01"
# Recorded addresses have about 3,600 characters, most of which are a certificate.
_CERTIFICATE_PARTS = 48


class LongRunning:
    """Signs and checks operation URLs. ``retry_after_s`` can be None, because the real service does not send Retry-After."""

    def __init__(self, operations: dict[str, Operation], key: str, retry_after_s: int | None) -> None:
        self._operations = operations
        self._key = key.encode()
        self._retry_after_s = retry_after_s

    def headers(self, operation: Operation, origin: str, *, location: bool = True) -> dict[str, str]:
        """Return the headers that announce an operation."""
        headers = {"Azure-AsyncOperation": self._url(operation, origin, "operations")} | self._retry_headers()
        if location:
            headers["Location"] = self._url(operation, origin, "operationresults")
        return headers

    def compute_headers(self, operation: Operation, origin: str) -> dict[str, str]:
        """Return the headers with which the compute provider announces an operation."""
        url = self._compute_url(operation, origin)
        return {"Azure-AsyncOperation": url, "Location": f"{url}&monitor=true"} | self._retry_headers()

    def compute_status(self, call: HttpRequest, names: dict[str, str]) -> HttpResponse:
        """Handle a GET of either URL. ``Location`` has no body: 202 while the operation is running, 200 after it has ended."""
        operation = self._find(call, names["subscription"], names["region"], names["operation"])
        runs = operation.status is Status.IN_PROGRESS
        retry_headers = self._retry_headers() if runs else {}
        if call.query.get("monitor") == "true":
            location = {"Location": f"{self._compute_url(operation, call.origin)}&monitor=true"} if runs else {}
            return HttpResponse(202 if runs else 200, None, location | retry_headers)
        return HttpResponse(200, compute_operation_document(operation), retry_headers)

    def status(self, call: HttpRequest, subscription: str, region: str, operation_id: str) -> HttpResponse:
        """Handle a GET of ``Azure-AsyncOperation``."""
        operation = self._find(call, subscription, region, operation_id)
        retry_headers = self._retry_headers() if operation.status is Status.IN_PROGRESS else {}
        return HttpResponse(200, operation_document(operation), retry_headers)

    def result(self, call: HttpRequest, subscription: str, region: str, operation_id: str) -> HttpResponse:
        """Handle a GET of ``Location``: 202 while the operation is running, 204 after it has ended."""
        operation = self._find(call, subscription, region, operation_id)
        if operation.status is Status.IN_PROGRESS:
            location = self._url(operation, call.origin, "operationresults")
            return HttpResponse(202, None, {"Location": location} | self._retry_headers())
        return HttpResponse(204)

    def _retry_headers(self) -> dict[str, str]:
        return {} if self._retry_after_s is None else {"Retry-After": str(self._retry_after_s)}

    def _find(self, call: HttpRequest, subscription: str, region: str, operation_id: str) -> Operation:
        operation = self._operations.get(operation_id)
        here = operation is not None and (operation.subscription, operation.region) == (subscription, region.lower())
        if operation is None or not here:
            raise ArmError(404, "NotFound", f"The operation {operation_id} could not be found in {region}.")
        if not hmac.compare_digest(call.query.get("s", ""), self._sign(operation_id)):
            raise ArmError(
                403, "InvalidSignature", f"The URL of operation {operation_id} was changed: use it as returned."
            )
        return operation

    def _url(self, operation: Operation, origin: str, kind: str) -> str:
        query = urlencode(
            {
                "api-version": API_VERSION,
                "t": int(operation.began.timestamp() * 10_000_000) + 621_355_968_000_000_000,
                "c": self._sign(f"c{operation.id}") * _CERTIFICATE_PARTS,
                "s": self._sign(operation.id),
                "h": self._sign(f"h{operation.id}"),
            }
        )
        return (
            f"{origin}/subscriptions/{operation.subscription}/{PROVIDER}/locations/{operation.region}"
            f"/{kind}/{operation.id}?{query}"
        )

    def _compute_url(self, operation: Operation, origin: str) -> str:
        query = urlencode(
            {
                "p": operation.id,
                "api-version": COMPUTE_VERSION,
                "t": int(operation.began.timestamp() * 10_000_000) + 621_355_968_000_000_000,
                "c": self._sign(f"c{operation.id}") * _CERTIFICATE_PARTS,
                "s": self._sign(operation.id),
                "h": self._sign(f"h{operation.id}"),
            }
        )
        return (
            f"{origin}/subscriptions/{operation.subscription}/providers/Microsoft.Compute/locations/{operation.region}"
            f"/operations/{operation.id}?{query}"
        )

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
