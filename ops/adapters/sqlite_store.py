"""The store in one SQLite file: for local use, `daytwo serve` and tests."""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ops.adapters.state_folder import private_file, state_refusals
from ops.model.json import Json
from ops.ports.errors import ConflictError, NotFoundError
from ops.ports.store import Record

_SCHEMA = """
pragma journal_mode = wal;
pragma synchronous = normal;
create table if not exists records (kind text, key text, value text not null, version integer not null, primary key (kind, key)) without rowid;
create table if not exists contents (reference text primary key, content blob not null) without rowid;
"""


_IN_MEMORY = ":memory:"


class SqliteStore:
    """Implements `Store`. One connection behind a lock is enough: activities are short, and SQLite allows only one writer.

    All methods raise StateUnavailableError if the file cannot be used: the disk is full, or the file is read-only or damaged.
    """

    def __init__(self, path: Path | str) -> None:
        self._lock, self._path = threading.Lock(), path
        if path != _IN_MEMORY:
            private_file(Path(path))
        with state_refusals(path):
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
            self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    @contextmanager
    def _using(self) -> Iterator[None]:
        with self._lock, state_refusals(self._path):
            yield

    def get(self, kind: str, key: str) -> Record | None:
        """Returns the record, or None."""
        with self._using():
            row = self._db.execute("select value, version from records where kind=? and key=?", (kind, key)).fetchone()
        return None if row is None else _record(key, row[0], row[1])

    def insert(self, kind: str, key: str, value: Json) -> bool:
        """Inserts the record if it is absent."""
        with self._using():
            cursor = self._db.execute(
                "insert into records values (?, ?, ?, 1) on conflict do nothing", (kind, key, json.dumps(value))
            )
        return cursor.rowcount == 1

    def replace(self, kind: str, key: str, value: Json, etag: str) -> str:
        """Replaces the record if its etag still matches.

        Raises:
            ConflictError: the record has changed since it was read.
        """
        version = int(etag)
        with self._using():
            cursor = self._db.execute(
                "update records set value=?, version=? where kind=? and key=? and version=?",
                (json.dumps(value), version + 1, kind, key, version),
            )
        if cursor.rowcount != 1:
            raise ConflictError(f"{kind} {key} has changed since it was read")
        return str(version + 1)

    def delete(self, kind: str, key: str) -> None:
        """Removes the record."""
        with self._using():
            self._db.execute("delete from records where kind=? and key=?", (kind, key))

    def scan(self, kind: str, prefix: str = "") -> Iterator[Record]:
        """Returns all records whose key begins with a prefix."""
        with self._using():
            rows = self._db.execute(
                "select key, value, version from records where kind=? and key>=? and key<? order by key",
                (kind, prefix, prefix + "\U0010ffff"),
            ).fetchall()
        for key, value, version in rows:
            yield _record(key, value, version)

    def put_content(self, content: bytes) -> str:
        """Stores a large value."""
        reference = hashlib.sha256(content).hexdigest()[:32]
        with self._using():
            self._db.execute("insert into contents values (?, ?) on conflict do nothing", (reference, content))
        return reference

    def get_content(self, reference: str) -> bytes:
        """Returns a large value.

        Raises:
            NotFoundError: no content has this reference.
        """
        with self._using():
            row = self._db.execute("select content from contents where reference=?", (reference,)).fetchone()
        if row is None:
            raise NotFoundError(f"the store has no content {reference}")
        content: bytes = row[0]
        return content


def _record(key: str, text: str, version: int) -> Record:
    try:
        return Record(key, json.loads(text), str(version))
    except (ValueError, TypeError, RecursionError):
        return Record(key, None, str(version), "its value is not JSON")
