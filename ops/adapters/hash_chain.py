"""The hash chain of the ledger: each entry's hash covers the previous one, so that any change is detected."""

import hashlib
import json
from dataclasses import replace

from ops.model.ledger import Entry

FIRST = "0" * 64


def linked(entry: Entry, previous: str) -> Entry:
    """Returns the entry, linked into the chain."""
    return replace(entry, previous=previous, hash=digest(entry, previous))


def digest(entry: Entry, previous: str) -> str:
    """Returns the SHA-256 of the entry's content and the previous hash."""
    content = [
        entry.key,
        entry.at.isoformat(),
        entry.kind,
        entry.subject,
        entry.text,
        entry.by,
        sorted(entry.data.items()),
    ]
    return hashlib.sha256(json.dumps([previous, content]).encode()).hexdigest()


def is_valid_link(entry: Entry, previous: str) -> bool:
    """Whether the entry follows the previous one."""
    return entry.previous == previous and entry.hash == digest(entry, previous)
