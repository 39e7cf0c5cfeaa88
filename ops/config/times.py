"""Days, times, zones and durations as people write them; each is read or refused with a remedy."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a text was not understood, and what to write."""

    wrong: str
    remedy: str


def read_time(text: str) -> time | Refusal:
    """A time of day, as in `22:00`."""
    found = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", text)
    if found is None:
        return Refusal("this is no time of day", 'write it as in "22:00"')
    hour, minute = int(found[1]), int(found[2])
    if (hour, minute) == (24, 0):
        return Refusal("a day has no 24:00", 'write "00:00", which ends the window at midnight')
    try:
        return time(hour, minute)
    except ValueError:
        return Refusal("no day has this time", "write a time from 00:00 to 23:59")


def read_days(text: str) -> frozenset[int] | Refusal:
    """Days, Monday = 0: `mon`, `mon,wed`, `mon-thu`; `fri-mon` goes over the weekend."""
    days: set[int] = set()
    for part in text.split(","):
        edges = [_day(edge) for edge in part.split("-")]
        match edges:
            case [int(day)]:
                days.add(day)
            case [int(first), int(last)]:
                days.update((first + offset) % 7 for offset in range((last - first) % 7 + 1))
            case _:
                return Refusal(
                    f"{part.strip() or 'nothing'} is no day", f"write days as in mon-thu; {', '.join(DAY_NAMES)}"
                )
    return frozenset(days)


def read_zone(text: str) -> str | Refusal:
    """An IANA zone's name."""
    if text in _zones():
        return text
    near = _by_city(text) or get_close_matches(text.replace(" ", "_"), sorted(_zones()), n=3, cutoff=0.5)
    remedy = f"did you mean {' or '.join(near)}?" if near else "write an IANA name, as in Europe/Amsterdam"
    return Refusal("this is no time zone", remedy)


def read_duration(text: str) -> timedelta:
    """A length of time that has the schema's shape, as in `2d` or `8h30m`."""
    from durationpy import from_str

    duration: timedelta = from_str(text)
    return duration


def read_freeze_edges(start: str, end: str, zone: str | None) -> tuple[date, date] | Refusal:
    """Both ends of a freeze: two dates, or two instants; an instant without an offset is one of `zone`.

    A wall time that daylight saving makes doubtful is read so that the freeze is longer.
    """
    edges = _edge(start, zone, later=False), _edge(end, zone, later=True)
    match edges:
        case (Refusal() as refusal, _) | (_, Refusal() as refusal):
            return refusal
        case (date() as first, date() as last):
            if isinstance(first, datetime) != isinstance(last, datetime):
                return Refusal("one end is a day and the other an instant", "write two days, or two instants")
            if last < first or (isinstance(first, datetime) and last == first):
                return Refusal("the freeze ends before it begins", "swap from and to")
            return first, last


def _edge(text: str, zone: str | None, *, later: bool) -> date | Refusal:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            if zone is None:
                return Refusal(f"{text} names no zone", "add an offset, as in 2026-12-18T18:00:00+01:00, or a zone:")
            readings = [instant.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)]
            return max(readings) if later else min(readings)
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return Refusal(f"{text} is no day and no instant", "write it as in 2026-12-18 or 2026-12-18T18:00:00+01:00")


def _day(text: str) -> int | None:
    name = text.strip().casefold()[:3]
    full = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    if name in DAY_NAMES and full[DAY_NAMES.index(name)].startswith(text.strip().casefold()):
        return DAY_NAMES.index(name)
    return None


def _by_city(text: str) -> list[str]:
    cities = {zone.rsplit("/", 1)[-1].casefold(): zone for zone in sorted(_zones())}
    wanted = text.rsplit("/", 1)[-1].replace(" ", "_").casefold()
    return [cities[near] for near in get_close_matches(wanted, cities, n=3, cutoff=0.7)]


@cache
def _zones() -> frozenset[str]:
    # `localtime` is whatever the machine says, `Factory` means that nobody chose: neither is a zone.
    return frozenset(available_timezones() - {"localtime", "Factory"})
