"""Long-running operations on the wire: the headers that announce one, the two places to poll it."""

import hashlib
import hmac
from urllib.parse import urlencode

from simulator.azure.documents import PROVIDER, compute_operation_document, operation_document
from simulator.azure.errors import ArmError
from simulator.http_types import Answer, Call
from simulator.world.state import Operation, Status

# AKS still announces its operations on this version, whatever the request's own.
API_VERSION = "2017-08-31"
COMPUTE_VERSION = "2026-04-01"


class LongRunning:
    """Signs and checks the URLs of operations; ``retry_after_s`` is absent in the real service's answers."""

    def __init__(self, operations: dict[str, Operation], key: str, retry_after_s: int | None) -> None:
        self._operations = operations
        self._key = key.encode()
        self._retry_after_s = retry_after_s

    def headers(self, operation: Operation, origin: str, *, location: bool = True) -> dict[str, str]:
        """Return the headers that announce an operation."""
        headers = {"Azure-AsyncOperation": self._url(operation, origin, "operations")} | self._pace()
        if location:
            headers["Location"] = self._url(operation, origin, "operationresults")
        return headers

    def compute_headers(self, operation: Operation, origin: str) -> dict[str, str]:
        """Return the headers with which the compute provider announces an operation."""
        url = self._compute_url(operation, origin)
        return {"Azure-AsyncOperation": url, "Location": f"{url}&monitor=true"} | self._pace()

    def compute_status(self, call: Call, names: dict[str, str]) -> Answer:
        """Answer a GET of either of them: ``Location`` has no document, but 202 while it runs and 200 in the end."""
        operation = self._find(call, names["subscription"], names["region"], names["operation"])
        runs = operation.status is Status.IN_PROGRESS
        pace = self._pace() if runs else {}
        if call.query.get("monitor") == "true":
            location = {"Location": f"{self._compute_url(operation, call.origin)}&monitor=true"} if runs else {}
            return Answer(202 if runs else 200, None, location | pace)
        return Answer(200, compute_operation_document(operation), pace)

    def status(self, call: Call, subscription: str, region: str, operation_id: str) -> Answer:
        """Answer a GET of ``Azure-AsyncOperation``."""
        operation = self._find(call, subscription, region, operation_id)
        pace = self._pace() if operation.status is Status.IN_PROGRESS else {}
        return Answer(200, operation_document(operation), pace)

    def result(self, call: Call, subscription: str, region: str, operation_id: str) -> Answer:
        """Answer a GET of ``Location``: 202 while it runs, 204 in the end."""
        operation = self._find(call, subscription, region, operation_id)
        if operation.status is Status.IN_PROGRESS:
            location = self._url(operation, call.origin, "operationresults")
            return Answer(202, None, {"Location": location} | self._pace())
        return Answer(204)

    def _pace(self) -> dict[str, str]:
        return {} if self._retry_after_s is None else {"Retry-After": str(self._retry_after_s)}

    def _find(self, call: Call, subscription: str, region: str, operation_id: str) -> Operation:
        operation = self._operations.get(operation_id)
        here = operation is not None and (operation.subscription, operation.region) == (subscription, region.lower())
        if operation is None or not here:
            raise ArmError(404, "NotFound", f"The operation {operation_id} could not be found in {region}.")
        if not hmac.compare_digest(call.query.get("s", ""), self._sign(operation_id)):
            raise ArmError(
                403, "InvalidSignature", f"The URL of operation {operation_id} was altered: use it as given."
            )
        return operation

    def _url(self, operation: Operation, origin: str, kind: str) -> str:
        query = urlencode(
            {
                "api-version": API_VERSION,
                "t": int(operation.began.timestamp() * 10_000_000) + 621_355_968_000_000_000,
                "c": self._sign(f"c{operation.id}") * 8,
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
                "c": self._sign(f"c{operation.id}") * 8,
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
