"""Ledger entries: what was decided, by whom, and what was done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `key` identifies the event, so that a retried activity does not write it twice; `previous` and `hash` form the chain."""

    key: str
    at: datetime
    kind: str
    subject: str
    text: str
    by: str = "daytwo"
    data: Mapping[str, str] = field(default_factory=dict)
    previous: str = ""
    hash: str = ""
