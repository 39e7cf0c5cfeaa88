"""Reads events in both schemas of Event Grid: its own, and CloudEvents 1.0."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ops.endpoints.json_reader import NotJsonError, read_json

_LONGEST = 1_000
# Azure writes seven digits of a second; Python reads six.
_FRACTION = re.compile(r"(\.[0-9]{6})[0-9]+")
# Azure writes a time that is not set as year 1.
_EARLIEST_YEAR = 2000


@dataclass(frozen=True, slots=True)
class CloudNotice:
    """The fields that events in both schemas have in common. `at` is the event's own time; None if it has none."""

    id: str
    type: str
    source: str
    subject: str
    data: Mapping[str, Any]
    at: datetime | None = None


def read_event(raw: Mapping[str, Any]) -> CloudNotice | str:
    """Parses the event, or says why it cannot be read. Parsing is tolerant, because the documentation varies in spelling and case."""
    is_cloud = "specversion" in raw
    data = raw.get("data")
    if isinstance(data, str):
        try:
            data = read_json(data)
        except NotJsonError as error:
            return f"its data is text, and {error}"
    if data is not None and not isinstance(data, Mapping):
        return "its data is not an object"
    identity, kind = raw.get("id"), raw.get("type" if is_cloud else "eventType")
    source = raw.get("source" if is_cloud else "topic")
    if not isinstance(identity, str) or not identity:
        return "it has no id"
    if not isinstance(kind, str) or not kind:
        return "it has no type"
    subject = raw.get("subject")
    if not isinstance(source, str | None) or not isinstance(subject, str | None):
        return "its source or its subject is not text"
    # The id can be of any length, because only its hash is kept.
    at = read_time(raw.get("time" if is_cloud else "eventTime"))
    return CloudNotice(identity, kind[:_LONGEST], (source or "")[:_LONGEST], (subject or "")[:_LONGEST], data or {}, at)


def read_time(value: object) -> datetime | None:
    """Returns an instant as events write it, in UTC; None if it is missing, not set or not an instant."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(_FRACTION.sub(r"\1", value.strip()))
        if at.tzinfo is None or at.year < _EARLIEST_YEAR:
            return None
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
