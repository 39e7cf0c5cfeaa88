"""When disruption is allowed or forbidden: windows, freezes, freeze calendars, and time spans."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A time span that includes `start` but not `end`; both are aware and in UTC.

    Raises:
        ValueError: `start` or `end` is not in UTC, or the span does not end after it starts.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            raise ValueError(f"a span must be in UTC, not {self.start!r} and {self.end!r}")
        if self.end <= self.start:
            raise ValueError(f"a span must end after it starts, not {self.start} to {self.end}")

    @property
    def duration(self) -> timedelta:
        """The length of the span."""
        return self.end - self.start

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Window:
    """A weekly time span in which disruption is allowed.

    `days` are the days on which an occurrence starts, Monday = 0. If `end` is not after `start`, the window is overnight:
    its occurrence ends on the next day, but belongs to the day on which it starts. `zone` is an IANA name.

    Raises:
        ValueError: `days` is empty, or contains a number outside 0 to 6.
    """

    name: str
    days: frozenset[int]
    start: time
    end: time
    zone: str

    def __post_init__(self) -> None:
        if not self.days or not self.days <= frozenset(range(7)):
            raise ValueError(
                f"window {self.name}: days must be from 0 (Monday) to 6 (Sunday), at least one, not {sorted(self.days)}"
            )

    @property
    def overnight(self) -> bool:
        """Whether an occurrence ends on the day after the one on which it starts."""
        return self.end <= self.start


@dataclass(frozen=True, slots=True)
class Freeze:
    """A time span in which disruption is forbidden, regardless of the windows.

    `start` and `end` are two dates or two aware instants. Dates mean whole days, both included, in `zone`, or in the
    window's zone if `zone` is None. With instants, the start is included and the end is not.

    Raises:
        ValueError: a date is combined with an instant, an instant has no zone, or the end is before the start.
    """

    name: str
    start: date | datetime
    end: date | datetime
    zone: str | None = None

    def __post_init__(self) -> None:
        # In Python a datetime is also a date, so a date is recognized by not being a datetime.
        instants = isinstance(self.start, datetime), isinstance(self.end, datetime)
        if instants[0] != instants[1]:
            raise ValueError(f"freeze {self.name}: from and to must be both dates or both instants")
        for edge in (self.start, self.end):
            if isinstance(edge, datetime) and edge.tzinfo is None:
                raise ValueError(f"freeze {self.name}: {edge} has no time zone")
        if self.end < self.start or (all(instants) and self.end == self.start):
            raise ValueError(f"freeze {self.name}: it ends before it starts")


@dataclass(frozen=True, slots=True)
class SilentCalendar:
    """A calendar that cannot be read now: why, when it was last read, and until when its last known freezes apply."""

    location: str
    problem: str
    read_at: datetime
    holds_until: datetime


def host_of(location: str) -> str:
    """Returns the host of a calendar's address. The path is left out, since the full address of a private calendar is a secret."""
    try:
        return urlsplit(location).hostname or "an address"
    except ValueError:
        return "an address"
