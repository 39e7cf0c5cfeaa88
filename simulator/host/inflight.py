"""What is going on inside a host right now, by name, and how to wait until nothing is."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class NotSettledError(TimeoutError):
    """A host did not come to rest in time; says what was still going on."""


class HostBrokenError(RuntimeError):
    """The host itself, not the app, failed; its cause says how."""


class InFlight:
    """Everything that began and has not ended: invocations, activities, HTTP requests.

    Args:
        has_more: Whether something waits to begin.
    """

    def __init__(self, has_more: Callable[[], bool]) -> None:
        self._has_more = has_more
        self._numbers = itertools.count()
        self._running: dict[int, str] = {}
        self._idle = asyncio.Event()
        self._broken: Exception | None = None

    def begin(self, what: str) -> Callable[[], None]:
        """From now on `what` is in flight, until the returned function is called."""
        number = next(self._numbers)
        self._running[number] = what
        self._idle.clear()

        def end() -> None:
            del self._running[number]
            self.check()

        return end

    @contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """While this block runs, `what` is in flight."""
        end = self.begin(what)
        try:
            yield
        finally:
            end()

    def break_down(self, error: Exception) -> None:
        """The host itself failed: whoever waits for it to settle is told so."""
        self._broken = self._broken or error
        self._idle.set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing waits to begin."""
        return not self._running and not self._has_more()

    def check(self) -> None:
        """Wake those who wait, if there is nothing left; call it when `has_more` may have become false."""
        if self.is_idle:
            self._idle.set()

    async def settle(self, timeout_s: float) -> None:
        """Wait until nothing is in flight.

        Raises:
            NotSettledError: Something still is after `timeout_s` real seconds.
            HostBrokenError: The host itself failed meanwhile.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    while not self.is_idle and not self._broken:
                        self._idle.clear()
                        await self._idle.wait()
                    if self._broken:
                        raise HostBrokenError("the host failed; see the cause") from self._broken
                    await asyncio.sleep(0)  # what the last one to end has set in motion gets its chance to begin
                    if self.is_idle:
                        return
        except TimeoutError as error:
            still = ", ".join(sorted(self._running.values())[:10]) or "nothing runs, but work waits"
            raise NotSettledError(f"waiting for the host to settle: after {timeout_s:g} s still {still}") from error
