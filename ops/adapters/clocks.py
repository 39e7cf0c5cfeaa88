"""Where the present time comes from: the machine, or the simulated world."""

import json
import threading
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit


class WallClock:
    """Implements `Clock` by the machine's clock."""

    def now(self) -> datetime:
        """The present."""
        return datetime.now(UTC)


class WorldClock:
    """Implements `Clock` by the clock of the simulated world (`CLOCK_URL`), which outlives a killed bot."""

    def __init__(self, url: str) -> None:
        if not url.startswith("http://127.0.0.1:"):
            raise ValueError(f"CLOCK_URL is for the simulated world on this machine, not {url}")
        self._url = urlsplit(url)
        # A connection for each thread: it is asked thousands of times in a simulated week.
        self._own = threading.local()

    def now(self) -> datetime:
        """The world's present. Raises OSError where the world has ended."""
        try:
            return self._ask()
        except (HTTPException, OSError):
            self._own.connection = None  # idle for so long that the world has closed it: ask on a new one
            return self._ask()

    def _ask(self) -> datetime:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = HTTPConnection(str(self._url.hostname), self._url.port, timeout=10)
        connection.request("GET", self._url.path)
        return datetime.fromisoformat(json.load(connection.getresponse())["now"]).astimezone(UTC)
