"""Typed tables over the store, and the only loops over its records.

A record that cannot be read is set aside: it stays as it is and is reported (`ops.tables.set_aside`). A loop continues
without it; reading exactly this record raises an error, so that a guard that cannot be read blocks what it guards.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ops.model.json import Json
from ops.ports.errors import ConflictError, NotFoundError, UnreadableError
from ops.ports.store import Record, Store
from ops.serialization import RECORD_HEAD, from_record, to_record

# A second writer is rare (a person votes while the run's own activity writes), so ten conflicts indicate a defect.
_ROUNDS = 10
SET_ASIDE = "set-aside"
_LONGEST_WHY = 300


@dataclass(frozen=True, slots=True)
class Stored[T]:
    """A value as it was read, with its etag, which a replacement must specify."""

    key: str
    value: T
    etag: str


@dataclass(frozen=True, slots=True)
class Table[T]:
    """One kind of record in the store, as model objects."""

    store: Store
    kind: str
    type: type[T]

    def get(self, key: str) -> Stored[T] | None:
        """Returns the record, or None.

        Raises:
            UnreadableError: there is a record, but it cannot be read.
        """
        record = self.store.get(self.kind, key)
        return None if record is None else self._stored(record)

    def must_get(self, key: str) -> Stored[T]:
        """Returns the record.

        Raises:
            NotFoundError: there is no such record.
        """
        stored = self.get(key)
        if stored is None:
            raise NotFoundError(f"the store has no {self.kind} {key}")
        return stored

    def get_all(self, keys: Iterable[str]) -> Iterator[tuple[str, Stored[T] | None]]:
        """Returns each key with its record, or with None if there is none; leaves out keys whose record cannot be read."""
        for key in keys:
            try:
                yield key, self.get(key)
            except UnreadableError:
                continue  # `_stored` has set it aside

    def insert(self, key: str, value: T) -> bool:
        """Inserts the record unless it already exists; returns whether it was inserted."""
        return self.store.insert(self.kind, key, to_record(value))

    def replace(self, stored: Stored[T], value: T) -> Stored[T]:
        """Replaces the value that was read.

        Raises:
            ConflictError: another writer has changed it in the meantime.
        """
        etag = self.store.replace(self.kind, stored.key, to_record(value), stored.etag)
        return Stored(stored.key, value, etag)

    def change(self, key: str, change: Callable[[T | None], T]) -> T:
        """Replaces the record with the result of `change`, and retries if another writer was faster.

        Raises:
            ConflictError: other writers were faster ten times.
        """
        for _ in range(_ROUNDS):
            stored = self.get(key)
            value = change(stored.value if stored else None)
            if stored is None:
                if self.insert(key, value):
                    return value
                continue
            if value == stored.value:
                return value
            try:
                self.replace(stored, value)
            except ConflictError:
                continue
            return value
        raise ConflictError(f"{self.kind} {key} changed {_ROUNDS} times while it was being written")

    def put(self, key: str, value: T) -> None:
        """Writes the record, whatever it was before, even if it could not be read.

        Raises:
            ConflictError: another writer has changed it in the meantime.
        """
        if not self.insert(key, value):
            record = self.store.get(self.kind, key)
            if record is not None:
                self.store.replace(self.kind, key, to_record(value), record.etag)

    def scan(self, prefix: str = "") -> Iterator[Stored[T]]:
        """Returns the records whose key begins with `prefix`, except those that cannot be read."""
        for record in self.store.scan(self.kind, prefix):
            try:
                yield self._stored(record)
            except UnreadableError:
                continue  # `_stored` has set it aside

    def delete(self, key: str) -> None:
        """Removes the record."""
        self.store.delete(self.kind, key)

    def _stored(self, record: Record) -> Stored[T]:
        """Returns the record as a model object.

        Raises:
            UnreadableError: it cannot be read; it is set aside.
        """
        try:
            return Stored(record.key, _value_of(record, self.type), record.etag)
        except UnreadableError as error:
            set_aside(self.store, self.kind, record.key, str(error), record.etag)
            raise UnreadableError(f"{self.kind} {record.key}: {error}") from error


def _value_of[T](record: Record, kind: type[T]) -> T:
    if record.problem:
        raise UnreadableError(record.problem)
    return from_record(record.value, kind)


def marked(store: Store, kind: str, prefix: str = "") -> tuple[str, ...]:
    """Returns the keys of markers: records that mean something by existing, whatever their value."""
    return tuple(record.key for record in store.scan(kind, prefix))


def documents(store: Store, kind: str) -> Iterator[tuple[str, Json]]:
    """Returns the key and the value of each record that has no model object, except those that cannot be decoded."""
    for record in store.scan(kind):
        if record.problem:
            set_aside(store, kind, record.key, record.problem, record.etag)
        else:
            yield record.key, record.value


def set_aside(store: Store, kind: str, key: str, why: str, etag: str = "") -> None:
    """Notes that a record could not be read, or an item could not be processed, so that it is reported. Repeating it has no effect.

    `etag` is the record's; empty for an item of a loop.
    """
    value: Json = {**RECORD_HEAD, "kind": kind, "key": key, "why": why[:_LONGEST_WHY], "etag": etag}
    store.insert(SET_ASIDE, set_aside_key(kind, key), value)


def set_aside_key(kind: str, key: str) -> str:
    """Returns the key of the note about a record or item. Long keys, and those that the store does not accept, are hashed."""
    return f"{kind}|{hashlib.sha256(key.encode()).hexdigest()[:24]}"


def store_key(name: str) -> str:
    """Converts a name to a store key, or a part of one: ARM ids contain slashes, store keys must not."""
    return name.replace("/", "|")
