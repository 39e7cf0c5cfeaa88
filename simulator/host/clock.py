"""The clocks that a host can use: the machine's clock, its own, or the simulated world's over HTTP."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

import aiohttp


class Clock(Protocol):
    """The source of a host's time. All times are timezone-aware UTC times."""

    @property
    def speed(self) -> float:
        """Simulated seconds per real second. 0 means that the clock is stepped: it moves only on request."""
        ...

    def now(self) -> datetime:
        """The current time, without waiting. It is never earlier than a previous result."""
        ...

    async def advance(self, to: datetime) -> datetime:
        """Move the clock to `to`, or wait for that time. Return the time reached, which may be earlier than `to`."""
        ...

    async def refresh(self) -> datetime:
        """Query the source of the time once more, if there is one. Return `now()`."""
        ...

    async def close(self) -> None:
        """Release the resources that the clock holds."""
        ...


class WallClock:
    """The machine's own clock."""

    speed = 1.0

    def now(self) -> datetime:
        """The machine's current time."""
        return datetime.now(UTC)

    async def advance(self, to: datetime) -> datetime:
        """Wait until `to`."""
        await asyncio.sleep(max(0.0, (to - self.now()).total_seconds()))
        return self.now()

    async def refresh(self) -> datetime:
        """The machine's current time."""
        return self.now()

    async def close(self) -> None:
        """Do nothing, since there are no resources to release."""


class LocalClock:
    """A clock within this process that starts at `start`. It is stepped unless `speed` is set."""

    def __init__(self, start: datetime, speed: float = 0.0) -> None:
        self.speed = speed
        self._base = start.astimezone(UTC)
        self._base_monotonic_s = time.monotonic()

    def now(self) -> datetime:
        """The clock's current time."""
        if not self.speed:
            return self._base
        return self._base + timedelta(seconds=(time.monotonic() - self._base_monotonic_s) * self.speed)

    async def advance(self, to: datetime) -> datetime:
        """Move the clock to `to`, but never backwards."""
        if to > self.now():
            self._base, self._base_monotonic_s = to, time.monotonic()
        return self.now()

    async def refresh(self) -> datetime:
        """The clock's current time."""
        return self.now()

    async def close(self) -> None:
        """Do nothing, since there are no resources to release."""


# How long to wait before asking again for the time of a world that does not answer.
_AGAIN_S = 0.1


class RemoteClock:
    """The simulated world's clock.

    `GET url` returns `{"now": iso, "speed": n}`. `POST url/advance` with `{"to": iso}` returns `{"now": iso}`, which is
    earlier than `to` if the world has an event to deliver first. The world serves both while it waits for the host.
    """

    #: For how many real seconds the time of a running clock is extrapolated before the next query.
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
        """The last time that the world returned, extrapolated if its clock is running.

        Raises:
            RuntimeError: `refresh` was never called.
        """
        if self._known is None:
            raise RuntimeError(f"reading the clock at {self._url}: its time was never queried; call refresh() first")
        return self._known + timedelta(seconds=(time.monotonic() - self._known_monotonic_s) * self._speed)

    async def advance(self, to: datetime) -> datetime:
        """Have the world run until `to`, however long it takes."""
        no_limit = aiohttp.ClientTimeout(total=None)
        async with self._open().post(f"{self._url}/advance", json={"to": to.isoformat()}, timeout=no_limit) as response:
            response.raise_for_status()
            self._update(await response.json())
        return self.now()

    async def refresh(self) -> datetime:
        """Query the world. If the clock is running, at least `MAX_AGE_S` passes between two queries."""
        fresh = self._known is not None and time.monotonic() - self._known_monotonic_s < self.MAX_AGE_S
        if not (fresh and self._speed):
            await self._query()
        return self.now()

    async def _query(self) -> None:
        """Ask the world for its time. While its process is down, time stops at the last known instant."""
        try:
            async with self._open().get(self._url) as response:
                response.raise_for_status()
                self._update(await response.json())
        except aiohttp.ClientError:
            if self._known is None:
                raise
            self._known, self._known_monotonic_s, self._speed = self.now(), time.monotonic(), 0.0
            await asyncio.sleep(_AGAIN_S)

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
        # Responses can arrive out of order, and an extrapolation can be ahead, so never move time backwards.
        if self._known is not None:
            instant = max(instant, self.now())
        if "speed" in answer:
            self._speed = float(str(answer["speed"]))
        self._known, self._known_monotonic_s = instant, time.monotonic()
