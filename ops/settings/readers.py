"""Reads days, times, zones and durations as people write them. Each reader raises FieldError with a remedy."""

import re
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from ops.model.calendar import Window

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DURATION_PATTERN = "^(?=[0-9])([0-9]{1,3}w)?([0-9]{1,4}d)?([0-9]{1,4}h)?([0-9]{1,4}m)?$"
_UNITS = {"w": timedelta(weeks=1), "d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
_MIDNIGHT, _WHOLE_DAY = "24:00", "00:00-24:00"
_AWAKE = re.compile(r"(?P<days>[^0-9]*[^0-9\s])\s+(?P<start>[0-9][0-9:]*)\s*-\s*(?P<end>[0-9][0-9:]*)", re.ASCII)
_SPAN = re.compile(r"[0-9:]+\s*-\s*[0-9:]+", re.ASCII)
_DAY_NAMES_IN_FULL = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class FieldError(ValueError):
    """A value that cannot be used: the problem, and what to write instead."""

    def __init__(self, wrong: str, remedy: str) -> None:
        super().__init__(f"{wrong}: {remedy}")
        self.wrong, self.remedy = wrong, remedy


def read_time(text: str) -> time:
    """Reads a time of day, such as `22:00`.

    Raises:
        FieldError: it is not a time of day.
    """
    parts = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", text)
    if parts is None:
        raise FieldError("this is not a time of day", 'write it like "22:00"')
    hour, minute = int(parts[1]), int(parts[2])
    if (hour, minute) == (24, 0):
        raise FieldError("24:00 is not a valid time of day", 'write "00:00", which ends the window at midnight')
    try:
        return time(hour, minute)
    except ValueError as error:
        raise FieldError("this is not a valid time of day", "write a time from 00:00 to 23:59") from error


def read_days(text: str) -> frozenset[int]:
    """Reads days, Monday = 0: `mon`, `mon,wed`, `mon-thu`; `fri-mon` includes the weekend.

    Raises:
        FieldError: a part is not a day.
    """
    days: set[int] = set()
    for part in text.split(","):
        edges = [_day(edge) for edge in part.split("-")]
        match edges:
            case [int(day)]:
                days.add(day)
            case [int(first), int(last)]:
                days.update((first + offset) % 7 for offset in range((last - first) % 7 + 1))
            case _:
                wrong = f"{part.strip() or 'an empty text'} is not a day"
                raise FieldError(wrong, f"write days like mon-thu; {', '.join(DAY_NAMES)}")
    return frozenset(days)


def read_zone(text: str) -> str:
    """Reads the name of an IANA time zone.

    Raises:
        FieldError: it is not a zone; the remedy lists similar names.
    """
    if text in _zones():
        return text
    near = _by_city(text) or get_close_matches(text.replace(" ", "_"), sorted(_zones()), n=3, cutoff=0.5)
    remedy = f"did you mean {' or '.join(near)}?" if near else "write an IANA name, for example Europe/Amsterdam"
    raise FieldError("this is not a time zone", remedy)


def read_duration(text: str) -> timedelta:
    """Reads a length of time, such as `2d` or `8h30m`.

    Raises:
        FieldError: it is not a duration.
    """
    if re.search(DURATION_PATTERN, text) is None:
        raise FieldError("this is not a duration", "write it like 2d or 8h30m")
    return sum((int(number) * _UNITS[unit] for number, unit in re.findall("([0-9]+)([wdhm])", text)), timedelta())


def write_duration(length: timedelta) -> str:
    """Returns a duration as it is written in daytwo.yaml; up to two days in hours."""
    days = length.days if length >= timedelta(days=2) else 0
    hours, minutes = divmod((length - timedelta(days=days)) // timedelta(minutes=1), 60)
    return "".join(f"{number}{unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "m")) if number) or "0m"


def read_awake(text: str, zone: str) -> Window:
    """Reads `mon-fri 08:00-19:00` in a zone as a window; `00:00-24:00` is a whole day. A cluster's tag has the same form.

    Raises:
        FieldError: a part cannot be read, or start and end are equal.
    """
    days, start, end = _awake_parts(text)
    on, where = read_days(days), read_zone(zone)
    try:
        begins, ends = read_time(start), time() if end == _MIDNIGHT else read_time(end)
    except FieldError as error:
        raise FieldError(f"{start}-{end} are not times of day", "write them like 08:00-19:00") from error
    if begins == ends and end != _MIDNIGHT:
        raise FieldError(
            "start and end are equal", f'write them like "mon-fri 08:00-19:00"; a whole day is {_WHOLE_DAY}'
        )
    return Window("awake", on, begins, ends, where)


def _awake_parts(text: str) -> tuple[str, str, str]:
    """Returns the days, the start and the end.

    Raises:
        FieldError: the text has another form; the remedy says what is missing or too much.
    """
    parts = _AWAKE.fullmatch(text.strip())
    if parts is None:
        raise FieldError("this is not days and times", _awake_remedy(text.strip()))
    return parts["days"], parts["start"], parts["end"]


def _awake_remedy(text: str) -> str:
    form = 'write it like "mon-fri 08:00-19:00"'
    if not text:
        return f"{form}, or remove it"
    if text.casefold() in ("always", "on", "24/7", "24x7", "never", "off"):
        return f"to keep the cluster awake always, write mon-sun {_WHOLE_DAY}"
    if len(_SPAN.findall(text)) > 1:
        return f"{form}; only one time span is possible"
    if re.fullmatch(r"[^0-9]+", text):
        return f"add the times: {form}"
    if _SPAN.match(text):
        return f"add the days before the times: {form}"
    if re.search(r"[0-9]\s+\S+$", text) and _SPAN.search(text):
        return f"leave out what follows the times, since the zone of the entry in `power` applies: {form}"
    return form


def parse_awake(text: str, zone: str) -> Window | str:
    """Reads a tag in the same form. Returns the problem instead of raising it, since a tag can become invalid at any time."""
    try:
        return read_awake(text, zone)
    except FieldError as error:
        return str(error)


def read_freeze_edges(start: str, end: str, zone: str | None) -> tuple[date, date]:
    """Reads both ends of a freeze: two dates, or two instants; an instant without an offset is in `zone`.

    A wall-clock time that occurs twice or never because of daylight saving time is read so that the freeze is longer.

    Raises:
        FieldError: an end cannot be read, one is a date and the other an instant, or they are in the wrong order.
    """
    first, last = _edge(start, zone, later=False), _edge(end, zone, later=True)
    if isinstance(first, datetime) != isinstance(last, datetime):
        raise FieldError("one end is a day and the other an instant", "write two days, or two instants")
    if last < first or (isinstance(first, datetime) and last == first):
        raise FieldError("the freeze ends before it begins", "swap from and to")
    return first, last


def _edge(text: str, zone: str | None, *, later: bool) -> date:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
        if zone is not None:
            readings = [instant.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)]
            return max(readings) if later else min(readings)
    except (ValueError, OverflowError) as error:
        wrong = f"{text} is neither a day nor an instant"
        raise FieldError(wrong, "write it like 2026-12-18 or 2026-12-18T18:00:00+01:00") from error
    raise FieldError(f"{text} has no time zone", "add an offset, for example 2026-12-18T18:00:00+01:00, or a zone:")


def _day(text: str) -> int | None:
    name = text.strip().casefold()[:3]
    if name not in DAY_NAMES:
        return None
    number = DAY_NAMES.index(name)
    return number if _DAY_NAMES_IN_FULL[number].startswith(text.strip().casefold()) else None


def _by_city(text: str) -> list[str]:
    cities = {zone.rsplit("/", 1)[-1].casefold(): zone for zone in sorted(_zones())}
    needle = text.rsplit("/", 1)[-1].replace(" ", "_").casefold()
    return [cities[near] for near in get_close_matches(needle, cities, n=3, cutoff=0.7)]


@cache
def _zones() -> frozenset[str]:
    # Not zones: `localtime` depends on the machine, and `Factory` means that no zone was chosen.
    return frozenset(available_timezones() - {"localtime", "Factory"})
