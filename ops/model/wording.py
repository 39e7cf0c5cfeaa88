"""Formats times for the ledger, runs and commands, always in UTC with the suffix `UTC`; and shows invisible characters in texts.

Messages, in contrast, show instants in the reader's own time zone; each chat formats them itself.
"""

import re
from datetime import datetime

# Marks that change the direction of the text around them (UAX 9), so that it reads as something else; halves of surrogate pairs,
# which no encoding accepts; and control characters, which a terminal executes.
INVISIBLE = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def visible(text: str) -> str:
    """Returns a text from outside with such characters shown as their code, for example `<U+202E>`."""
    return INVISIBLE.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)


def clock(at: datetime) -> str:
    """Returns a time within the week, such as `Mon 22:00 UTC`."""
    return f"{at:%a %H:%M} UTC"


def instant(at: datetime) -> str:
    """Returns a time with its date, such as `Mon 2026-11-16 22:00 UTC`."""
    return f"{at:%a %Y-%m-%d %H:%M} UTC"
