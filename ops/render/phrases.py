"""State signs, numbers, durations and lists, formatted the same in every chat and on every page."""

from collections.abc import Sequence
from datetime import timedelta

from ops.model.run import State

SIGNS = {
    State.WAITING: "○",
    State.NEEDS_YOU: "◆",
    State.RUNNING: "●",
    State.DONE: "✓",
    State.HALTED: "■",
    State.FAILED: "✗",
    State.SKIPPED: "\u2013",
}


def duration(length: timedelta) -> str:
    """`2 h 10 min`, `21 min`, `3 days`."""
    minutes = round(length.total_seconds() / 60)
    if minutes < 1:
        return "less than a minute"
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{plural(days, 'day')} {hours} h" if hours else plural(days, "day")
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"


def plural(number: int, noun: str) -> str:
    """`1 node`, `2 nodes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(names: Sequence[str], most: int) -> str:
    """Returns `a, b and 3 more`: as many names as fit into this many characters, but at least one; the rest are counted."""
    count, length = 0, 0
    for name in names:
        length += len(name) + 2
        if count and length > most:
            break
        count += 1
    more = len(names) - count
    return ", ".join(names[:count]) + (f" and {more} more" if more else "")


def sentence(text: str) -> str:
    """Returns the text with a capital first letter and a full stop at the end."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"
