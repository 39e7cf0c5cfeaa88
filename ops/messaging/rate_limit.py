"""When a chat can be called: after a rate limit error every process waits, and a backlog is sent at a limited rate."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops.ports.bundle import Ports
from ops.ports.errors import ConflictError
from ops.tables.base import Table

# The strictest chat allows one message per second and channel, and 50 edits per minute; this interval is slightly longer.
_SPACING = timedelta(seconds=1.25)
# The timer fires every five minutes, and the shortest function timeout in Azure is also five minutes.
_PATIENCE = timedelta(seconds=200)
_FIRST_PAUSE, _LONGEST_PAUSE, _MOST_DOUBLINGS = timedelta(minutes=30), timedelta(hours=12), 10


class RateLimitedError(Exception):
    """Calls of this kind are not accepted at the moment."""


@dataclass(frozen=True, slots=True)
class Cooldown:
    """The time until which a chat does not accept one kind of call; `refused` counts refusals in a row that a retry cannot change."""

    until: datetime
    refused: int = 0


def pause_after(refused: int) -> timedelta:
    """Returns how long to wait after this many refusals in a row that a retry cannot change: at most six attempts a day."""
    return min(_FIRST_PAUSE * (1 << min(max(refused - 1, 0), _MOST_DOUBLINGS)), _LONGEST_PAUSE)


class RateLimiter:
    """The rate limit of one activity or one timer.

    `pause` sleeps for a number of seconds. An activity has none: it never waits, and its message is sent later. A timer
    waits, but only for a few minutes in total.
    """

    def __init__(self, ports: Ports, pause: Callable[[float], None] | None = None) -> None:
        self._clock, self._rests = ports.clock, Table(ports.store, "chat-rest", Cooldown)
        self._pause = pause
        self._ends = ports.clock.now() + _PATIENCE if pause else None
        self._next: dict[str, datetime] = {}

    def await_turn(self, line: str) -> None:
        """Waits until the call can be made.

        Raises:
            RateLimitedError: that time is too far in the future.
        """
        while (until := self._until(line)) is not None and (now := self._clock.now()) < until:
            if self._pause is None or self._ends is None or until > self._ends:
                raise RateLimitedError(line)
            self._pause((until - now).total_seconds())
            if self._clock.now() <= now:
                raise RateLimitedError(line)  # on a virtual clock, time does not pass while waiting
        if self._pause is not None:
            self._next[line] = self._clock.now() + _SPACING

    def rest(self, line: str, seconds: float) -> None:
        """Records, for all processes, that the chat will not accept this kind of call for a number of seconds."""
        until = self._clock.now() + timedelta(seconds=max(seconds, 1.0))
        try:
            self._rests.change(line, lambda old: old if old is not None and old.until > until else Cooldown(until))
        except ConflictError:
            return  # the same limit has already been recorded for many other calls

    def close(self, line: str) -> None:
        """Records, for all processes, that a channel accepts nothing. It is tried again after growing pauses."""
        now = self._clock.now()

        def longer(old: Cooldown | None) -> Cooldown:
            refused = (old.refused if old is not None else 0) + 1
            return Cooldown(now + pause_after(refused), refused)

        try:
            self._rests.change(line, longer)
        except ConflictError:
            return  # other processes have recorded it

    def open(self, line: str) -> None:
        """Forgets that a channel accepted nothing."""
        if self._rests.get(line) is not None:
            self._rests.delete(line)

    def _until(self, line: str) -> datetime | None:
        stored = self._rests.get(line)
        limits = [
            until for until in (stored.value.until if stored else None, self._next.get(line)) if until is not None
        ]
        return max(limits, default=None)
