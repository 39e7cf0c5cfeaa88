"""The timers and delayed starts of all instances in one heap."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Timer:
    """A durable timer in one execution of an instance."""

    instance_id: str
    execution: int
    timer_id: int


@dataclass(frozen=True, slots=True)
class DelayedStart:
    """An instance with a delayed start."""

    instance_id: str
    execution: int


type Due = Timer | DelayedStart


class Timers:
    """A heap of entries, ordered by due time and then by creation.

    `alive` returns whether an entry is still valid. Entries of a finished instance or of an earlier generation are dropped
    when they are due, so they do not have to be searched for and removed.
    """

    def __init__(self, alive: Callable[[Due], bool]) -> None:
        self._alive = alive
        self._heap: list[tuple[datetime, int, Due]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, at: datetime, due: Due) -> None:
        """Add an entry that is due at the time `at`."""
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, due))

    def next_due(self) -> datetime | None:
        """When the first valid entry is due."""
        while self._heap and not self._alive(self._heap[0][2]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: datetime) -> Iterator[tuple[datetime, Due]]:
        """Remove and yield all entries that are due, in order."""
        while (at := self.next_due()) is not None and at <= now:
            yield at, heapq.heappop(self._heap)[2]

    def compact(self) -> None:
        """Drop all invalid entries, for example after a large number of instances was purged."""
        self._heap = [entry for entry in self._heap if self._alive(entry[2])]
        heapq.heapify(self._heap)
