"""The ledger as a chain of entries in parts, the same for files and blobs."""

import threading
from collections.abc import Iterator
from typing import Protocol

from ops.adapters.hash_chain import linked
from ops.adapters.ledger_lines import line_of
from ops.adapters.ledger_parts import Part, opened, part_name
from ops.model.ledger import Entry
from ops.ports.errors import LedgerBrokenError, TryLaterError

# Another process can append between our read and our write. Our append is then refused, and the part is read again.
_ROUNDS = 20
# An append blob has at most 50,000 blocks, one per entry.
MOST_ENTRIES = 45_000


class PartFiles(Protocol):
    """Where parts are stored. All methods raise TryLaterError if the storage refuses."""

    def create(self, name: str) -> None:
        """Creates an empty part, unless it exists."""
        ...

    def read(self, name: str, behind: int = 0) -> bytes | None:
        """Returns the bytes of a part behind a position; None if it does not exist."""
        ...

    def append(self, name: str, line: bytes, length: int) -> bool:
        """Appends a line if the part has this length, all of it or nothing; otherwise returns False."""
        ...


class _Day:
    """The parts of one day, and the keys of its entries."""

    def __init__(self, read: list[tuple[Part, list[Entry]]]) -> None:
        self.parts = [part for part, _ in read]
        self.keys = {entry.key for _, entries in read for entry in entries}

    @property
    def last(self) -> Part:
        """The part that is written."""
        return self.parts[-1]

    @property
    def before(self) -> Part | None:
        """The part before the last one."""
        return self.parts[-2] if len(self.parts) > 1 else None

    def take(self, content: bytes) -> None:
        """Adds what was appended to the last part."""
        if self.last.count:
            fresh = list(self.last.take(content))
        else:  # the first entry says which hash it continues
            self.parts[-1], fresh = opened(self.last.name, content, self.before)
        self.keys.update(entry.key for entry in fresh)


class ChainedLedger:
    """Implements `Ledger`. Appends are conditional on the part's length, so two writers never break the chain.

    A process reads a day once. After that, when a condition fails, it reads only what others have appended.
    """

    def __init__(self, files: PartFiles, most_entries: int = MOST_ENTRIES) -> None:
        self._files, self._most_entries = files, most_entries
        self._lock = threading.Lock()
        self._days: dict[str, _Day] = {}

    def append(self, entry: Entry) -> None:
        """Writes an entry. An entry with the same key on the same day is written only once.

        Raises:
            TryLaterError: other writers were faster several times in a row, or the storage refused. Nothing was written.
        """
        name = f"{entry.at:%Y-%m-%d}"
        with self._lock:
            # Kept only after a success: after an error, the day is read again. Past days are not kept.
            day = self._days.pop(name, None) or self._opened(name)
            for _ in range(_ROUNDS):
                if entry.key in day.keys or (self._continued(name, day, entry) and self._written(day, entry)):
                    self._days = {name: day}
                    return
        raise TryLaterError(f"writing the ledger: {_ROUNDS} other writers were faster", 5)

    def entries(self, day: str) -> Iterator[Entry]:
        """Returns the entries of a day that are verified, from all its parts.

        Raises:
            LedgerBrokenError: a part is damaged or was changed, and no later part says so.
        """
        read = self._read(day)
        for (part, after), (_, entries) in zip(_pairs([part for part, _ in read]), read, strict=True):
            yield from entries
            why = _broken(part, after)
            if why:
                raise LedgerBrokenError(f"the ledger of {day}: {part.name} {why}")

    def damage(self, day: str) -> tuple[str, ...]:
        """Returns a sentence for each part of a day that is damaged or was changed, whether or not a later part continues it."""
        parts = [part for part, _ in self._read(day)]
        found = [(part, part.damage or _broken(part, after)) for part, after in _pairs(parts)]
        return tuple(f"{part.name} {why}" for part, why in found if why)

    def _read(self, day: str) -> list[tuple[Part, list[Entry]]]:
        read: list[tuple[Part, list[Entry]]] = []
        while (content := self._files.read(part_name(day, len(read) + 1))) is not None:
            name = part_name(day, len(read) + 1)
            read.append(opened(name, content, read[-1][0] if read else None))
        return read

    def _opened(self, day: str) -> _Day:
        read = self._read(day)
        if not read:
            self._files.create(part_name(day, 1))
            read = [(Part(part_name(day, 1)), [])]
        return _Day(read)

    def _continued(self, name: str, day: _Day, entry: Entry) -> bool:
        """Begins the next part if the last one is damaged or full; returns False if another writer was faster."""
        if day.last.damage or day.last.count >= self._most_entries:
            following = Part(part_name(name, len(day.parts) + 1), [day.last.previous])
            self._files.create(following.name)
            day.parts.append(following)
        if day.before is None or day.last.count:
            return True
        return self._sent(day, day.before.successor(day.last.name, entry.at))

    def _written(self, day: _Day, entry: Entry) -> bool:
        return self._sent(day, linked(entry, day.last.previous))

    def _sent(self, day: _Day, chained: Entry) -> bool:
        """Appends an entry that is linked; if another writer was faster, reads what it has appended and returns False."""
        line = line_of(chained)
        if self._files.append(day.last.name, line, day.last.length):
            day.take(line)
            return True
        day.take(self._files.read(day.last.name, day.last.length) or b"")
        return False


def _pairs(parts: list[Part]) -> Iterator[tuple[Part, Part | None]]:
    """Yields each part and the one that continues it. A part without a first entry does not continue anything yet."""
    later = [None if part.length == 0 else part for part in parts[1:]]
    yield from zip(parts, [*later, None][: len(parts)], strict=True)


def _broken(part: Part, after: Part | None) -> str:
    """Returns what is wrong between a part and the next one; empty if the chain holds."""
    if after is None:
        return part.damage
    if not after.starts_after(part):
        return f"was changed: {after.name} does not continue {part.name}"
    return part.damage if part.damage and not after.declares_damage else ""
