"""The ledger as one file a day, a JSON line an entry."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

from ops.adapters.hash_chain import FIRST, linked
from ops.adapters.ledger_lines import checked, line_of
from ops.model.ledger import Entry


class FileLedger:
    """Implements `Ledger`. An entry is on the disk before `append` returns; a torn last line (a crash while writing) is set aside."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._days: dict[str, tuple[set[str], str]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def append(self, entry: Entry) -> None:
        """Write an entry; one of the same key on the same day is written once."""
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
            # Days that are over are not written any more: their keys need not be kept.
            self._days = {day: (keys, chained.hash)}

    def entries(self, day: str) -> Iterator[Entry]:
        """The entries of a day. Raises LedgerBrokenError."""
        return checked(day, self._lines(day))

    def _day(self, day: str) -> tuple[set[str], str]:
        if day not in self._days:
            self._mend(day)
            known = list(self.entries(day))
            self._days[day] = ({entry.key for entry in known}, known[-1].hash if known else FIRST)
        return self._days[day]

    def _mend(self, day: str) -> None:
        """Cuts off a last line that has no end: its entry was never acknowledged, so it is written again by whoever retries."""
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
