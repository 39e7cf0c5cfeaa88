"""Calls at times of the world that have to wait for an answer, such as a person's click. The clock waits for it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

from simulator.world.scheduler import Scheduler

type Call = Callable[[], Awaitable[None]]


class TimedCalls:
    """Calls that the scheduler makes due, and that the clock then awaits."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._due: list[Call] = []

    def at(self, when: datetime, call: Call) -> None:
        """Make a call at this time."""
        self._scheduler.at(when, partial(self._due.append, call))

    def has_news(self) -> bool:
        """Whether a call is due."""
        return bool(self._due)

    def skip_past(self) -> None:
        """Do not make the calls that are due: an earlier process has made them."""
        self._due.clear()

    async def deliver(self) -> None:
        """Make the calls that are due, one after the other."""
        while self._due:
            await self._due.pop(0)()
