"""A day of the ledger as lines, with one JSON object per entry: how they are written, read and checked."""

import json
from collections.abc import Iterable, Iterator

from ops.adapters.hash_chain import FIRST, is_valid_link
from ops.model.ledger import Entry
from ops.ports.errors import LedgerBrokenError
from ops.serialization import from_json, to_json


def line_of(entry: Entry) -> str:
    """An entry as a line, including the line end."""
    return json.dumps(to_json(entry), ensure_ascii=False) + "\n"


def lines_of(content: bytes) -> list[str]:
    """The lines of a day's content. Only a newline ends a line; text by people may contain other separators."""
    return content.decode().removesuffix("\n").split("\n") if content else []


def entry_of(line: str) -> Entry:
    """The entry in a line, without a check."""
    return from_json(json.loads(line), Entry)


def checked(day: str, lines: Iterable[str]) -> Iterator[Entry]:
    """The entries of a day, each linked to the previous one.

    Raises:
        LedgerBrokenError: an entry is not.
    """
    previous = FIRST
    for number, line in enumerate(lines, start=1):
        entry = entry_of(line)
        if not is_valid_link(entry, previous):
            raise LedgerBrokenError(f"the ledger of {day} was changed: line {number} does not follow the previous line")
        previous = entry.hash
        yield entry
