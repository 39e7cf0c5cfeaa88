"""What an API server keeps of its objects' history: a version for each change, and the changes for watchers."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

# etcd compacts after five minutes; here so many changes of a kind stay.
KEPT = 2000


class ChangeKind(StrEnum):
    """What happened to an object, as a watch spells it."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Change[T]:
    """One change of one object; ``before`` is what the object was, None when it is new."""

    version: int
    kind: ChangeKind
    now: T
    before: T | None


class Versions:
    """Counts an API server's changes over all kinds of objects."""

    def __init__(self) -> None:
        self.last = 1

    def next(self) -> int:
        """Return the version of a change that happens now."""
        self.last += 1
        return self.last


class Feed[T]:
    """The changes of one kind of objects; what it is given must be a copy that nobody changes any more."""

    def __init__(self, versions: Versions) -> None:
        self._versions = versions
        self._present: dict[str, T] = {}
        self._changes: deque[Change[T]] = deque(maxlen=KEPT)
        self._forgotten = 0

    def note(self, key: str, version: int, now: T, *, gone: bool = False) -> None:
        """Keep one change."""
        before = self._present.get(key)
        if gone:
            self._present.pop(key, None)
            kind = ChangeKind.DELETED
        else:
            self._present[key] = now
            kind = ChangeKind.ADDED if before is None else ChangeKind.MODIFIED
        if len(self._changes) == KEPT:
            self._forgotten = self._changes[0].version
        self._changes.append(Change(version, kind, now, before))

    def since(self, version: int) -> list[Change[T]] | None:
        """Return the changes after a version, None when they are not kept any more."""
        if version < self._forgotten:
            return None
        found: list[Change[T]] = []
        for change in reversed(self._changes):
            if change.version <= version:
                break
            found.append(change)
        found.reverse()
        return found
