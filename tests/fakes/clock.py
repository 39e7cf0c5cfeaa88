"""A clock that a test moves."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


@dataclass
class FakeClock:
    """A clock that a test moves."""

    at: datetime = MONDAY

    def now(self) -> datetime:
        return self.at

    def advance(self, **delta: float) -> datetime:
        self.at += timedelta(**delta)
        return self.at
