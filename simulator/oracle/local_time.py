"""When a ring's window is open during a week, computed from local time minute by minute (rules 4 and 5)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from simulator.oracle.calendars import FreezePeriod
from simulator.oracle.config import WindowHours

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Interval:
    """A time interval from `opens` (inclusive) to `closes` (exclusive)."""

    opens: datetime
    closes: datetime

    def contains(self, at: datetime) -> bool:
        """Whether a time is inside the interval."""
        return self.opens <= at < self.closes


def monday_of(at: datetime, zone: str) -> date:
    """The Monday of the ISO week that a time belongs to in a time zone."""
    day = at.astimezone(ZoneInfo(zone)).date()
    return day - day.weekday() * DAY


def week_name(monday: date) -> str:
    """The week's name, such as 2026-w47."""
    year, number, _ = monday.isocalendar()
    return f"{year}-w{number:02}"


def occurrences(hours: WindowHours, monday: date) -> tuple[Interval, ...]:
    """The window's occurrences in the week that starts on the given Monday, ignoring freezes."""
    found = []
    for offset in sorted(hours.days):
        day = monday + offset * DAY
        closing_day = day if hours.closes > hours.opens else day + DAY
        opens, closes = _instant(day, hours.opens, hours.zone), _instant(closing_day, hours.closes, hours.zone)
        if opens < closes:
            found.append(Interval(opens, closes))
    return tuple(found)


def openings(hours: WindowHours, freezes: tuple[FreezePeriod, ...], monday: date) -> tuple[Interval, ...]:
    """The parts of the occurrences that lie outside freezes."""
    pieces = list(occurrences(hours, monday))
    for freeze in freezes:
        frozen = _frozen(freeze, hours.zone)
        left: list[Interval] = []
        for piece in pieces:
            before = Interval(piece.opens, min(piece.closes, frozen.opens))
            after = Interval(max(piece.opens, frozen.closes), piece.closes)
            left += [part for part in (before, after) if part.opens < part.closes]
        pieces = left
    return tuple(pieces)


@cache
def start_of_day(day: date, zone: str) -> datetime:
    """The first instant of a day."""
    at = datetime.combine(day, time(), UTC) - 15 * timedelta(hours=1)
    while at.astimezone(ZoneInfo(zone)).date() < day:
        at += MINUTE
    return at


def _frozen(freeze: FreezePeriod, zone: str) -> Interval:
    if isinstance(freeze.first, datetime) and isinstance(freeze.last, datetime):
        own = ZoneInfo(freeze.zone or zone)
        first, last = (at if at.tzinfo else at.replace(tzinfo=own) for at in (freeze.first, freeze.last))
        return Interval(first.astimezone(UTC), last.astimezone(UTC))
    zone = freeze.zone or zone
    return Interval(start_of_day(freeze.first, zone), start_of_day(freeze.last + DAY, zone))


def _instant(day: date, minute: int, zone: str) -> datetime:
    """The last instant at which clocks show a local time. If they never do, the first at which they show a later time."""
    wanted = datetime.combine(day, time()) + minute * MINUTE
    guess = wanted.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    near = [guess + offset * MINUTE for offset in range(-121, 122)]
    shown = [(at, at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)) for at in near]
    exact = [at for at, clock in shown if clock == wanted]
    return exact[-1] if exact else next(at for at, clock in shown if clock > wanted)
