"""Durable records and the append-only ledger."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ops.model.json import Json
from ops.model.ledger import Entry


@dataclass(frozen=True, slots=True)
class Record:
    """A stored value with the etag that a replacement must name."""

    key: str
    value: Json
    etag: str


class Store(Protocol):
    """Durable records of a kind under a key, with compare-and-swap; large values by the hash of their content.

    Kinds are `[a-z-]+`. Keys have at most 512 characters, and no slash, backslash, hash, question mark or control character.
    """

    def get(self, kind: str, key: str) -> Record | None:
        """The record, or None."""
        ...

    def insert(self, kind: str, key: str, value: Json) -> bool:
        """Inserts the record if it is absent; returns False, without a change, if it exists."""
        ...

    def replace(self, kind: str, key: str, value: Json, etag: str) -> str:
        """Replaces the version with this etag; returns the new etag.

        Raises:
            ConflictError: the record has changed since it was read.
        """
        ...

    def delete(self, kind: str, key: str) -> None:
        """Removes the record; a missing record is not an error."""
        ...

    def scan(self, kind: str, prefix: str = "") -> Iterator[Record]:
        """All records of the kind whose key begins with a prefix, ordered by key."""
        ...

    def put_content(self, content: bytes) -> str:
        """Stores a large value; returns its reference, which is derived from the content."""
        ...

    def get_content(self, reference: str) -> bytes:
        """A large value.

        Raises:
            NotFoundError: there is no such content.
        """
        ...


class Ledger(Protocol):
    """Append-only; each entry includes the hash of the previous one."""

    def append(self, entry: Entry) -> None:
        """Writes an entry; an entry with the same key on the same day is written once."""
        ...

    def entries(self, day: str) -> Iterator[Entry]:
        """The entries of a day (`2026-11-16`, UTC), oldest first.

        Raises:
            LedgerBrokenError: the chain of hashes is broken.
        """
        ...
