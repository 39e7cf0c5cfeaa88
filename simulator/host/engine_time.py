"""Gives durabletask's in-memory backend (1.12.0) the engine's time: the one place that touches its `datetime`.

The backend stamps everything with `datetime.now(timezone.utc)` of its own module. Inside `engine_time(instant)` that is
`instant`; everywhere else it stays the machine's time, so other users of the module notice nothing.
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


backend.datetime = _EngineDatetime  # type: ignore[attr-defined]  # not an export of the module, see above


@contextmanager
def engine_time(instant: datetime) -> Iterator[datetime]:
    """Within this block the backend's present is `instant`."""
    token = _instant.set(instant)
    try:
        yield instant
    finally:
        _instant.reset(token)
