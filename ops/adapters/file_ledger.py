"""The ledger as files, one per part of a day, with one JSON line per entry."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ops.adapters.chained_ledger import MOST_ENTRIES, ChainedLedger
from ops.adapters.state_folder import OWNER_ONLY, make_folder, make_private, state_refusals


class FileLedger(ChainedLedger):
    """Implements `Ledger`. An entry is on disk before `append` returns; an incomplete last line, left by a crash, is removed."""

    def __init__(self, folder: Path, most_entries: int = MOST_ENTRIES) -> None:
        make_folder(folder)
        with state_refusals(folder):
            for file in folder.glob("*.jsonl"):
                make_private(file)
        super().__init__(_Files(folder), most_entries)


class _Files:
    """Implements `PartFiles`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, name: str) -> None:
        """Creates an empty file, readable only by its owner."""
        with self._open(name, os.O_WRONLY | os.O_CREAT):
            return

    def read(self, name: str, behind: int = 0) -> bytes | None:
        """Returns the bytes of a file behind a position; None if it does not exist.

        An incomplete last line is left out. Its entry was never acknowledged, so the next append replaces it.
        """
        path = self._folder / name
        if not path.exists():
            return None
        with state_refusals(path), path.open("rb") as file:
            content = file.read()
        return content[behind : content.rfind(b"\n") + 1]

    def append(self, name: str, line: bytes, length: int) -> bool:
        """Appends a line. If that fails, the file is cut back to its complete lines.

        Raises:
            OSError: the line could not be written; `state_refusals` translates it.
        """
        with self._open(name, os.O_RDWR) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not _ends_at(descriptor, length):
                return False
            os.ftruncate(descriptor, length)
            try:
                os.lseek(descriptor, length, os.SEEK_SET)
                _write_all(descriptor, line)
                os.fsync(descriptor)
            except OSError:
                with suppress(OSError):  # what remains is incomplete, and the next append cuts it off
                    os.ftruncate(descriptor, length)
                raise
        return True

    @contextmanager
    def _open(self, name: str, flags: int) -> Iterator[int]:
        path = self._folder / name
        with state_refusals(path):
            descriptor = os.open(path, flags, OWNER_ONLY)
            try:
                yield descriptor
            finally:
                os.close(descriptor)


def _ends_at(descriptor: int, length: int) -> bool:
    """Whether the complete lines have this length: an incomplete line after them, left by a crash, does not count."""
    beyond = os.fstat(descriptor).st_size - length
    return beyond >= 0 and b"\n" not in os.pread(descriptor, beyond, length)


def _write_all(descriptor: int, line: bytes) -> None:
    while line:
        line = line[os.write(descriptor, line) :]
