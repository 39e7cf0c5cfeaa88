"""The history of an API server's objects: a resource version for each change, and the changes for watchers."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

# etcd compacts after five minutes. Here, a fixed number of changes is kept per kind.
MAX_CHANGES = 2000


class ChangeKind(StrEnum):
    """The type of a change, as in watch events."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Change[T]:
    """One change to one object. ``before`` is the previous object, or None if the object is new."""

    version: int
    kind: ChangeKind
    now: T
    before: T | None


class Versions:
    """Assigns resource versions to the changes of all objects in an API server."""

    def __init__(self) -> None:
        self.last = 1

    def next(self) -> int:
        """Return the resource version for a new change."""
        self.last += 1
        return self.last


class Feed[T]:
    """The changes to objects of one kind. Callers must pass copies that do not change afterwards."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        self._present: dict[str, T] = {}
        self._changes: deque[Change[T]] = deque(maxlen=MAX_CHANGES)
        self._forgotten = 0

    def record(self, key: str, version: int, now: T, *, gone: bool = False) -> None:
        """Record one change."""
        before = self._present.get(key)
        if gone:
            self._present.pop(key, None)
            kind = ChangeKind.DELETED
        else:
            self._present[key] = now
            kind = ChangeKind.ADDED if before is None else ChangeKind.MODIFIED
        if len(self._changes) == MAX_CHANGES:
            self._forgotten = self._changes[0].version
        self._changes.append(Change(version, kind, now, before))

    def since(self, version: int) -> list[Change[T]] | None:
        """Return the changes after a version; None if they are no longer available."""
        if version < self._forgotten:
            return None
        found: list[Change[T]] = []
        for change in reversed(self._changes):
            if change.version <= version:
                break
            found.append(change)
        found.reverse()
        return found
