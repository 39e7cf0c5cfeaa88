"""The configuration as it stands: the file's, or the last valid one with the problem that keeps it from being replaced."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ops.ports import Store

if TYPE_CHECKING:
    from ops.model.settings import Settings

_FEED_PAST = timedelta(days=7)
_FEED_AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class ConfigState:
    """`settings` is None where there never was a valid configuration; with a `problem` nothing new begins."""

    settings: "Settings | None"
    problem: str = ""


class ConfigFile:
    """Reads the configuration again when its file has changed."""

    def __init__(self, path: Path, store: Store) -> None:
        self._path, self._store = path, store
        self._seen: tuple[float, int] | None = None
        self._state = ConfigState(None, "it has not been read yet")

    def current(self, now: datetime) -> ConfigState:
        """The state of the file now; reads it only where it changed."""
        try:
            status = self._path.stat()
        except OSError as error:
            return self._fall_back(f"{self._path.name} cannot be read: {error.strerror}", now)
        seen = (status.st_mtime, status.st_size)
        if seen != self._seen:
            self._state = self._read(now)
            self._seen = seen
        return self._state

    def _read(self, now: datetime) -> ConfigState:
        from ops.config import ConfigError, render_problems

        content = self._path.read_bytes()
        try:
            settings = _load(content, self._path, now)
        except ConfigError as error:
            return self._fall_back(render_problems(error.problems), now)
        reference = self._store.put_content(content)
        record = self._store.get("config", "last-valid")
        if record is None:
            self._store.insert("config", "last-valid", {"content": reference})
        elif record.value != {"content": reference}:
            self._store.replace("config", "last-valid", {"content": reference}, record.etag)
        return ConfigState(settings)

    def _fall_back(self, problem: str, now: datetime) -> ConfigState:
        record = self._store.get("config", "last-valid")
        if record is None or not isinstance(record.value, dict):
            return ConfigState(None, problem)
        content = self._store.get_content(str(record.value["content"]))
        return ConfigState(_load(content, self._path, now), problem)


def _load(content: bytes, path: Path, now: datetime) -> "Settings":
    from ops.config import Feeds, load, read_beside

    feeds = Feeds(read_beside(path.parent), (now - _FEED_PAST).date(), (now + _FEED_AHEAD).date())
    return load(content, path.name, feeds)
