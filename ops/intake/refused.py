"""Requests that a door of people refuses: one line in the ledger for each reason and minute, however many knock."""

from datetime import datetime

from ops.model.ledger import Entry
from ops.ports import Ledger


def note_refusal(ledger: Ledger, door: str, reason: str, now: datetime, by: str = "") -> None:
    """Write down that `door` refused a request. `reason` is a word of ours, never what was sent; `by` whom it proved, if anybody."""
    key = f"refused-request|{door}|{reason}|{now:%Y%m%dT%H%M}"
    data = {"door": door, "reason": reason}
    ledger.append(Entry(key, now, "refused-request", door, f"refused: {reason}", by or "somebody unknown", data))
