"""A message as an Adaptive Card 1.4: no tables, under 20 KB, outside names as plain text."""

import json
from collections.abc import Mapping

from ops.model.message import Message, Row
from ops.model.run import State
from ops.ports import Json
from ops.render.slack import SIGNS

_LINES = 20
_LINE = 300
_BAR = 8
# The adapter refuses more than 20 kB, envelope included.
_MOST_BYTES = 18_000
_COLOURS = {
    State.WAITING: "Default",
    State.NEEDS_YOU: "Warning",
    State.RUNNING: "Accent",
    State.DONE: "Good",
    State.HALTED: "Warning",
    State.FAILED: "Attention",
    State.SKIPPED: "Default",
}


def render(message: Message) -> Mapping[str, Json]:
    """The card; what makes it larger than Teams takes is cut and counted."""
    most = _LINES
    card = _card(message, most)
    while most > 1 and len(json.dumps(card, ensure_ascii=False).encode()) > _MOST_BYTES:
        most //= 2
        card = _card(message, most)
    return card


def _card(message: Message, most: int) -> Mapping[str, Json]:
    first = " · ".join(part for part in (message.what, message.where, message.how_far) if part)
    body: list[Json] = [
        _text(f"{SIGNS[message.state]} {first} · {message.state}", weight="Bolder", size="Medium", colour=message.state)
    ]
    body += [_text(line) for line in _cut([line for line in message.lines if line.strip()], most)]
    if message.until is not None:
        body.append(
            _text(
                f"{message.until_text} {{{{DATE({_stamp(message)},SHORT)}}}} {{{{TIME({_stamp(message)})}}}}", raw=True
            )
        )
    rows = [_row(row) for row in message.rows]
    body += [_text(line) for line in _cut(rows, most)]
    if message.remedy:
        body.append(_text(f"What to do: {message.remedy}", weight="Bolder"))
    if message.footer:
        body.append(_text(message.footer, subtle=True))
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.4",
        "body": body,
    }


def escape(text: str) -> str:
    """Adaptive Cards read Markdown and `{{DATE()}}`: outside names stay text."""
    for mark in ("\\", "*", "_", "[", "]", "`", "#"):
        text = text.replace(mark, f"\\{mark}")
    return text.replace("{{", "{\u200b{")


def _text(
    text: str,
    *,
    weight: str = "Default",
    size: str = "Default",
    colour: State | None = None,
    subtle: bool = False,
    raw: bool = False,
) -> Json:
    shown = text if raw else escape(text if len(text) <= _LINE else f"{text[:_LINE]}…")
    block: dict[str, Json] = {"type": "TextBlock", "text": shown, "wrap": True, "spacing": "Small"}
    if weight != "Default":
        block["weight"] = weight
    if size != "Default":
        block["size"] = size
    if colour is not None:
        block["color"] = _COLOURS[colour]
    if subtle:
        block["isSubtle"] = True
    return block


def _row(row: Row) -> str:
    parts = [SIGNS[row.state], row.name, row.text]
    if row.done is not None and row.total:
        filled = round(_BAR * row.done / row.total)
        parts.append("▮" * filled + "▯" * (_BAR - filled))
    return "  ".join(parts)


def _stamp(message: Message) -> str:
    return f"{message.until:%Y-%m-%dT%H:%M:%SZ}" if message.until else ""


def _cut(lines: list[str], most: int) -> list[str]:
    return lines if len(lines) <= most else [*lines[:most], f"and {len(lines) - most} more"]
