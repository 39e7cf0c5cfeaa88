"""Where the present time comes from: the machine, or the simulated world."""

import json
import urllib.request
from datetime import UTC, datetime


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
        self._url = url

    def now(self) -> datetime:
        """The world's present."""
        with urllib.request.urlopen(self._url, timeout=10) as response:  # noqa: S310 - checked above to be http on loopback
            return datetime.fromisoformat(json.load(response)["now"]).astimezone(UTC)
