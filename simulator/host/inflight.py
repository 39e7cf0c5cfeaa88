"""Tracks the work in progress inside a host by name, and waits until all of it has ended."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class NotSettledError(TimeoutError):
    """A host did not settle in time. The text lists the work in progress."""


class HostBrokenError(RuntimeError):
    """The host itself failed rather than the app. See the cause."""


class InFlight:
    """Work that has started and has not ended: invocations, activities, HTTP requests.

    Args:
        has_more: Whether there is work that has not started yet.
    """

    def __init__(self, has_more: Callable[[], bool]) -> None:
        self._has_more = has_more
        self._numbers = itertools.count()
        self._running: dict[int, str] = {}
        self._idle = asyncio.Event()
        self._broken: Exception | None = None

    def begin(self, what: str) -> Callable[[], None]:
        """Mark `what` as in flight until the returned function is called."""
        number = next(self._numbers)
        self._running[number] = what
        self._idle.clear()

        def end() -> None:
            del self._running[number]
            self.check()

        return end

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Mark `what` as in flight within this block."""
        end = self.begin(what)
        try:
            yield
        finally:
            end()

    def fail(self, error: Exception) -> None:
        """Record that the host itself failed. Callers of `settle` receive the error."""
        self._broken = self._broken or error
        self._idle.set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is running and nothing is waiting to start."""
        return not self._running and not self._has_more()

    def check(self) -> None:
        """Wake waiting callers if no work is left. Call it when `has_more` may have become false."""
        if self.is_idle:
            self._idle.set()

    async def settle(self, timeout_s: float) -> None:
        """Wait until nothing is in flight.

        Raises:
            NotSettledError: something is in flight after `timeout_s` real seconds.
            HostBrokenError: the host itself failed.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    while not self.is_idle and not self._broken:
                        self._idle.clear()
                        await self._idle.wait()
                    if self._broken:
                        raise HostBrokenError("the host failed; see the cause") from self._broken
                    await asyncio.sleep(0)  # Give the work that the last operation triggered a chance to start.
                    if self.is_idle:
                        return
        except TimeoutError as error:
            still = ", ".join(sorted(self._running.values())[:10]) or "nothing runs, but work waits"
            raise NotSettledError(f"waiting for the host to settle: after {timeout_s:g} s still {still}") from error
