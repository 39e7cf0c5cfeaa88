"""The virtual clock and what is due on it: plain calls, and processes that sleep between their steps."""

import heapq
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

type Process = Generator[timedelta]


@dataclass(order=True, slots=True)
class _Due:
    at: datetime
    number: int
    call: Callable[[], None] = field(compare=False)


class Running:
    """A process under way; ``cancel`` keeps it from ever waking again."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.cancelled = False

    def cancel(self) -> None:
        """End the process where it is."""
        self.cancelled = True
        self._process.close()


class Scheduler:
    """Calls in the order of their instants, then of their scheduling: the same every time."""

    def __init__(self, start: datetime) -> None:
        self.now = start
        self._heap: list[_Due] = []
        self._count = 0

    def at(self, when: datetime, call: Callable[[], None]) -> None:
        """Have ``call`` made at ``when``, or at once when that has passed."""
        self._count += 1
        heapq.heappush(self._heap, _Due(max(when, self.now), self._count, call))

    def after(self, delay: timedelta, call: Callable[[], None]) -> None:
        """Have ``call`` made so much later."""
        self.at(self.now + delay, call)

    def spawn(self, process: Process) -> Running:
        """Run a process: it does something, yields how long it sleeps, and so on until it returns."""
        running = Running(process)

        def wake() -> None:
            if running.cancelled:
                return
            try:
                delay = next(process)
            except StopIteration:
                return
            self.after(delay, wake)

        wake()
        return running

    def next_due(self) -> datetime | None:
        """Return the instant of the next call, if there is one."""
        return self._heap[0].at if self._heap else None

    def step(self, to: datetime) -> bool:
        """Move to the next instant that has something due, not beyond ``to``; False once nothing is left before it."""
        if not self._heap or self._heap[0].at > to:
            self.now = max(self.now, to)
            return False
        self.now = self._heap[0].at
        while self._heap and self._heap[0].at == self.now:
            heapq.heappop(self._heap).call()
        return True
