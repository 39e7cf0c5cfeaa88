"""The current configuration: the one in the file, or the last valid one, together with the problem in the file."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ops.model.calendar import SilentCalendar
from ops.ports.errors import ConflictError, NotFoundError
from ops.ports.store import Store

if TYPE_CHECKING:
    from ops.config.calendars import Calendars, KeptCalendar
    from ops.settings import Settings

_READ_AGAIN = timedelta(hours=12)
# How often this process reads the fetched calendars from the store.
_CHECK_AGAIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ConfigState:
    """`settings` is None if there has never been a valid configuration; while there is a `problem`, no new run starts.

    `silent` lists unavailable calendars whose last freezes still apply: Daytwo reports them and continues.
    """

    settings: "Settings | None"
    problem: str = ""
    silent: tuple[SilentCalendar, ...] = ()


class ConfigFile:
    """Rereads the configuration if its file or a fetched calendar has changed, and also twice a day.

    Only `refresh`, which timers call, fetches calendars. `fetch` reads one from an https address, or raises FeedError.
    """

    def __init__(self, path: Path, store: Store, fetch: Callable[[str], bytes]) -> None:
        self._path, self._store, self._fetch = path, store, fetch
        self._seen: tuple[float, int] | None = None
        self._read_at: datetime | None = None
        self._checked_at: datetime | None = None
        self._calendars: Calendars | None = None
        self._locations: tuple[str, ...] = ()
        self._used: tuple[tuple[str, str, bool], ...] = ()
        self._state = ConfigState(None, "it has not been read yet")

    def current(self, now: datetime) -> ConfigState:
        """Returns the current state of the file. Reads only the file and the store."""
        try:
            status = self._path.stat()
        except OSError as error:
            return self._fall_back(f"{self._path.name} cannot be read: {error.strerror}", now)
        seen = (status.st_mtime, status.st_size)
        if seen != self._seen or self._is_old(now):
            self._state = self._read(now)
            self._seen, self._read_at, self._checked_at = seen, now, now
            self._used = self._known(now)
        return self._state

    def refresh(self, now: datetime) -> None:
        """Fetches the calendars that are due: every 12 hours, and after a failure whenever the timer fires."""
        self.current(now)
        if self._locations and self._fetched().fetch_due(self._locations, now):
            self._checked_at = None

    def _is_old(self, now: datetime) -> bool:
        if self._read_at is None or now - self._read_at > _READ_AGAIN:
            return True
        if self._locations and (self._checked_at is None or now - self._checked_at >= _CHECK_AGAIN):
            has_changed = self._known(now) != self._used
            self._checked_at = now
            return has_changed
        return False

    def _known(self, now: datetime) -> tuple[tuple[str, str, bool], ...]:
        """Returns the values that determine whether the configuration is read again: content, problem, and whether it is recent enough."""
        return tuple((each.content, each.problem, each.holds(now)) for each in self._kept())

    def _kept(self) -> "list[KeptCalendar]":
        from ops.config.feeds import is_address

        return [self._fetched().kept(location) for location in self._locations if is_address(location)]

    def _read(self, now: datetime) -> ConfigState:
        from ops.config import ConfigError, render_problems
        from ops.config.calendars import Reading

        content, reading = self._path.read_bytes(), Reading()
        try:
            settings = self._load(content, lambda location: self._fetched().read(location, now, reading), now)
        except ConfigError as error:
            return self._fall_back(render_problems(error.problems), now)
        finally:
            self._locations = tuple(reading.locations)
        self._fetched().keep_files(reading, now)
        self._remember(self._store.put_content(content))
        return ConfigState(settings, silent=self._silent())

    def _silent(self) -> tuple[SilentCalendar, ...]:
        from ops.config.calendars import HOLDS_FOR

        return tuple(
            SilentCalendar(each.location, each.problem, each.read_at, each.read_at + HOLDS_FOR)
            for each in self._kept()
            if each.problem and each.read_at is not None
        )

    def _remember(self, reference: str) -> None:
        record = self._store.get("config", "last-valid")
        if record is None:
            self._store.insert("config", "last-valid", {"content": reference})
        elif record.value != {"content": reference}:
            with suppress(ConflictError):  # another worker stored the same content first
                self._store.replace("config", "last-valid", {"content": reference}, record.etag)

    def _fall_back(self, problem: str, now: datetime) -> ConfigState:
        """Returns the last valid configuration, from this process or the store; None if neither has one that is still valid."""
        from ops.config import ConfigError

        if self._state.settings is not None:
            return ConfigState(self._state.settings, problem)
        record = self._store.get("config", "last-valid")
        reference = record.value.get("content") if record is not None and isinstance(record.value, dict) else None
        if not isinstance(reference, str):
            return ConfigState(None, problem)
        try:
            content = self._store.get_content(reference)
            return ConfigState(self._load(content, self._fetched().read_kept, now), problem)
        except (ConfigError, NotFoundError):
            return ConfigState(None, problem)

    def _load(self, content: bytes, read: Callable[[str], bytes], now: datetime) -> "Settings":
        from ops.config import load
        from ops.config.calendars import feeds_at

        return load(content, self._path.name, feeds_at(now, read))

    def _fetched(self) -> "Calendars":
        from ops.config.calendars import Calendars

        if self._calendars is None:
            self._calendars = Calendars(self._path.parent, self._store, self._fetch)
        return self._calendars
