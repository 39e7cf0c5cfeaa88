"""What is due when: one heap for the timers and delayed starts of every instance."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Timer:
    """A durable timer of one execution of an instance."""

    instance_id: str
    execution: int
    timer_id: int


@dataclass(frozen=True, slots=True)
class DelayedStart:
    """An instance that is to begin at a later instant."""

    instance_id: str
    execution: int


type Due = Timer | DelayedStart


class Timers:
    """A heap of what becomes due, in order of its instant and, within one, of its creation.

    `alive` says whether an entry still concerns anyone: what an instance left behind when it finished, or an earlier
    generation of it, is dropped when it comes up, so nothing has to be searched and removed.
    """

    def __init__(self, alive: Callable[[Due], bool]) -> None:
        self._alive = alive
        self._heap: list[tuple[datetime, int, Due]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, at: datetime, due: Due) -> None:
        """Make `due` due at `at`."""
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, due))

    def next_due(self) -> datetime | None:
        """The instant of the first entry that still concerns anyone."""
        while self._heap and not self._alive(self._heap[0][2]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: datetime) -> Iterator[tuple[datetime, Due]]:
        """Take everything due at `now` or before, in order."""
        while (at := self.next_due()) is not None and at <= now:
            yield at, heapq.heappop(self._heap)[2]

    def compact(self) -> None:
        """Drop every entry that concerns nobody; for after many instances were purged."""
        self._heap = [entry for entry in self._heap if self._alive(entry[2])]
        heapq.heapify(self._heap)
