"""Sets the time of durabletask's in-memory backend (1.12.0). This is the only module that patches the backend's `datetime`.

The backend uses `datetime.now(timezone.utc)` for all timestamps. Inside `engine_time(instant)` it returns `instant`;
elsewhere it returns the machine's time, so that other users of the backend are not affected.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, tzinfo
from typing import Self, cast

import durabletask.testing.in_memory_backend as backend

_instant: ContextVar[datetime | None] = ContextVar("engine_instant", default=None)


class _EngineDatetime(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        instant = _instant.get()
        return super().now(tz) if instant is None else cast("Self", instant.astimezone(tz))


backend.datetime = _EngineDatetime  # type: ignore[attr-defined]  # the module imports this name, but does not export it


@contextmanager
def engine_time(instant: datetime) -> Iterator[datetime]:
    """Set the backend's current time to `instant` within the block."""
    token = _instant.set(instant)
    try:
        yield instant
    finally:
        _instant.reset(token)
