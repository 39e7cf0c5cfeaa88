"""The configuration as it stands: the file's, or the last valid one with the problem that keeps it from being replaced."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ops.ports import ConflictError, Store

if TYPE_CHECKING:
    from ops.model.settings import Settings

_FEED_PAST = timedelta(days=7)
_FEED_AHEAD = timedelta(days=400)
_READ_AGAIN = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class ConfigState:
    """`settings` is None where there never was a valid configuration; with a `problem` nothing new begins."""

    settings: "Settings | None"
    problem: str = ""


class ConfigFile:
    """Reads the configuration again when its file has changed, and twice a day for the calendars that it names.

    `fetch` reads a calendar at an https address, and raises FeedError where it cannot.
    """

    def __init__(self, path: Path, store: Store, fetch: Callable[[str], bytes]) -> None:
        self._path, self._store, self._fetch = path, store, fetch
        self._seen: tuple[float, int] | None = None
        self._read_at: datetime | None = None
        self._state = ConfigState(None, "it has not been read yet")

    def current(self, now: datetime) -> ConfigState:
        """The state of the file now."""
        try:
            status = self._path.stat()
        except OSError as error:
            return self._fall_back(f"{self._path.name} cannot be read: {error.strerror}", now)
        seen = (status.st_mtime, status.st_size)
        if seen != self._seen or self._read_at is None or now - self._read_at > _READ_AGAIN:
            self._state = self._read(now)
            self._seen, self._read_at = seen, now
        return self._state

    def _read(self, now: datetime) -> ConfigState:
        from ops.config import ConfigError, render_problems

        content = self._path.read_bytes()
        try:
            settings = self._load(content, now)
        except ConfigError as error:
            return self._fall_back(render_problems(error.problems), now)
        self._remember(self._store.put_content(content))
        return ConfigState(settings)

    def _remember(self, reference: str) -> None:
        record = self._store.get("config", "last-valid")
        if record is None:
            self._store.insert("config", "last-valid", {"content": reference})
        elif record.value != {"content": reference}:
            with suppress(ConflictError):  # another worker was faster, with the same
                self._store.replace("config", "last-valid", {"content": reference}, record.etag)

    def _fall_back(self, problem: str, now: datetime) -> ConfigState:
        """The last valid one: what this process knows, else what the store kept; None where even that is valid no more."""
        from ops.config import ConfigError

        if self._state.settings is not None:
            return ConfigState(self._state.settings, problem)
        record = self._store.get("config", "last-valid")
        if record is None or not isinstance(record.value, dict):
            return ConfigState(None, problem)
        try:
            return ConfigState(self._load(self._store.get_content(str(record.value["content"])), now), problem)
        except ConfigError:
            return ConfigState(None, problem)

    def _load(self, content: bytes, now: datetime) -> "Settings":
        from ops.config import Feeds, load, read_beside

        beside = read_beside(self._path.parent, self._fetch)
        feeds = Feeds(beside, (now - _FEED_PAST).date(), (now + _FEED_AHEAD).date())
        return load(content, self._path.name, feeds)
