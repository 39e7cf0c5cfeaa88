"""Calendars by their last good content: timers fetch them, the store keeps them, and all other code reads them there.

An endpoint never waits for a calendar's server, every process of the app has the same freezes, and while a calendar is
unavailable its last freezes apply.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from ops.config.feeds import FeedError, Feeds, freezes_of, is_address, read_beside
from ops.ports.store import Store
from ops.tables.base import Table

_FEED_PAST = timedelta(days=7)
_FEED_AHEAD = timedelta(days=400)
READ_AGAIN = timedelta(hours=12)
# The timer that fetches fires every five minutes, not to the second.
_TRY_AGAIN = timedelta(minutes=4)
# Freezes are planned ahead, so those of an unavailable calendar apply for a weekend and a day. After that freezes may be
# missing, and no new run starts.
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
        """Whether to fetch it now."""
        if self.read_at is None or self.problem:
            return self.tried_at is None or now - self.tried_at >= _TRY_AGAIN
        return now - self.read_at >= READ_AGAIN

    def holds(self, now: datetime) -> bool:
        """Whether its freezes are recent enough to rely on."""
        return self.read_at is not None and now - self.read_at < HOLDS_FOR


@dataclass(slots=True)
class Reading:
    """The calendars that a configuration names, and the content of those that are files, collected while it is loaded."""

    locations: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


class Calendars:
    """The calendars that a configuration names. `fetch` reads one from an https address, or raises FeedError."""

    def __init__(self, folder: Path, store: Store, fetch: Callable[[str], bytes]) -> None:
        self._read_file, self._store, self._fetch = read_beside(folder), store, fetch

    def kept(self, location: str) -> KeptCalendar:
        """What the store has of this calendar."""
        stored = self._table.get(_key(location))
        return stored.value if stored else KeptCalendar(location)

    def read(self, location: str, now: datetime, reading: Reading) -> bytes:
        """A calendar while a configuration is loaded: a file from its folder, an address from the store.

        Raises:
            FeedError: it was never fetched, or its last content is too old.
        """
        reading.locations.append(location)
        if not is_address(location):
            reading.files[location] = self._read_file(location)
            return reading.files[location]
        kept = self.kept(location)
        if kept.read_at is None:
            raise FeedError(kept.problem or "it has not been fetched yet; Daytwo fetches it within five minutes")
        if not kept.holds(now):
            too_old = f"its freezes of {kept.read_at:%Y-%m-%d} are too old to rely on"
            if not kept.problem:  # no fetch was tried: the app was off
                raise FeedError(f"{too_old}; Daytwo fetches it within five minutes")
            raise FeedError(f"{kept.problem}, and {too_old}")
        return self._store.get_content(kept.content)

    def read_kept(self, location: str) -> bytes:
        """The last good content of any age: for a configuration with which no new run starts.

        Raises:
            FeedError: it was never fetched.
        """
        kept = self.kept(location)
        if kept.read_at is None:
            raise FeedError("it has never been fetched")
        return self._store.get_content(kept.content)

    def keep_files(self, reading: Reading, now: datetime) -> None:
        """Keep the files of a configuration that is valid now: they may be broken when it is loaded again."""
        for location, content in reading.files.items():
            if self.kept(location).content != self._store.put_content(content):
                self._keep(location, content, now)

    def fetch_due(self, locations: Iterable[str], now: datetime) -> bool:
        """Fetch the addresses that are due; whether there were any. Content that is not a calendar is not kept."""
        due = [each for each in locations if is_address(each) and self.kept(each).is_due(now)]
        for location in due:
            try:
                self._keep(location, self._fetched(location, now), now)
            except FeedError as error:
                self._note_failure(location, str(error), now)
        return bool(due)

    def _fetched(self, location: str, now: datetime) -> bytes:
        content = self._fetch(location)
        freezes_of(content, feeds_at(now, self._fetch))
        return content

    def _keep(self, location: str, content: bytes, now: datetime) -> None:
        kept = KeptCalendar(location, self._store.put_content(content), now, now)
        self._table.change(_key(location), lambda _: kept)

    def _note_failure(self, location: str, problem: str, now: datetime) -> None:
        self._table.change(
            _key(location), lambda old: replace(old or KeptCalendar(location), tried_at=now, problem=problem)
        )

    @property
    def _table(self) -> Table[KeptCalendar]:
        return Table(self._store, "calendar", KeptCalendar)


def feeds_at(now: datetime, read: Callable[[str], bytes]) -> Feeds:
    """How calendars are read now: their events from a week ago until more than a year ahead."""
    return Feeds(read, (now - _FEED_PAST).date(), (now + _FEED_AHEAD).date())


def _key(location: str) -> str:
    """A location may contain characters that a key may not."""
    return hashlib.sha256(location.encode()).hexdigest()[:32]
