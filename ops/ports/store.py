"""Durable records and the append-only ledger."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ops.model.json import Json
from ops.model.ledger import Entry


@dataclass(frozen=True, slots=True)
class Record:
    """A stored value with the tag that a replacement must name."""

    key: str
    value: Json
    etag: str


class Store(Protocol):
    """Durable records of a kind under a key, with compare-and-swap; large values by the hash of their content.

    Kinds are `[a-z-]+`; keys have at most 512 characters, none of them a slash, backslash, hash, question mark or control character.
    """

    def get(self, kind: str, key: str) -> Record | None:
        """The record, or None."""
        ...

    def insert(self, kind: str, key: str, value: Json) -> bool:
        """Write it if it is absent; False where it exists already (and stays as it is)."""
        ...

    def replace(self, kind: str, key: str, value: Json, etag: str) -> str:
        """Write it over the version of this etag; the new etag. Raises ConflictError."""
        ...

    def delete(self, kind: str, key: str) -> None:
        """Remove it; nothing happens where it does not exist."""
        ...

    def scan(self, kind: str, prefix: str = "") -> Iterator[Record]:
        """All records of the kind whose key begins so, by key."""
        ...

    def put_content(self, content: bytes) -> str:
        """Keep a large value; the reference to it, made from its content."""
        ...

    def get_content(self, reference: str) -> bytes:
        """A large value. Raises NotFoundError."""
        ...


class Ledger(Protocol):
    """Append-only; each entry carries the hash of the one before."""

    def append(self, entry: Entry) -> None:
        """Write an entry; one of the same key on the same day is written once."""
        ...

    def entries(self, day: str) -> Iterator[Entry]:
        """The entries of a day (`2026-11-16`, UTC), oldest first. Raises LedgerBrokenError where the chain does not hold."""
        ...
