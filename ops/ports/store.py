"""Durable records and the append-only ledger."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ops.model.json import Json
from ops.model.ledger import Entry


@dataclass(frozen=True, slots=True)
class Record:
    """A stored value with its etag, which a replacement must specify.

    `problem` says why the value cannot be decoded; the value is then None. Such a record is returned, not raised, so that it
    does not hide the others.
    """

    key: str
    value: Json
    etag: str
    problem: str = ""


class Store(Protocol):
    """Durable records with a kind and a key, with compare-and-swap, and large values by the hash of their content.

    Kinds are `[a-z-]+`. Keys have at most 512 characters, and no slash, backslash, hash, question mark or control character.
    """

    def get(self, kind: str, key: str) -> Record | None:
        """Returns the record, or None."""
        ...

    def insert(self, kind: str, key: str, value: Json) -> bool:
        """Inserts the record; returns False, and changes nothing, if it already exists."""
        ...

    def replace(self, kind: str, key: str, value: Json, etag: str) -> str:
        """Replaces the record if its etag still matches; returns the new etag.

        Raises:
            ConflictError: the record has changed since it was read.
        """
        ...

    def delete(self, kind: str, key: str) -> None:
        """Removes the record; a missing record is not an error."""
        ...

    def scan(self, kind: str, prefix: str = "") -> Iterator[Record]:
        """Returns all records of the kind whose key begins with a prefix, ordered by key."""
        ...

    def put_content(self, content: bytes) -> str:
        """Stores a large value; returns its reference, which is derived from the content."""
        ...

    def get_content(self, reference: str) -> bytes:
        """Returns a large value.

        Raises:
            NotFoundError: no content has this reference.
        """
        ...


class Ledger(Protocol):
    """An append-only ledger; each entry includes the hash of the previous one."""

    def append(self, entry: Entry) -> None:
        """Writes an entry. An entry with the same key on the same day is written only once."""
        ...

    def entries(self, day: str) -> Iterator[Entry]:
        """Returns the entries of a day (`2026-11-16`, UTC) that are verified, oldest first.

        Raises:
            LedgerBrokenError: the chain of hashes is broken, and no later entry says so.
        """
        ...

    def damage(self, day: str) -> tuple[str, ...]:
        """Returns a sentence for each part of a day's ledger that is damaged or was changed; new entries follow in the next part."""
        ...
