"""When a chat may be called: after a rate limit error every process waits, and a backlog is sent at a limited rate."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops.ports.bundle import Ports
from ops.ports.errors import ConflictError
from ops.tables.base import Table

# The strictest chat allows one message per second and channel, and 50 edits per minute; this is slightly slower.
_SPACING = timedelta(seconds=1.25)
# The timer fires every five minutes, and the shortest time limit of a function in Azure is also five minutes.
_PATIENCE = timedelta(seconds=200)


class RateLimitedError(Exception):
    """No calls of this kind are accepted now."""


@dataclass(frozen=True, slots=True)
class Cooldown:
    """Until when a chat accepts no calls of one kind."""

    until: datetime


class RateLimiter:
    """The rate limit of one activity or one timer.

    An activity has no `pause` (which takes seconds): it never waits, its message does. A timer waits, some minutes in total.
    """

    def __init__(self, ports: Ports, pause: Callable[[float], None] | None = None) -> None:
        self._clock, self._rests = ports.clock, Table(ports.store, "chat-rest", Cooldown)
        self._pause = pause
        self._ends = ports.clock.now() + _PATIENCE if pause else None
        self._next: dict[str, datetime] = {}

    def await_turn(self, line: str) -> None:
        """Returns when the call may be made.

        Raises:
            RateLimitedError: that is too far in the future.
        """
        while (until := self._until(line)) is not None and (now := self._clock.now()) < until:
            if self._pause is None or self._ends is None or until > self._ends:
                raise RateLimitedError(line)
            self._pause((until - now).total_seconds())
            if self._clock.now() <= now:
                raise RateLimitedError(line)  # on a virtual clock, waiting does not pass time
        if self._pause is not None:
            self._next[line] = self._clock.now() + _SPACING

    def rest(self, line: str, seconds: float) -> None:
        """Records that the chat accepts no calls of this kind for some seconds, for all processes."""
        until = self._clock.now() + timedelta(seconds=max(seconds, 1.0))
        try:
            self._rests.change(line, lambda old: old if old is not None and old.until > until else Cooldown(until))
        except ConflictError:
            return  # the same limit was recorded for many other calls already

    def _until(self, line: str) -> datetime | None:
        stored = self._rests.get(line)
        found = [until for until in (stored.value.until if stored else None, self._next.get(line)) if until is not None]
        return max(found, default=None)
