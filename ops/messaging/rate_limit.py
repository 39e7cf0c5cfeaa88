"""When a chat may be called: after "too many calls" every process waits; who works off a backlog keeps its distance by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops.ports.bundle import Ports
from ops.ports.errors import ConflictError
from ops.tables.base import Table

# Slack takes a message a second in a channel and 50 edits a minute; a little more than that between two calls of one kind.
_SPACING = timedelta(seconds=1.25)
# A tick comes every five minutes, and Azure's shortest limit of a function's time is five minutes too.
_PATIENCE = timedelta(seconds=200)


class RateLimitedError(Exception):
    """Nothing of this kind is taken now."""


@dataclass(frozen=True, slots=True)
class Cooldown:
    """Until when a chat takes nothing of one kind."""

    until: datetime


class RateLimiter:
    """The pace of one activity, or of one tick.

    An activity has no `pause` (which takes seconds): it never waits, its message does. A tick waits, some minutes in all.
    """

    def __init__(self, ports: Ports, pause: Callable[[float], None] | None = None) -> None:
        self._clock, self._rests = ports.clock, Table(ports.store, "chat-rest", Cooldown)
        self._pause = pause
        self._ends = ports.clock.now() + _PATIENCE if pause else None
        self._next: dict[str, datetime] = {}

    def await_turn(self, line: str) -> None:
        """Returns when the line may be called. Raises RestingError where that is too far off."""
        while (until := self._until(line)) is not None and (now := self._clock.now()) < until:
            if self._pause is None or self._ends is None or until > self._ends:
                raise RateLimitedError(line)
            self._pause((until - now).total_seconds())
            if self._clock.now() <= now:
                raise RateLimitedError(line)  # waiting moves no clock here
        if self._pause is not None:
            self._next[line] = self._clock.now() + _SPACING

    def rest(self, line: str, seconds: float) -> None:
        """The chat has had too many calls of this kind: nobody calls before so many seconds have passed."""
        until = self._clock.now() + timedelta(seconds=max(seconds, 1.0))
        try:
            self._rests.change(line, lambda old: old if old is not None and old.until > until else Cooldown(until))
        except ConflictError:
            return  # so many others have just been told the same

    def _until(self, line: str) -> datetime | None:
        stored = self._rests.get(line)
        found = [until for until in (stored.value.until if stored else None, self._next.get(line)) if until is not None]
        return max(found, default=None)
