"""Sources of the current time: this machine's clock, or that of the simulated world."""

import json
import threading
import time
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

_AGAIN_S = 0.05
_PATIENCE_S = 60.0


class WallClock:
    """Implements `Clock` with the machine's clock."""

    def now(self) -> datetime:
        """Returns the current time."""
        return datetime.now(UTC)


class WorldClock:
    """Implements `Clock` with the clock of the simulated world (`CLOCK_URL`), which survives a killed bot."""

    def __init__(self, url: str) -> None:
        if not url.startswith("http://127.0.0.1:"):
            raise ValueError(f"CLOCK_URL must point to a simulated world on this machine, not to {url}")
        self._url = urlsplit(url)
        # One connection per thread: a simulated week makes thousands of calls.
        self._own = threading.local()

    def now(self) -> datetime:
        """Returns the world's current time.

        Raises:
            OSError: the world no longer answers.
            HTTPException: it closes connections without an answer.
        """
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return self._ask()
            except (HTTPException, OSError):
                # The simulation has closed the idle connection, or its process was killed and is restarting.
                self._own.connection = None
                if time.monotonic() > until:
                    raise
                time.sleep(
                    _AGAIN_S
                )  # Only a simulation has this clock, and its time stops meanwhile, so nothing is delayed.

    def _ask(self) -> datetime:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = HTTPConnection(str(self._url.hostname), self._url.port, timeout=10)
        connection.request("GET", self._url.path)
        return datetime.fromisoformat(json.load(connection.getresponse())["now"]).astimezone(UTC)


def monotonic_s() -> float:
    """Returns this machine's elapsed seconds, to limit what waits on a socket. The difference of two values is meaningful."""
    return time.monotonic()
