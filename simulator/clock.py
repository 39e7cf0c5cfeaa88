"""Advances the world's clock: on request, or continuously at a multiple of real time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

from simulator.world.world import World

TICK_S = 0.02


class VirtualClock:
    """The only component that advances the world. Awaits ``deliver`` at each instant at which there are events to deliver.

    ``passed`` is called with each time that was reached.
    """

    def __init__(
        self, world: World, speed: float, has_news: Callable[[], bool], deliver: Callable[[], Awaitable[None]]
    ) -> None:
        self._world = world
        self.speed = speed
        self._has_news = has_news
        self._deliver = deliver
        self.passed: Callable[[datetime], None] = _ignore
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def advance(self, to: datetime) -> datetime:
        """Run the world until ``to``, or until the first instant with events for a subscriber, and deliver those events.

        Returns the time reached, which may be before ``to``.
        """
        async with self._lock:
            before = self._world.now
            while not self._has_news() and self._world.step(to):
                pass
            if self._world.now != before:
                self.passed(self._world.now)
            if self._has_news():
                await self._deliver()
            return self._world.now

    def start(self) -> None:
        """Start advancing time continuously if a speed is set."""
        if self.speed > 0:
            self._task = asyncio.get_running_loop().create_task(self._run())
            self._task.add_done_callback(_log_failure)

    async def stop(self) -> None:
        """Stop advancing time continuously."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            to = self._world.now + timedelta(seconds=(now - last) * self.speed)
            last = now
            while await self.advance(to) < to:
                pass


def _ignore(_: datetime) -> None:
    """Do nothing with the time that was reached."""


def _log_failure(task: asyncio.Task[None]) -> None:
    """Log why time has stopped immediately, instead of when the task is garbage collected."""
    error = None if task.cancelled() else task.exception()
    if error is not None:
        context = {"message": "The virtual clock stopped.", "exception": error, "task": task}
        task.get_loop().call_exception_handler(context)
