"""A day of the ledger as lines, one JSON object an entry: how one is written, and how a day is read and checked."""

import json
from collections.abc import Iterable, Iterator

from ops.adapters.hash_chain import FIRST, is_valid_link
from ops.model.ledger import Entry
from ops.ports.errors import LedgerBrokenError
from ops.serialization import from_json, to_json


def line_of(entry: Entry) -> str:
    """An entry's line, with its end."""
    return json.dumps(to_json(entry), ensure_ascii=False) + "\n"


def lines_of(content: bytes) -> list[str]:
    """The lines of a day's content: only what ends a line here counts, people's words may hold other signs that do elsewhere."""
    return content.decode().removesuffix("\n").split("\n") if content else []


def entry_of(line: str) -> Entry:
    """The entry of a line, not checked."""
    return from_json(json.loads(line), Entry)


def checked(day: str, lines: Iterable[str]) -> Iterator[Entry]:
    """The entries of a day, each following from the one before. Raises LedgerBrokenError at the first that does not."""
    previous = FIRST
    for number, line in enumerate(lines, start=1):
        entry = entry_of(line)
        if not is_valid_link(entry, previous):
            raise LedgerBrokenError(
                f"the ledger of {day} was changed: line {number} does not follow from the one before"
            )
        previous = entry.hash
        yield entry
