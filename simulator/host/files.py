"""A durable engine that survives a killed process: its state is in a SQLite file.

Every change is stored before clients are notified. The file contains instances, their histories and inboxes, the
states of the timer triggers and the last timestamp. Queues, timers and links to parents are rebuilt from the
histories. The file survives a killed process, but not a power failure (`synchronous=NORMAL`).
"""

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import durabletask.internal.orchestrator_service_pb2 as pb
from durabletask.testing.in_memory_backend import OrchestrationInstance

from simulator.host.cron import CronState
from simulator.host.engine import Engine
from simulator.host.recovery import resume
from simulator.host.rows import INSTANCE_COLUMNS, from_row, to_row

_OWNER_ONLY = 0o600
_SCHEMA = f"""
pragma locking_mode = exclusive;
pragma journal_mode = wal;
pragma synchronous = normal;
create table if not exists instance({", ".join(INSTANCE_COLUMNS)}, primary key (id)) without rowid;
create table if not exists history(id text, n integer, event blob, primary key (id, n)) without rowid;
create table if not exists cron(name text primary key, last text, next text);
create table if not exists moment(only integer primary key check (only = 1), latest text);
"""


class StateUnusableError(RuntimeError):
    """The file cannot be read or written. The text names the file and the remedy."""


class StateInUseError(StateUnusableError):
    """The file is in use by another host."""


class FileEngine(Engine):
    """The engine whose state is stored in `path`.

    Raises:
        StateInUseError: another process has the file open.
        StateUnusableError: the file cannot be read or written.
    """

    def __init__(self, now: Callable[[], datetime], path: Path) -> None:
        super().__init__(now)
        self._path, self._written = path, dict[str, tuple[int, int]]()
        # Autocommit: the transactions below are explicit. One thread uses the connection, but not always the one that
        # opened it. Created before, since SQLite gives its other files the same mode.
        try:
            path.touch(mode=_OWNER_ONLY)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0.0)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable("opening", error) from error
        try:
            self._db.executescript(_SCHEMA)
            self._read()
        except sqlite3.Error as error:
            self._db.close()
            raise self._unusable("opening", error) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def stored_crons(self) -> dict[str, CronState]:
        """The stored states of the timer triggers, by function name."""
        rows = self._db.execute("select name, last, next from cron")
        return {
            name: CronState(datetime.fromisoformat(last) if last else None, datetime.fromisoformat(following))
            for name, last, following in rows
        }

    def store_crons(self, states: dict[str, CronState]) -> None:
        """Store the states of the timer triggers for the next host."""
        rows = [
            (name, state.last.isoformat() if state.last else None, state.next.isoformat())
            for name, state in states.items()
        ]
        with self._transaction():
            self._db.execute("delete from cron")
            self._db.executemany("insert into cron values(?, ?, ?)", rows)
            self._write_moment(self.now())

    def _save(self, touched: Collection[str], now: datetime) -> None:
        with self._transaction():
            for instance_id in touched:
                instance = self._instances.get(instance_id)
                if instance is None:
                    self._written.pop(instance_id, None)
                    self._db.execute("delete from instance where id = ?", (instance_id,))
                    self._db.execute("delete from history where id = ?", (instance_id,))
                else:
                    self._write(instance)
            self._write_moment(now)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Store all changes of the enclosed code. After a failure nothing is stored anymore: memory and file differ.

        Raises:
            StateUnusableError: now or before, the file could not be written.
        """
        if self.failure:
            raise StateUnusableError(self.failure)
        try:
            self._db.execute("begin")
            yield
            self._db.execute("commit")
        except sqlite3.Error as error:
            unusable = self._unusable("writing", error)
            self.failure = str(unusable)
            self.on_work()
            raise unusable from error

    def _unusable(self, doing: str, error: Exception) -> StateUnusableError:
        if "locked" in str(error):
            return StateInUseError(
                f"{doing} the engine's state in {self._path}: another host uses it; stop that host first"
            )
        remedy = "Free space on the disk, or make the file writable or restore it, and start again."
        return StateUnusableError(f"{doing} the engine's state in {self._path}: {error}. {remedy}")

    def _write(self, instance: OrchestrationInstance) -> None:
        instance_id, execution = instance.instance_id, self._executions[instance.instance_id]
        written_execution, length = self._written.get(instance_id, (execution, 0))
        if written_execution != execution:
            length = 0
            self._db.execute("delete from history where id = ?", (instance_id,))
        fresh = instance.history[length:]
        self._db.executemany(
            "insert into history values(?, ?, ?)",
            [(instance_id, length + n, event.SerializeToString()) for n, event in enumerate(fresh)],
        )
        marks = ", ".join("?" * len(INSTANCE_COLUMNS))
        self._db.execute(f"replace into instance values({marks})", to_row(instance))  # Contains only placeholders.
        self._written[instance_id] = (execution, len(instance.history))

    def _write_moment(self, now: datetime) -> None:
        self._db.execute("replace into moment values(1, ?)", (now.isoformat(),))

    def _read(self) -> None:
        for (latest,) in self._db.execute("select latest from moment"):
            self._latest = datetime.fromisoformat(latest)
        for row in self._db.execute("select * from instance"):
            instance = from_row(row)
            events = self._db.execute("select event from history where id = ? order by n", (instance.instance_id,))
            instance.history = [pb.HistoryEvent.FromString(event) for (event,) in events]
            self._instances[instance.instance_id] = instance
            execution = self._executions[instance.instance_id] = next(self._execution_numbers)
            self._written[instance.instance_id] = (execution, len(instance.history))
        resume(self)
        self._touched.clear()


def read_history(path: Path, instance_id: str) -> list[pb.HistoryEvent]:
    """The history of one instance in a file that is not open in a host.

    Raises:
        FileNotFoundError: the file does not exist.
        KeyError: the file does not contain the instance.
    """
    if not path.is_file():
        raise FileNotFoundError(f"reading the history of {instance_id!r}: there is no engine state at {path}")
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        rows = db.execute("select event from history where id = ? order by n", (instance_id,)).fetchall()
    if not rows:
        raise KeyError(f"reading the history of {instance_id!r}: {path} does not contain the instance")
    return [pb.HistoryEvent.FromString(event) for (event,) in rows]
