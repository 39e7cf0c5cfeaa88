"""The clocks that a host can use: the machine's, its own, or the simulated world's over HTTP."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

import aiohttp


class Clock(Protocol):
    """The source of a host's time. All times are aware and in UTC."""

    @property
    def speed(self) -> float:
        """Simulated seconds per real second. 0 is a stepped clock, which moves only on request."""
        ...

    def now(self) -> datetime:
        """The current time, without waiting. Never earlier than an earlier result."""
        ...

    async def advance(self, to: datetime) -> datetime:
        """Move to `to`, or wait for it. Return the time reached, which may be earlier than `to`."""
        ...

    async def refresh(self) -> datetime:
        """Query the source of the time again, if there is one. Return `now()`."""
        ...

    async def close(self) -> None:
        """Release the clock's resources."""
        ...


class WallClock:
    """The machine's own time."""

    speed = 1.0

    def now(self) -> datetime:
        """The machine's time."""
        return datetime.now(UTC)

    async def advance(self, to: datetime) -> datetime:
        """Wait until `to`."""
        await asyncio.sleep(max(0.0, (to - self.now()).total_seconds()))
        return self.now()

    async def refresh(self) -> datetime:
        """The machine's time."""
        return self.now()

    async def close(self) -> None:
        """Nothing to release."""


class LocalClock:
    """A clock inside this process that starts at `start`. It is stepped unless `speed` is set."""

    def __init__(self, start: datetime, speed: float = 0.0) -> None:
        self.speed = speed
        self._base = start.astimezone(UTC)
        self._base_monotonic_s = time.monotonic()

    def now(self) -> datetime:
        """The time reached."""
        if not self.speed:
            return self._base
        return self._base + timedelta(seconds=(time.monotonic() - self._base_monotonic_s) * self.speed)

    async def advance(self, to: datetime) -> datetime:
        """Jump to `to`, but never backwards."""
        if to > self.now():
            self._base, self._base_monotonic_s = to, time.monotonic()
        return self.now()

    async def refresh(self) -> datetime:
        """The time reached."""
        return self.now()

    async def close(self) -> None:
        """Nothing to release."""


class RemoteClock:
    """The simulated world's clock.

    `GET url` returns `{"now": iso, "speed": n}`. `POST url/advance` with `{"to": iso}` returns `{"now": iso}`, which is
    earlier than `to` if the world has an event to deliver first. The world serves both while it waits for the host.
    """

    #: How long the time of a running clock is extrapolated between two queries, in real seconds.
    MAX_AGE_S = 1.0

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None
        self._known: datetime | None = None
        self._known_monotonic_s = 0.0
        self._speed = 0.0

    @property
    def speed(self) -> float:
        """The last speed that the world returned."""
        return self._speed

    def now(self) -> datetime:
        """The last time that the world returned, extrapolated if its clock runs.

        Raises:
            RuntimeError: `refresh` was never called.
        """
        if self._known is None:
            raise RuntimeError(f"reading the clock at {self._url}: its time was never queried; call refresh() first")
        return self._known + timedelta(seconds=(time.monotonic() - self._known_monotonic_s) * self._speed)

    async def advance(self, to: datetime) -> datetime:
        """Have the world run until `to`, which may take as long as the world needs."""
        no_limit = aiohttp.ClientTimeout(total=None)
        async with self._open().post(f"{self._url}/advance", json={"to": to.isoformat()}, timeout=no_limit) as response:
            response.raise_for_status()
            self._update(await response.json())
        return self.now()

    async def refresh(self) -> datetime:
        """Query the world. A running clock is not queried more often than every `MAX_AGE_S`."""
        fresh = self._known is not None and time.monotonic() - self._known_monotonic_s < self.MAX_AGE_S
        if not (fresh and self._speed):
            async with self._open().get(self._url) as response:
                response.raise_for_status()
                self._update(await response.json())
        return self.now()

    async def close(self) -> None:
        """Close the connection to the world."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    def _update(self, answer: dict[str, object]) -> None:
        instant = datetime.fromisoformat(str(answer["now"])).astimezone(UTC)
        # Responses may arrive out of order, and an extrapolation may be ahead: never move time backwards.
        if self._known is not None:
            instant = max(instant, self.now())
        if "speed" in answer:
            self._speed = float(str(answer["speed"]))
        self._known, self._known_monotonic_s = instant, time.monotonic()
