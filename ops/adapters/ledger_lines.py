"""Writes and reads the lines of the ledger, with one JSON object per entry."""

import json

from ops.model.ledger import Entry
from ops.model.wording import INVISIBLE
from ops.ports.errors import LedgerBrokenError, UnreadableError
from ops.serialization import from_json, to_json


def line_of(entry: Entry) -> bytes:
    """Returns an entry as a line, including the line end. Invisible characters are escaped, so that the line reads as it is."""
    text = json.dumps(to_json(entry), ensure_ascii=False)
    return INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode() + b"\n"


def entry_of(line: bytes) -> Entry:
    """Returns the entry in a line, without checking its hash.

    Raises:
        LedgerBrokenError: the line is not an entry.
    """
    try:
        return from_json(json.loads(line), Entry)
    except (ValueError, RecursionError, UnreadableError) as error:  # bad UTF-8 is a ValueError, too
        raise LedgerBrokenError(f"a line of the ledger is not an entry ({type(error).__name__})") from error
