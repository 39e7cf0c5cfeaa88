"""Bounds on a calendar's work, checked before it is expanded: a rule of 30 characters can describe a billion events.

Occurrences are counted by arithmetic, from the same content lines that the parser reads. `ops/config/work_limit.py` bounds
what arithmetic cannot see.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from icalendar.parser import Contentline

MOST_LINES = 20_000
MOST_OCCURRENCES = 20_000
_MOST_LINE_CHARACTERS = 10_000
_MOST_LEVELS = 4
_DAYS = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 28, "YEARLY": 365}
_LONGEST = {"DAILY": 1, "WEEKLY": 7, "MONTHLY": 31, "YEARLY": 366}
# A freeze lasts for hours or days, so none repeats within a day.
_WITHIN_A_DAY = frozenset({"BYHOUR", "BYMINUTE", "BYSECOND"})
_NUMBER = re.compile(r"[0-9]{1,6}")
_DATE = re.compile(r"[0-9]{8}")


@dataclass(slots=True)
class _Component:
    """What bounds the occurrences of one event or of one part of a time zone."""

    start: date | None = None
    rules: list[str] = field(default_factory=list)
    dates: int = 0


def excess(content: bytes, until: date) -> str:
    """Returns why a calendar is too much work if its events are expanded until a date; empty if it is not."""
    size = _size_excess(content)
    if size:
        return size
    total = 0
    for component in _components(content):
        if isinstance(component, str):
            return component
        for rule in component.rules:
            count = occurrences(rule, component.start, until)
            if isinstance(count, str):
                return count
            total += count
        total += component.dates
    if total > MOST_OCCURRENCES:
        return f"its events repeat more than {MOST_OCCURRENCES:,} times: give repeating events a later start or an end"
    return ""


def occurrences(rule: str, start: date | None, until: date) -> int | str:
    """Returns an upper bound for the number of occurrences of a rule (RFC 5545, 3.3.10), or why the rule is not accepted."""
    parts = [part.partition("=")[::2] for part in rule.upper().split(";") if part]
    values = dict(parts)
    frequency = values.get("FREQ", "")
    if len(values) != len(parts) or frequency not in _DAYS or values.keys() & _WITHIN_A_DAY:
        return "an event repeats within a day, or its rule is not valid: a freeze repeats at most daily"
    if len(rule) > _MOST_LINE_CHARACTERS or not all(
        _is_number(values.get(name, "1")) for name in ("INTERVAL", "COUNT")
    ):
        return "the rule of an event is too long"
    end = min(until, _date(values.get("UNTIL", "")) or until)
    days = max(0, (end - (start or date.min)).days)
    periods = days // (_DAYS[frequency] * max(1, int(values.get("INTERVAL", "1")))) + 1
    bound = periods * min(_LONGEST[frequency], _per_period(frequency, values))
    return min(bound, int(values["COUNT"])) if "COUNT" in values else bound


def _per_period(frequency: str, values: dict[str, str]) -> int:
    """Returns how many days of one period the rule can select; an upper bound."""
    months = _length(values, "BYMONTH", 12 if frequency == "YEARLY" and "BYMONTHDAY" in values else 1)
    weeks = {"DAILY": 1, "WEEKLY": 1, "MONTHLY": 5, "YEARLY": 5 if "BYMONTH" in values else 53}[frequency]
    # `MO` is each Monday of the period, `-1MO` only its last one.
    weekdays = sum(1 if any(each.isdigit() for each in day) else weeks for day in values.get("BYDAY", "1").split(","))
    in_weeks = 7 * _length(values, "BYWEEKNO", 1) if "BYWEEKNO" in values else 1
    return months * weekdays * in_weeks * _length(values, "BYMONTHDAY", 1) * _length(values, "BYYEARDAY", 1)


def _length(values: dict[str, str], name: str, default: int) -> int:
    return len(values[name].split(",")) if name in values else default


def _size_excess(content: bytes) -> str:
    lines = content.splitlines()
    if len(lines) > MOST_LINES:
        return f"it has more than {MOST_LINES:,} lines"
    if any(len(line) > _MOST_LINE_CHARACTERS for line in lines):
        return f"it has a line of more than {_MOST_LINE_CHARACTERS:,} characters"
    return ""


def _components(content: bytes) -> Iterator[_Component | str]:
    """Yields each component when it ends, or the reason why its nesting is not accepted."""
    stack: list[_Component] = []
    for name, value in _properties(content):
        if name == "BEGIN":
            stack.append(_Component())
            if len(stack) > _MOST_LEVELS:
                yield f"its components are nested more than {_MOST_LEVELS} deep"
                return
        elif name == "END" and stack:
            yield stack.pop()
        elif stack:
            _take(stack[-1], name, value)
    yield from stack


def _take(component: _Component, name: str, value: str) -> None:
    match name:
        case "DTSTART":
            component.start = _date(value)
        case "RRULE":
            component.rules.append(value)
        case "RDATE" | "EXDATE":
            component.dates += value.count(",") + 1
        case _:
            pass


def _properties(content: bytes) -> Iterator[tuple[str, str]]:
    """Yields the content lines as the parser reads them. It skips or rejects those that cannot be read."""
    from icalendar.parser import Contentlines

    lines: list[Contentline] = Contentlines.from_ical(content)  # type: ignore[no-untyped-call]  # icalendar does not annotate it
    for line in lines:
        try:
            name, _, value = line.parts() if line else ("", {}, "")
        except ValueError:
            continue
        yield name.upper(), value


def _date(value: str) -> date | None:
    match = _DATE.match(value)
    try:
        return date.fromisoformat(match[0]) if match else None
    except ValueError:
        return None


def _is_number(value: str) -> bool:
    return _NUMBER.fullmatch(value) is not None
