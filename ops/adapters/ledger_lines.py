"""Writes, reads and checks one day of the ledger as lines, with one JSON object per entry."""

import json
from collections.abc import Iterable, Iterator

from ops.adapters.hash_chain import FIRST, is_valid_link
from ops.model.ledger import Entry
from ops.ports.errors import LedgerBrokenError
from ops.serialization import from_json, to_json


def line_of(entry: Entry) -> str:
    """Returns an entry as a line, including the line end."""
    return json.dumps(to_json(entry), ensure_ascii=False) + "\n"


def lines_of(content: bytes) -> list[str]:
    """Returns the lines of a day's content. Only a newline ends a line, since text from people can contain other separators."""
    return content.decode().removesuffix("\n").split("\n") if content else []


def entry_of(line: str) -> Entry:
    """Returns the entry in a line, without checking it."""
    return from_json(json.loads(line), Entry)


def checked(day: str, lines: Iterable[str]) -> Iterator[Entry]:
    """Returns the entries of a day, each linked to the previous one.

    Raises:
        LedgerBrokenError: an entry is not linked to the previous one.
    """
    previous = FIRST
    for number, line in enumerate(lines, start=1):
        entry = entry_of(line)
        if not is_valid_link(entry, previous):
            raise LedgerBrokenError(f"the ledger of {day} was changed: line {number} does not follow the previous line")
        previous = entry.hash
        yield entry
