"""The oracle's own reader for iCalendar files. It reads only single events, and expects valid files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class FreezePeriod:
    """A freeze, given as days or as times."""

    first: date | datetime
    last: date | datetime
    zone: str | None


def freezes_in(calendar: str) -> Iterator[FreezePeriod]:
    """Yield one freeze for each event (RFC 5545). The end of an event of whole days is the day after the last one."""
    for event in re.findall(r"BEGIN:VEVENT(.*?)END:VEVENT", calendar, re.DOTALL):
        first, last = _edge(event, "DTSTART"), _edge(event, "DTEND")
        if not isinstance(last, datetime):
            last -= timedelta(days=1)
        yield FreezePeriod(first, last, None)


def _edge(event: str, name: str) -> date | datetime:
    found = re.search(rf"^{name}((?:;[^:\n]*)*):(\S+)", event, re.MULTILINE)
    if found is None:
        raise ValueError(f"an event without {name}")
    parameters, text = found[1], found[2]
    if "T" not in text:
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()
    at = datetime.strptime(text.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007  # its zone follows
    zone = re.search(r"TZID=([^;:]+)", parameters)
    if text.endswith("Z"):
        return at.replace(tzinfo=UTC)
    return at.replace(tzinfo=ZoneInfo(zone[1])) if zone else at
