"""Slack's limits on what a message may hold (https://docs.slack.dev/reference/block-kit/blocks)."""

from collections.abc import Iterator
from typing import cast
from urllib.parse import urlsplit

from simulator.http_types import JsonObject

MOST_BLOCKS = 50
MOST_FIELDS = 10
MOST_CONTEXT_ELEMENTS = 10
MOST_ACTIONS = 25
LONGEST_SECTION = 3000
LONGEST_HEADER = 150
LONGEST_BUTTON = 75
LONGEST_VALUE = 2000
LONGEST_ID = 255
LONGEST_URL = 3000
LONGEST_ALT = 2000
LONGEST_IMAGE_URL = 3000
# A confirm dialogue: title, text, and its two buttons.
LONGEST_CONFIRM = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
STYLES = (None, "primary", "danger")
LONGEST_TEXT = 40_000
# About 13,200 characters in all blocks of one message.
LONGEST_MESSAGE = 13_200
KNOWN = {"section", "header", "context", "actions", "divider", "image", "rich_text", "markdown"}


def fault_of(blocks: list[JsonObject]) -> str | None:
    """Return how Slack names what is wrong with blocks, or None."""
    if len(blocks) > MOST_BLOCKS:
        return "invalid_blocks"
    if sum(_length(block) for block in blocks) > LONGEST_MESSAGE:
        return "msg_blocks_too_long"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(map(str, ids))) or any(len(str(name)) > LONGEST_ID for name in ids):
        return "invalid_blocks"
    return None if all(_is_fine(block) for block in blocks) else "invalid_blocks"


def fault_of_block(block: JsonObject) -> str | None:
    """Return how Slack names what is wrong with one block, or None."""
    return None if _is_fine(block) else "invalid_blocks"


def _is_fine(block: JsonObject) -> bool:
    match block.get("type"):
        case "section":
            fields = _objects(block.get("fields"))
            texts = [_text(block.get("text")), *(_text(field) for field in fields)]
            limits = [LONGEST_SECTION, *([2000] * len(fields))]
            fits = all(len(text) <= limit for text, limit in zip(texts, limits, strict=True))
            return fits and len(fields) <= MOST_FIELDS and any(texts) and _element(block.get("accessory"))
        case "header":
            return 0 < len(_text(block.get("text"))) <= LONGEST_HEADER
        case "context":
            return 0 < len(_objects(block.get("elements"))) <= MOST_CONTEXT_ELEMENTS
        case "actions":
            elements = _objects(block.get("elements"))
            actions = [element.get("action_id") for element in elements]
            fits = 0 < len(elements) <= MOST_ACTIONS and len(actions) == len(set(actions))
            return fits and all(_element(element) for element in elements)
        case "image":
            return _is_fine_image(block)
        case kind:
            return kind in KNOWN


def files_of(blocks: list[JsonObject]) -> Iterator[tuple[int, str]]:
    """Return the files that image blocks show, with the number of each block."""
    for number, block in enumerate(blocks):
        file = block.get("slack_file")
        if block.get("type") == "image" and isinstance(file, dict):
            yield number, str(file.get("id"))


def _is_fine_image(block: JsonObject) -> bool:
    """An image has words for those who do not see it, and one source: an address or a file."""
    alt, url, file = str(block.get("alt_text") or ""), block.get("image_url"), block.get("slack_file")
    sources = [source for source in (url, file) if source is not None]
    fits = 0 < len(alt) <= LONGEST_ALT and len(_text(block.get("title"))) <= LONGEST_ALT and len(sources) == 1
    return fits and (isinstance(file, dict) and bool(file.get("id")) if file else len(str(url)) <= LONGEST_IMAGE_URL)


def _element(element: object) -> bool:
    if not isinstance(element, dict) or element.get("type") != "button":
        return element is None or isinstance(element, dict)
    text, url, confirm = element.get("text"), element.get("url"), element.get("confirm")
    return (
        0 < len(_text(text)) <= LONGEST_BUTTON
        and isinstance(text, dict)
        and text.get("type") == "plain_text"
        and element.get("style") in STYLES
        and (confirm is None or _is_fine_dialogue(confirm))
        and (url is None or bool(urlsplit(str(url)).scheme and urlsplit(str(url)).netloc))
        and len(str(element.get("value", ""))) <= LONGEST_VALUE
        and len(str(element.get("action_id", ""))) <= LONGEST_ID
        and len(str(element.get("url", ""))) <= LONGEST_URL
    )


def _is_fine_dialogue(confirm: object) -> bool:
    if not isinstance(confirm, dict) or confirm.get("style") not in STYLES:
        return False
    return all(0 < len(_text(confirm.get(name))) <= longest for name, longest in LONGEST_CONFIRM.items())


def _text(value: object) -> str:
    return str(value.get("text", "")) if isinstance(value, dict) else ""


def _objects(value: object) -> list[JsonObject]:
    return cast("list[JsonObject]", value) if isinstance(value, list) else []


def _length(value: object) -> int:
    """Count the characters of all texts in a block."""
    if isinstance(value, dict):
        return sum(
            len(item) if name == "text" and isinstance(item, str) else _length(item) for name, item in value.items()
        )
    if isinstance(value, list):
        return sum(_length(item) for item in value)
    return 0
