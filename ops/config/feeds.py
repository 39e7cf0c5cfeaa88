"""Freezes from calendars (`.ics`): a file in the configuration's folder, or a feed that an adapter fetches."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path, PurePosixPath

from ops.config.calendar_bounds import excess
from ops.config.work_limit import TooMuchWorkError, work_limit
from ops.model.calendar import Freeze, host_of

# The largest calendars within the other bounds take about 11 million calls, which is two seconds.
_MOST_CALLS = 15_000_000
# Each decision compares its window with each freeze.
_MOST_FREEZES = 2_000
# The parser keeps the time zones that a calendar defines in one place for the whole process. One calendar is read at a time, and
# begins without those of another.
_PARSER = threading.Lock()


class FeedError(Exception):
    """A calendar that cannot be read, with the reason."""


@dataclass(frozen=True, slots=True)
class Feeds:
    """How calendars are read, and which of their days are relevant.

    `read` takes the location as written in the configuration, a file name or an https address, and returns the calendar's
    bytes or raises `FeedError`. Recurring events are expanded from `since` up to `until`.
    """

    read: Callable[[str], bytes]
    since: date
    until: date


def is_address(location: str) -> bool:
    """Whether a calendar is fetched; otherwise it is a file in the folder of the configuration."""
    return location.startswith("https://")


def shown_location(location: str) -> str:
    """Returns a location without secrets: the name of a file, or only the host of an address, since the rest can be a secret."""
    return host_of(location) if any(mark in location for mark in ":?#@") else location


def read_beside(folder: Path, fetch: Callable[[str], bytes] | None = None) -> Callable[[str], bytes]:
    """Returns a reader for files in `folder`, and for https addresses through `fetch`; both raise `FeedError`."""

    def read(location: str) -> bytes:
        if is_address(location):
            if fetch is None:
                raise FeedError("addresses are not read here")
            return fetch(location)
        if "://" in location:
            raise FeedError("the address does not begin with https://")
        name = PurePosixPath(location)
        if name.is_absolute() or ".." in name.parts:
            raise FeedError("the file must be in the folder of the configuration")
        try:
            return (folder / name).read_bytes()
        except OSError as error:
            raise FeedError(f"the file cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise FeedError("the file cannot be read: a file cannot have this name") from error

    return read


def freezes_of(calendar: bytes, feeds: Feeds) -> tuple[Freeze, ...]:
    """Returns the events of a calendar as freezes, in order, without cancelled ones.

    An all-day event applies in the window's zone. An event with a time but without a zone is in the calendar's zone
    (`X-WR-TIMEZONE`). An event without a duration is not a freeze (RFC 5545, 3.6.1: a start with a time and no end).

    Raises:
        FeedError: this is not a calendar, it is too much work, or the time of an event has no zone or cannot be computed.
    """
    try:
        with _PARSER, work_limit(_MOST_CALLS):
            too_much = excess(calendar, feeds.until)
            events = set() if too_much else _found(calendar, feeds)
    except TooMuchWorkError as error:
        raise FeedError("it takes too long to compute: a rule probably never matches a day") from error
    except OverflowError as error:
        raise FeedError("an event begins or ends too far away to be computed: give it dates near now") from error
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        # The parser documents ValueError; a malformed rule or date raises one of the others. Their texts quote the content,
        # which can be a sign-in page that contains secrets.
        raise FeedError(f"it is not a calendar ({type(error).__name__})") from error
    if too_much or len(events) > _MOST_FREEZES:
        raise FeedError(too_much or f"it contains more than {_MOST_FREEZES:,} freezes until {feeds.until}")
    return tuple(sorted(events, key=lambda freeze: (str(freeze.start), str(freeze.end), freeze.name)))


def _found(calendar: bytes, feeds: Feeds) -> set[Freeze]:
    import recurring_ical_events
    from icalendar import Calendar
    from icalendar.timezone import tzp

    tzp.use_default()
    parsed = Calendar.from_ical(calendar)
    zone = str(parsed.get("X-WR-TIMEZONE", ""))
    return {
        _freeze(str(event.get("SUMMARY", "freeze")), event.start, event.end, zone)
        for event in recurring_ical_events.of(parsed).between(feeds.since, feeds.until)
        if str(event.get("STATUS", "")).upper() != "CANCELLED" and not _is_without_length(event.start, event.end)
    }


def _is_without_length(start: date | datetime, end: date | datetime) -> bool:
    return isinstance(start, datetime) and start == end


def _freeze(name: str, start: date | datetime, end: date | datetime, zone: str) -> Freeze:
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        # An all-day event ends on the day after its last day (RFC 5545, 3.6.1).
        return Freeze(name, start, max(start, end - timedelta(days=1)))
    return Freeze(name, _aware(start, zone), _aware(end, zone))


def _aware(at: datetime, zone: str) -> datetime:
    """Returns the instant in UTC: a zone that the calendar defines is computed here, where the work is bounded.

    Raises:
        FeedError: neither the time nor the calendar has a zone.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    if at.tzinfo is not None:
        return at.astimezone(UTC)
    try:
        return at.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise FeedError("an event has a time but no zone") from error
