"""The virtual clock and its schedule: plain calls, and processes that sleep between their steps."""

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


class RunningProcess:
    """A scheduled process. ``cancel`` prevents all further steps."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.cancelled = False

    def cancel(self) -> None:
        """End the process at its current step."""
        self.cancelled = True
        self._process.close()


class Scheduler:
    """Makes calls in chronological order. Calls with the same time are made in the order in which they were scheduled."""

    def __init__(self, start: datetime) -> None:
        self.now = start
        self._heap: list[_Due] = []
        self._count = 0

    def at(self, when: datetime, call: Callable[[], None]) -> None:
        """Schedule ``call`` for ``when``, or for now if that time has passed."""
        self._count += 1
        heapq.heappush(self._heap, _Due(max(when, self.now), self._count, call))

    def after(self, delay: timedelta, call: Callable[[], None]) -> None:
        """Schedule ``call`` after a delay."""
        self.at(self.now + delay, call)

    def spawn(self, process: Process) -> RunningProcess:
        """Run a process: a generator that yields the time to sleep after each step."""
        running = RunningProcess(process)

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
        """Return the time of the next call, or None if there is none."""
        return self._heap[0].at if self._heap else None

    def step(self, to: datetime) -> bool:
        """Move to the next time at which a call is scheduled, but not beyond ``to``. Return False if there is no such time."""
        if not self._heap or self._heap[0].at > to:
            self.now = max(self.now, to)
            return False
        self.now = self._heap[0].at
        while self._heap and self._heap[0].at == self.now:
            heapq.heappop(self._heap).call()
        return True
