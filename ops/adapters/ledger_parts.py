"""One part of a day in the ledger: `2026-11-16`, then `2026-11-16-2`, `2026-11-16-3`, ...

A part that is damaged cannot be repaired, because nothing in the ledger may be changed, and a blob has a limited number of
blocks. In both cases the day continues in the next part. Its first line carries the name of the previous part, the number of its
entries that count, and the hash of the last one, so the chain covers all parts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from ops.adapters.hash_chain import FIRST, is_valid_link, linked
from ops.adapters.ledger_lines import entry_of
from ops.model.ledger import Entry
from ops.ports.errors import LedgerBrokenError

LINK = "ledger-part"
DAMAGED, FULL = "damaged", "full"


def part_name(day: str, number: int) -> str:
    """Returns the name of a part; the first is 1."""
    return f"{day}.jsonl" if number == 1 else f"{day}-{number}.jsonl"


@dataclass(slots=True)
class Part:
    """What is known of a part: the entries that are verified, and the bytes that were read.

    Attributes:
        name: the name of its file or blob.
        hashes: the hash before each entry, and then that of the last one; begins with that of the previous part.
        first: the first entry.
        length: the number of bytes that were read.
        damage: why the bytes after the last entry cannot be read; empty if they can.
    """

    name: str
    hashes: list[str] = field(default_factory=lambda: [FIRST])
    first: Entry | None = None
    length: int = 0
    damage: str = ""

    @property
    def previous(self) -> str:
        """The hash that the next entry must continue."""
        return self.hashes[-1]

    @property
    def count(self) -> int:
        """The number of verified entries."""
        return len(self.hashes) - 1

    def take(self, content: bytes) -> Iterator[Entry]:
        """Yields the entries in the lines that follow the known bytes. The first line that cannot be verified ends the part."""
        self.length += len(content)
        *lines, incomplete = content.split(b"\n")
        for line in lines:
            entry = None if self.damage else self._verified(line)
            if entry is not None:
                yield entry
        if incomplete and not self.damage:
            self.damage = f"has an incomplete line {self.count + 1}"

    def _verified(self, line: bytes) -> Entry | None:
        number = self.count + 1
        try:
            entry = entry_of(line)
        except LedgerBrokenError:
            self.damage = f"has a line {number} that is not an entry"
            return None
        if not is_valid_link(entry, self.previous):
            self.damage = f"was changed: line {number} does not follow the previous line"
            return None
        self.first = self.first or entry
        self.hashes.append(entry.hash)
        return entry

    def successor(self, name: str, at: datetime) -> Entry:
        """Returns the first entry of the next part."""
        why = DAMAGED if self.damage else FULL
        text = f"{name} continues {self.name}, which {self.damage or 'is full'}, after {self.count} entries"
        data = {"previous": self.name, "entries": str(self.count), "hash": self.previous, "reason": why}
        return linked(Entry(f"{LINK}|{name}", at, LINK, self.name, text, data=data), self.previous)

    def starts_after(self, before: "Part") -> bool:
        """Whether the first entry continues the previous part at an entry that is verified."""
        first = self.first
        if first is None or first.kind != LINK or first.data.get("previous") != before.name:
            return False
        count = first.data.get("entries", "")
        is_known = count.isdecimal() and int(count) < len(before.hashes)
        return is_known and before.hashes[int(count)] == first.previous == first.data.get("hash")

    @property
    def declares_damage(self) -> bool:
        """Whether the first entry says that the previous part is damaged."""
        return self.first is not None and self.first.data.get("reason") == DAMAGED


def opened(name: str, content: bytes, before: "Part | None" = None) -> tuple[Part, list[Entry]]:
    """Returns a part and its entries. The first entry of a later part says which hash it continues; `starts_after` compares that."""
    part = Part(name)
    if before is not None:
        part.hashes = [_continued(content, before.previous)]
    return part, list(part.take(content))


def _continued(content: bytes, end: str) -> str:
    """Returns the hash that a part says it continues; the end of the previous part if it does not say."""
    try:
        return entry_of(content.split(b"\n", 1)[0]).previous
    except LedgerBrokenError:
        return end
