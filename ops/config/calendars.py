"""The last good content of each calendar: timers fetch it, the store keeps it, and all other code reads it there.

An endpoint never waits for a calendar's server, every process of the app has the same freezes, and while a calendar is
unavailable, its last known freezes apply.
"""

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from ops.config.feeds import FeedError, Feeds, freezes_of, is_address, read_beside
from ops.ports.errors import ConflictError, NotFoundError, UnreadableError
from ops.ports.store import Store
from ops.tables.base import Table

_FEED_PAST = timedelta(days=7)
_FEED_AHEAD = timedelta(days=400)
READ_AGAIN = timedelta(hours=12)
# The timer that fetches them fires every five minutes, but not to the second.
_TRY_AGAIN = timedelta(minutes=4)
# Freezes are planned ahead, so those of an unavailable calendar still apply for a weekend and a day. After that, freezes may
# be missing, and no new run starts.
HOLDS_FOR = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class KeptCalendar:
    """The last good content of one calendar (`content` is the store's reference to it), and the result of the last fetch.

    `problem` is the reason why the last fetch failed; empty if it succeeded.
    """

    location: str
    content: str = ""
    read_at: datetime | None = None
    tried_at: datetime | None = None
    problem: str = ""

    def is_due(self, now: datetime) -> bool:
        """Whether it must be fetched now."""
        if self.read_at is None or self.problem:
            return self.tried_at is None or now - self.tried_at >= _TRY_AGAIN
        return now - self.read_at >= READ_AGAIN

    def holds(self, now: datetime) -> bool:
        """Whether its freezes are recent enough to rely on."""
        return self.read_at is not None and now - self.read_at < HOLDS_FOR


@dataclass(slots=True)
class Reading:
    """The calendars that a configuration names, and the contents of those that are files, collected while it is loaded."""

    locations: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


class Calendars:
    """The calendars that a configuration names. `fetch` reads one from an https address, or raises FeedError."""

    def __init__(self, folder: Path, store: Store, fetch: Callable[[str], bytes]) -> None:
        self._read_file, self._store, self._fetch = read_beside(folder), store, fetch
        self._refused: dict[tuple[str, str, date], str] = {}

    def kept(self, location: str) -> KeptCalendar:
        """Returns the stored record of this calendar. One that cannot be read counts as never fetched, so it is fetched again."""
        try:
            stored = self._table.get(_key(location))
        except UnreadableError:
            stored = None
        return stored.value if stored else KeptCalendar(location)

    def read(self, location: str, now: datetime, reading: Reading) -> bytes:
        """Returns a calendar while a configuration is loaded: a file from its folder, an address from the store.

        Raises:
            FeedError: it was never fetched, or its last content is too old.
        """
        reading.locations.append(location)
        if not is_address(location):
            reading.files[location] = self._read_file(location)
            return reading.files[location]
        calendar = self.kept(location)
        if calendar.read_at is None:
            raise FeedError(calendar.problem or "it has not been fetched yet; Daytwo tries within five minutes")
        if not calendar.holds(now):
            too_old = f"its last copy, from {calendar.read_at:%Y-%m-%d}, is too old to rely on"
            if not calendar.problem:  # no fetch was attempted, because the app was off
                raise FeedError(f"{too_old}; Daytwo tries again within five minutes")
            raise FeedError(f"{calendar.problem}, and {too_old}")
        return self._content(calendar)

    def read_kept(self, location: str) -> bytes:
        """Returns the last good content, whatever its age: for a configuration with which no new run starts.

        Raises:
            FeedError: it was never fetched.
        """
        calendar = self.kept(location)
        if calendar.read_at is None:
            raise FeedError("it has never been fetched")
        return self._content(calendar)

    def _content(self, calendar: KeptCalendar) -> bytes:
        try:
            return self._store.get_content(calendar.content)
        except NotFoundError as error:
            raise FeedError(
                "its last copy is not in the store anymore; Daytwo tries again within five minutes"
            ) from error

    def keep_files(self, reading: Reading, now: datetime) -> None:
        """Stores the calendar files of a configuration that is valid now, since they may be broken the next time it is loaded."""
        for location, content in reading.files.items():
            if self.kept(location).content != self._store.put_content(content):
                self._keep(location, content, now)

    def fetch_due(self, locations: Iterable[str], now: datetime) -> bool:
        """Fetches the addresses that are due; returns whether there were any. Content that is not a calendar is not stored."""
        due = [each for each in locations if is_address(each) and self.kept(each).is_due(now)]
        for location in due:
            try:
                self._keep(location, self._fetched(location, now), now)
            except FeedError as error:
                self._note_failure(location, str(error), now)
        return bool(due)

    def _fetched(self, location: str, now: datetime) -> bytes:
        content = self._fetch(location)
        version = (location, hashlib.sha256(content).hexdigest(), now.date())
        if version in self._refused:  # reading it again would be the same work on each attempt
            raise FeedError(self._refused[version])
        try:
            freezes_of(content, feeds_at(now, self._fetch))
        except FeedError as error:
            self._refused = {each: why for each, why in self._refused.items() if each[0] != location}
            self._refused[version] = str(error)
            raise
        return content

    def _keep(self, location: str, content: bytes, now: datetime) -> None:
        fetched = KeptCalendar(location, self._store.put_content(content), now, now)
        self._put(location, fetched)

    def _note_failure(self, location: str, problem: str, now: datetime) -> None:
        self._put(location, replace(self.kept(location), tried_at=now, problem=problem))

    def _put(self, location: str, calendar: KeptCalendar) -> None:
        with suppress(ConflictError):  # another process has just fetched it
            self._table.put(_key(location), calendar)

    @property
    def _table(self) -> Table[KeptCalendar]:
        return Table(self._store, "calendar", KeptCalendar)


def feeds_at(now: datetime, read: Callable[[str], bytes]) -> Feeds:
    """Returns the settings with which calendars are read now: events from a week ago until more than a year ahead."""
    return Feeds(read, (now - _FEED_PAST).date(), (now + _FEED_AHEAD).date())


def _key(location: str) -> str:
    """Returns a store key for a location, since locations can contain characters that are not allowed in keys."""
    return hashlib.sha256(location.encode()).hexdigest()[:32]
