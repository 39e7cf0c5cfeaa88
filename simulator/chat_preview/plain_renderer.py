"""Pure: renders messages as plain HTML for machines without Node, with their texts and buttons in order."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from markupsafe import Markup

from ops.model.json import Json
from simulator.chat_preview.mrkdwn import to_html

_DATE = re.compile(r"\{\{(?:DATE|TIME)\(([^,)]+)(?:,[^)]*)?\)\}\}")
_ESCAPED = re.compile(r"\\([\\*_\[\]`#])")


def plain_slack(blocks: Json) -> Markup:
    """Render a list of blocks."""
    parts = [_block(block) for block in _objects(blocks)]
    return Markup("").join(Markup('<div class="{}">{}</div>').format(str(kind), inner) for kind, inner in parts)


def plain_card(card: Json) -> Markup:
    """Render an Adaptive Card."""
    lines = [Markup("<p>{}</p>").format(text) for text in _texts(card)]
    lines += [_picture(str(found.get("url", "")), str(found.get("altText", ""))) for found in _pictures(card)]
    actions = [_button(str(action.get("title", "")), str(action.get("url", ""))) for action in _actions(card)]
    return Markup("").join([*lines, *actions])


def _block(block: dict[str, Json]) -> tuple[str, Markup]:
    kind = str(block.get("type", ""))
    if kind == "actions":
        return kind, Markup(" ").join(_slack_button(element) for element in _objects(block.get("elements")))
    if kind == "image":
        return kind, _picture(str(block.get("image_url", "")), str(block.get("alt_text", "a picture")))
    texts = [block.get("text"), *_objects(block.get("elements")), *_objects(block.get("fields"))]
    shown = [str(text.get("text", "")) for text in texts if isinstance(text, dict)]
    return kind, Markup("<br>").join(to_html(text, _utc) for text in shown)


def _picture(url: str, alt: str) -> Markup:
    """Render an inline image. Other images are replaced by their alt text, because nothing is downloaded."""
    if url.startswith("data:image/png;"):
        return Markup('<img src="{}" alt="{}">').format(url, alt)
    return Markup("<em>{}</em>").format(alt)


def _pictures(card: Json) -> list[dict[str, Json]]:
    body = card.get("body") if isinstance(card, dict) else None
    return [element for element in _objects(body) if element.get("type") == "Image"]


def _slack_button(element: dict[str, Json]) -> Markup:
    text = element.get("text")
    label = str(text.get("text", "")) if isinstance(text, dict) else ""
    return _button(label, str(element.get("url", "")), str(element.get("action_id", "")), str(element.get("style", "")))


def _button(label: str, url: str, action: str = "", style: str = "") -> Markup:
    if url:
        return Markup('<a class="button" href="{}" target="_blank" rel="noopener">{}</a>').format(url, label)
    return Markup('<button type="button" class="{}" data-action="{}">{}</button>').format(style, action, label)


def _texts(value: Json) -> Iterator[str]:
    """Return all texts in a card in order, with escapes and dates decoded."""
    if isinstance(value, dict):
        if value.get("type") in ("TextBlock", "TextRun"):
            yield _read(str(value.get("text", "")))
        for name in ("body", "items", "columns", "rows", "cells", "inlines"):
            yield from _texts(value.get(name))
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _actions(value: Json) -> Iterator[dict[str, Json]]:
    if isinstance(value, dict):
        yield from _objects(value.get("actions"))
        for name in ("body", "items", "columns"):
            yield from _actions(value.get(name))
    elif isinstance(value, list):
        for each in value:
            yield from _actions(each)


def _read(text: str) -> str:
    shown = _DATE.sub(lambda found: _utc(datetime.fromisoformat(found.group(1))), text)
    return _ESCAPED.sub(r"\1", shown).replace("\u200b", "")


def _objects(value: Json) -> list[dict[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%a %H:%M} UTC"
