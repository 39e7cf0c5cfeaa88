"""Typed tables over the store."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ops.ports.errors import ConflictError, NotFoundError
from ops.ports.store import Store
from ops.serialization import from_json, to_json

# A second writer is rare (a person votes while the run's own activity writes), so ten conflicts indicate a defect.
_ROUNDS = 10


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
        """Returns the record, or None."""
        record = self.store.get(self.kind, key)
        return None if record is None else Stored(key, from_json(record.value, self.type), record.etag)

    def must_get(self, key: str) -> Stored[T]:
        """Returns the record.

        Raises:
            NotFoundError: there is no such record.
        """
        stored = self.get(key)
        if stored is None:
            raise NotFoundError(f"the store has no {self.kind} {key}")
        return stored

    def insert(self, key: str, value: T) -> bool:
        """Inserts the record unless it already exists; returns whether it was inserted."""
        return self.store.insert(self.kind, key, to_json(value))

    def replace(self, stored: Stored[T], value: T) -> Stored[T]:
        """Replaces the value that was read.

        Raises:
            ConflictError: another writer has changed it in the meantime.
        """
        etag = self.store.replace(self.kind, stored.key, to_json(value), stored.etag)
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

    def scan(self, prefix: str = "") -> Iterator[Stored[T]]:
        """Returns all records whose key begins with `prefix`."""
        for record in self.store.scan(self.kind, prefix):
            yield Stored(record.key, from_json(record.value, self.type), record.etag)

    def delete(self, key: str) -> None:
        """Removes the record."""
        self.store.delete(self.kind, key)


def store_key(name: str) -> str:
    """Converts a name to a store key, or a part of one: ARM ids contain slashes, store keys must not."""
    return name.replace("/", "|")
