"""Records rejected requests in the ledger, at a limited rate so that rejected callers cannot fill it."""

import hashlib
import logging
import threading
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from ops.context import Context
from ops.endpoints.http_types import HttpResponse
from ops.model.ledger import Entry
from ops.ports.errors import OutsideError

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a request is rejected: `reason` is a code for the ledger, `text` is for the sender."""

    status: HTTPStatus
    reason: str
    text: str


class RequestRejectedError(Exception):
    """Raised when an endpoint rejects the request."""

    def __init__(self, status: HTTPStatus, reason: str, text: str) -> None:
        super().__init__(text)
        self.rejection = Rejection(status, reason, text)


class RejectedRequests:
    """Records one entry per endpoint, reason and minute: with ten reasons, at most 14,400 per endpoint and day.

    Only the hash of the body is recorded: its content is not trusted until the endpoint has authenticated the sender.
    """

    def __init__(self) -> None:
        # This saves a ledger call per request; across processes, the entry's key prevents duplicates.
        self._noted: dict[tuple[str, str], datetime] = {}
        self._lock = threading.Lock()

    def answer(self, context: Context, endpoint: str, rejection: Rejection, body: bytes) -> HttpResponse:
        """Records the rejection; returns the response to the request."""
        self.note(context, endpoint, rejection, body)
        return HttpResponse(rejection.status, {"error": rejection.text})

    def note(self, context: Context, endpoint: str, rejection: Rejection, body: bytes) -> None:
        """Records the rejection, unless this minute already has an entry. If the ledger cannot be written, the rejection is only logged."""
        now = context.ports.clock.now()
        minute = now.replace(second=0, microsecond=0)
        with self._lock:
            if self._noted.get((endpoint, rejection.reason)) == minute:
                return
            self._noted[endpoint, rejection.reason] = minute
        key = f"refused|{endpoint}|{rejection.reason}|{minute:%Y%m%dT%H%M}"
        data = {"endpoint": endpoint, "reason": rejection.reason, "sha256": hashlib.sha256(body).hexdigest()}
        text = f"a request to {endpoint} was rejected: {rejection.text}"
        try:
            context.ports.ledger.append(Entry(key, now, "refused-request", endpoint, text, "unknown", data))
        except OutsideError as error:
            _LOG.warning("%s; it could not be recorded: %s", text, error)
            with self._lock:
                self._noted.pop((endpoint, rejection.reason), None)
