"""The clocks a host can live by: the wall, one of its own, or the simulated world's over HTTP."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

import aiohttp


class Clock(Protocol):
    """Where a host takes its time from. All instants are aware and UTC."""

    @property
    def speed(self) -> float:
        """Simulated seconds per real second; 0 is a stepped clock, which moves only when it is told to."""
        ...

    def now(self) -> datetime:
        """The present instant, without waiting; never earlier than what was answered before."""
        ...

    async def advance(self, to: datetime) -> datetime:
        """Move to `to` or wait for it; returns the instant reached, which may be earlier than `to`."""
        ...

    async def refresh(self) -> datetime:
        """Ask the source of time again where there is one; returns `now()`."""
        ...

    async def close(self) -> None:
        """Release what the clock holds."""
        ...


class WallClock:
    """The machine's own time."""

    speed = 1.0

    def now(self) -> datetime:
        """The machine's time."""
        return datetime.now(UTC)

    async def advance(self, to: datetime) -> datetime:
        """Wait until `to` has come."""
        await asyncio.sleep(max(0.0, (to - self.now()).total_seconds()))
        return self.now()

    async def refresh(self) -> datetime:
        """The machine's time."""
        return self.now()

    async def close(self) -> None:
        """Nothing is held."""


class LocalClock:
    """A clock inside this process, from `start` on; stepped unless `speed` says otherwise."""

    def __init__(self, start: datetime, speed: float = 0.0) -> None:
        self.speed = speed
        self._base = start.astimezone(UTC)
        self._base_monotonic_s = time.monotonic()

    def now(self) -> datetime:
        """The instant reached."""
        if not self.speed:
            return self._base
        return self._base + timedelta(seconds=(time.monotonic() - self._base_monotonic_s) * self.speed)

    async def advance(self, to: datetime) -> datetime:
        """Jump to `to`; a clock that is later already stays where it is."""
        if to > self.now():
            self._base, self._base_monotonic_s = to, time.monotonic()
        return self.now()

    async def refresh(self) -> datetime:
        """The instant reached."""
        return self.now()

    async def close(self) -> None:
        """Nothing is held."""


class RemoteClock:
    """The simulated world's clock.

    `GET url` answers `{"now": iso, "speed": n}`; `POST url/advance` with `{"to": iso}` answers `{"now": iso}`, which is
    earlier than asked when something happened there on the way. The world keeps answering both while it waits for us.
    """

    #: A running clock is extrapolated between two questions no longer than this (real seconds).
    MAX_AGE_S = 1.0

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None
        self._known: datetime | None = None
        self._known_monotonic_s = 0.0
        self._speed = 0.0

    @property
    def speed(self) -> float:
        """As the world last said."""
        return self._speed

    def now(self) -> datetime:
        """The last answer, extrapolated where the world's clock runs.

        Raises:
            RuntimeError: The world was never asked; `refresh` comes first.
        """
        if self._known is None:
            raise RuntimeError(
                f"reading the clock at {self._url}: it was never asked for its time; call refresh() first"
            )
        return self._known + timedelta(seconds=(time.monotonic() - self._known_monotonic_s) * self._speed)

    async def advance(self, to: datetime) -> datetime:
        """Ask the world to live until `to`; this may take as long as the world needs."""
        no_limit = aiohttp.ClientTimeout(total=None)
        async with self._open().post(f"{self._url}/advance", json={"to": to.isoformat()}, timeout=no_limit) as response:
            response.raise_for_status()
            self._learn(await response.json())
        return self.now()

    async def refresh(self) -> datetime:
        """Ask the world; a running clock is not asked more often than `MAX_AGE_S`."""
        fresh = self._known is not None and time.monotonic() - self._known_monotonic_s < self.MAX_AGE_S
        if not (fresh and self._speed):
            async with self._open().get(self._url) as response:
                response.raise_for_status()
                self._learn(await response.json())
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

    def _learn(self, answer: dict[str, object]) -> None:
        instant = datetime.fromisoformat(str(answer["now"])).astimezone(UTC)
        # Two answers may arrive out of order; and an extrapolation may have run ahead: time does not go backwards.
        if self._known is not None:
            instant = max(instant, self.now())
        if "speed" in answer:
            self._speed = float(str(answer["speed"]))
        self._known, self._known_monotonic_s = instant, time.monotonic()
