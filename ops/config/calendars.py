"""Calendars by their last good content: timers fetch them, the store keeps them, and everything else reads them there.

So no door waits for somebody's intranet, every process of the app has the same freezes, and a calendar that is down
leaves those that it had.
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
# The tick that fetches comes every five minutes, and not to the second.
_TRY_AGAIN = timedelta(minutes=4)
# Freezes are planned ahead, so those of a calendar that is down hold for a while: a weekend and a day. Then it is as if
# nobody knew of any, and nothing begins.
HOLDS_FOR = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class KeptCalendar:
    """The last good content of one calendar (`content` is the store's reference to it), and how the last try went.

    `problem` says why the last try failed, and is empty where it did not.
    """

    location: str
    content: str = ""
    read_at: datetime | None = None
    tried_at: datetime | None = None
    problem: str = ""

    def is_due(self, now: datetime) -> bool:
        """Whether it is to be fetched."""
        if self.read_at is None or self.problem:
            return self.tried_at is None or now - self.tried_at >= _TRY_AGAIN
        return now - self.read_at >= READ_AGAIN

    def holds(self, now: datetime) -> bool:
        """Whether its freezes are still to be relied on."""
        return self.read_at is not None and now - self.read_at < HOLDS_FOR


@dataclass(slots=True)
class Reading:
    """Which calendars a configuration named as it was loaded, and what its files said."""

    locations: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)


class Calendars:
    """The calendars that a configuration names. `fetch` reads one at an https address; raises FeedError where it cannot."""

    def __init__(self, folder: Path, store: Store, fetch: Callable[[str], bytes]) -> None:
        self._read_file, self._store, self._fetch = read_beside(folder), store, fetch

    def kept(self, location: str) -> KeptCalendar:
        """What is known of this one."""
        stored = self._table.get(_key(location))
        return stored.value if stored else KeptCalendar(location)

    def read(self, location: str, now: datetime, reading: Reading) -> bytes:
        """One calendar, as a configuration is loaded: a file from beside it, an address from the store. Raises FeedError."""
        reading.locations.append(location)
        if not is_address(location):
            reading.files[location] = self._read_file(location)
            return reading.files[location]
        kept = self.kept(location)
        if kept.read_at is None:
            raise FeedError(kept.problem or "it has not been fetched yet; that happens within five minutes")
        if not kept.holds(now):
            too_old = f"its freezes of {kept.read_at:%Y-%m-%d} are too old to rely on"
            if not kept.problem:  # nobody has tried: the app was off
                raise FeedError(f"{too_old}; it is fetched within five minutes")
            raise FeedError(f"{kept.problem}, and {too_old}")
        return self._store.get_content(kept.content)

    def read_kept(self, location: str) -> bytes:
        """The last good content, however old: for a configuration with which nothing begins. Raises FeedError."""
        kept = self.kept(location)
        if kept.read_at is None:
            raise FeedError("it was never read")
        return self._store.get_content(kept.content)

    def keep_files(self, reading: Reading, now: datetime) -> None:
        """Files beside a configuration that has just been found valid: they may be broken when it is needed again."""
        for location, content in reading.files.items():
            if self.kept(location).content != self._store.put_content(content):
                self._keep(location, content, now)

    def fetch_due(self, locations: Iterable[str], now: datetime) -> bool:
        """Fetch the addresses whose time has come; whether any was asked. One that is no calendar is kept as little as none."""
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
    """Calendars as they count now: their events from a week ago until over a year ahead."""
    return Feeds(read, (now - _FEED_PAST).date(), (now + _FEED_AHEAD).date())


def _key(location: str) -> str:
    """A location may hold what a key may not."""
    return hashlib.sha256(location.encode()).hexdigest()[:32]
