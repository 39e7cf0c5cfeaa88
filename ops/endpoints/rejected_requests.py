"""What a door refuses is in the ledger, and nobody can fill the ledger by being refused."""

import hashlib
import logging
import threading
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from ops.context import Context
from ops.endpoints.http_api import Response
from ops.model.ledger import Entry
from ops.ports.errors import OutsideError

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a request was not taken: `reason` is one of a door's few words, `text` is what its sender is told."""

    status: HTTPStatus
    reason: str
    text: str


class RequestRejectedError(Exception):
    """A door does not take this request."""

    def __init__(self, status: HTTPStatus, reason: str, text: str) -> None:
        super().__init__(text)
        self.refusal = Rejection(status, reason, text)


class RejectedRequests:
    """Keeps one entry a door, reason and minute: with ten reasons at most 14,400 lines a day and door, however many knock.

    Of the body only its hash is kept: it is nobody's word until the door has proven whose it is.
    """

    def __init__(self) -> None:
        # This process's memory spares the ledger a look for each request; the entry's key holds between processes.
        self._noted: dict[tuple[str, str], datetime] = {}
        self._lock = threading.Lock()

    def answer(self, context: Context, door: str, refusal: Rejection, body: bytes) -> Response:
        """The answer to a refused request, which is noted."""
        self.note(context, door, refusal, body)
        return Response(refusal.status, {"error": refusal.text})

    def note(self, context: Context, door: str, refusal: Rejection, body: bytes) -> None:
        """One line in the ledger, unless this minute has one. A ledger that cannot be written makes no refusal undone."""
        now = context.ports.clock.now()
        minute = now.replace(second=0, microsecond=0)
        with self._lock:
            if self._noted.get((door, refusal.reason)) == minute:
                return
            self._noted[door, refusal.reason] = minute
        key = f"refused|{door}|{refusal.reason}|{minute:%Y%m%dT%H%M}"
        data = {"door": door, "reason": refusal.reason, "sha256": hashlib.sha256(body).hexdigest()}
        text = f"a request at {door} was not taken: {refusal.text}"
        try:
            context.ports.ledger.append(Entry(key, now, "refused-request", door, text, "unknown", data))
        except OutsideError as error:
            _LOG.warning("%s, and the ledger could not be written: %s", text, error)
            with self._lock:
                self._noted.pop((door, refusal.reason), None)
