"""The ledger as one file per day, with one JSON line per entry."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

from ops.adapters.hash_chain import FIRST, linked
from ops.adapters.ledger_lines import checked, line_of
from ops.model.ledger import Entry


class FileLedger:
    """Implements `Ledger`. An entry is on disk before `append` returns; an incomplete last line, left by a crash, is removed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._days: dict[str, tuple[set[str], str]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def append(self, entry: Entry) -> None:
        """Writes an entry. An entry with the same key on the same day is written only once."""
        day = f"{entry.at:%Y-%m-%d}"
        with self._lock:
            keys, previous = self._day(day)
            if entry.key in keys:
                return
            chained = linked(entry, previous)
            line = line_of(chained)
            with self._path(day).open("a", encoding="utf-8") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            keys.add(entry.key)
            # Past days are no longer written, so their keys are not kept.
            self._days = {day: (keys, chained.hash)}

    def entries(self, day: str) -> Iterator[Entry]:
        """Returns the entries of a day.

        Raises:
            LedgerBrokenError: the chain of hashes is broken.
        """
        return checked(day, self._lines(day))

    def _day(self, day: str) -> tuple[set[str], str]:
        if day not in self._days:
            self._cut_incomplete_line(day)
            known = list(self.entries(day))
            self._days[day] = ({entry.key for entry in known}, known[-1].hash if known else FIRST)
        return self._days[day]

    def _cut_incomplete_line(self, day: str) -> None:
        """Removes the last line if it does not end with a newline. Its entry was never acknowledged, so the caller writes it again."""
        path = self._path(day)
        if not path.exists():
            return
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            with path.open("r+b") as file:
                file.truncate(len(whole))

    def _lines(self, day: str) -> Iterator[str]:
        path = self._path(day)
        if path.exists():
            with path.open(encoding="utf-8") as file:
                yield from file

    def _path(self, day: str) -> Path:
        return self._folder / f"{day}.jsonl"
