"""Slack's limits on the content of a message (https://docs.slack.dev/reference/block-kit/blocks)."""

from collections.abc import Iterator
from typing import cast
from urllib.parse import urlsplit

from simulator.http_types import JsonObject

MAX_BLOCKS = 50
MAX_FIELDS = 10
MAX_CONTEXT_ELEMENTS = 10
MAX_ACTIONS = 25
MAX_SECTION_LENGTH = 3000
MAX_HEADER_LENGTH = 150
MAX_BUTTON_LENGTH = 75
MAX_VALUE_LENGTH = 2000
MAX_ID_LENGTH = 255
MAX_URL_LENGTH = 3000
MAX_ALT_LENGTH = 2000
MAX_IMAGE_URL_LENGTH = 3000
# A confirmation dialog: its title, its text and its two buttons.
MAX_CONFIRM_LENGTHS = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
STYLES = (None, "primary", "danger")
MAX_TEXT_LENGTH = 40_000
# About 13,200 characters in total for all blocks in a message.
MAX_MESSAGE_LENGTH = 13_200
KNOWN = {"section", "header", "context", "actions", "divider", "image", "rich_text", "markdown"}


def fault_of(blocks: list[JsonObject]) -> str | None:
    """Return Slack's error code for invalid blocks, or None."""
    if len(blocks) > MAX_BLOCKS:
        return "invalid_blocks"
    if sum(_length(block) for block in blocks) > MAX_MESSAGE_LENGTH:
        return "msg_blocks_too_long"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(map(str, ids))) or any(len(str(name)) > MAX_ID_LENGTH for name in ids):
        return "invalid_blocks"
    return None if all(_is_fine(block) for block in blocks) else "invalid_blocks"


def fault_of_block(block: JsonObject) -> str | None:
    """Return Slack's error code for one invalid block, or None."""
    return None if _is_fine(block) else "invalid_blocks"


def _is_fine(block: JsonObject) -> bool:
    match block.get("type"):
        case "section":
            fields = _objects(block.get("fields"))
            texts = [_text(block.get("text")), *(_text(field) for field in fields)]
            limits = [MAX_SECTION_LENGTH, *([2000] * len(fields))]
            fits = all(len(text) <= limit for text, limit in zip(texts, limits, strict=True))
            return fits and len(fields) <= MAX_FIELDS and any(texts) and _element(block.get("accessory"))
        case "header":
            return 0 < len(_text(block.get("text"))) <= MAX_HEADER_LENGTH
        case "context":
            return 0 < len(_objects(block.get("elements"))) <= MAX_CONTEXT_ELEMENTS
        case "actions":
            elements = _objects(block.get("elements"))
            actions = [element.get("action_id") for element in elements]
            fits = 0 < len(elements) <= MAX_ACTIONS and len(actions) == len(set(actions))
            return fits and all(_element(element) for element in elements)
        case "image":
            return _is_fine_image(block)
        case kind:
            return kind in KNOWN


def files_of(blocks: list[JsonObject]) -> Iterator[tuple[int, str]]:
    """Return the files in image blocks, each with the number of its block."""
    for number, block in enumerate(blocks):
        file = block.get("slack_file")
        if block.get("type") == "image" and isinstance(file, dict):
            yield number, str(file.get("id"))


def _is_fine_image(block: JsonObject) -> bool:
    """Check that an image has alt text and exactly one source: a URL or a file."""
    alt, url, file = str(block.get("alt_text") or ""), block.get("image_url"), block.get("slack_file")
    sources = [source for source in (url, file) if source is not None]
    fits = 0 < len(alt) <= MAX_ALT_LENGTH and len(_text(block.get("title"))) <= MAX_ALT_LENGTH and len(sources) == 1
    return fits and (isinstance(file, dict) and bool(file.get("id")) if file else len(str(url)) <= MAX_IMAGE_URL_LENGTH)


def _element(element: object) -> bool:
    if not isinstance(element, dict) or element.get("type") != "button":
        return element is None or isinstance(element, dict)
    text, url, confirm = element.get("text"), element.get("url"), element.get("confirm")
    return (
        0 < len(_text(text)) <= MAX_BUTTON_LENGTH
        and isinstance(text, dict)
        and text.get("type") == "plain_text"
        and element.get("style") in STYLES
        and (confirm is None or _is_fine_dialogue(confirm))
        and (url is None or bool(urlsplit(str(url)).scheme and urlsplit(str(url)).netloc))
        and len(str(element.get("value", ""))) <= MAX_VALUE_LENGTH
        and len(str(element.get("action_id", ""))) <= MAX_ID_LENGTH
        and len(str(element.get("url", ""))) <= MAX_URL_LENGTH
    )


def _is_fine_dialogue(confirm: object) -> bool:
    if not isinstance(confirm, dict) or confirm.get("style") not in STYLES:
        return False
    return all(0 < len(_text(confirm.get(name))) <= longest for name, longest in MAX_CONFIRM_LENGTHS.items())


def _text(value: object) -> str:
    return str(value.get("text", "")) if isinstance(value, dict) else ""


def _objects(value: object) -> list[JsonObject]:
    return cast("list[JsonObject]", value) if isinstance(value, list) else []


def _length(value: object) -> int:
    """Count the characters in all texts of a block."""
    if isinstance(value, dict):
        return sum(
            len(item) if name == "text" and isinstance(item, str) else _length(item) for name, item in value.items()
        )
    if isinstance(value, list):
        return sum(_length(item) for item in value)
    return 0
