"""Slack's limits on the content of a modal (https://docs.slack.dev/reference/views/modal-views)."""

from typing import cast

from simulator.http_types import JsonObject
from simulator.slack.blocks import fault_of_block

MAX_TITLE_LENGTH = 24
MAX_CALLBACK_LENGTH = MAX_NAME_LENGTH = 255
MAX_METADATA_LENGTH = 3_000
MAX_BLOCKS = 100
MAX_VIEW_BYTES = 250_000
# https://docs.slack.dev/reference/block-kit/blocks/input-block and .../block-elements/plain-text-input-element.
MAX_LABEL_LENGTH = 2_000
MAX_PLACEHOLDER_LENGTH = 150
MAX_INPUT_LENGTH = 3_000
_FIELDS = {
    "type",
    "title",
    "blocks",
    "close",
    "submit",
    "private_metadata",
    "callback_id",
    "clear_on_close",
    "notify_on_close",
    "external_id",
    "submit_disabled",
}


def inputs_of(view: JsonObject) -> list[JsonObject]:
    """Return the input blocks in a view."""
    blocks = cast("list[JsonObject]", view.get("blocks") or [])
    return [block for block in blocks if block.get("type") == "input"]


def fault_of_view(view: object) -> str | None:
    """Return a description of the first fault in a view, or None if Slack would show the view."""
    if not isinstance(view, dict) or view.get("type") != "modal":
        return "invalid value [json-pointer:/view/type]"
    unknown = sorted(view.keys() - _FIELDS)
    if unknown:
        return f"unknown field [json-pointer:/view/{unknown[0]}]"
    for name, needed in (("title", True), ("submit", False), ("close", False)):
        if (needed or name in view) and not _is_plain(view.get(name), MAX_TITLE_LENGTH):
            return f"must be plain text of 1 to {MAX_TITLE_LENGTH} characters [json-pointer:/view/{name}]"
    for name, longest in (
        ("private_metadata", MAX_METADATA_LENGTH),
        ("callback_id", MAX_CALLBACK_LENGTH),
        ("external_id", MAX_NAME_LENGTH),
    ):
        value = view.get(name, "")
        if not isinstance(value, str) or len(value) > longest:
            return f"must be text of at most {longest} characters [json-pointer:/view/{name}]"
    return _fault_of_blocks(cast("JsonObject", view))


def _fault_of_blocks(view: JsonObject) -> str | None:
    blocks = view.get("blocks")
    if not isinstance(blocks, list) or not 0 < len(blocks) <= MAX_BLOCKS:
        return f"must be 1 to {MAX_BLOCKS} blocks [json-pointer:/view/blocks]"
    names = [block["block_id"] for block in blocks if isinstance(block, dict) and "block_id" in block]
    if len(names) != len({str(name) for name in names}) or any(
        not 0 < len(str(name)) <= MAX_NAME_LENGTH for name in names
    ):
        return "block_id must be unique, and of at most 255 characters [json-pointer:/view/blocks]"
    for number, block in enumerate(blocks):
        if not isinstance(block, dict) or not _is_fine(cast("JsonObject", block)):
            return f"invalid block [json-pointer:/view/blocks/{number}]"
    if inputs_of(view) and "submit" not in view:
        return "missing required field: submit, since there is an input block [json-pointer:/view/submit]"
    return None


def _is_fine(block: JsonObject) -> bool:
    if block.get("type") != "input":
        return fault_of_block(block) is None
    hint, element = block.get("hint"), block.get("element")
    return (
        _is_plain(block.get("label"), MAX_LABEL_LENGTH)
        and (hint is None or _is_plain(hint, MAX_LABEL_LENGTH))
        and isinstance(block.get("optional", False), bool)
        and isinstance(element, dict)
        and _is_fine_element(cast("JsonObject", element))
    )


def _is_fine_element(element: JsonObject) -> bool:
    placeholder, longest = element.get("placeholder"), element.get("max_length", MAX_INPUT_LENGTH)
    return (
        element.get("type") == "plain_text_input"
        and 0 < len(str(element.get("action_id", ""))) <= MAX_NAME_LENGTH
        and isinstance(element.get("multiline", False), bool)
        and (placeholder is None or _is_plain(placeholder, MAX_PLACEHOLDER_LENGTH))
        and isinstance(longest, int)
        and 0 < longest <= MAX_INPUT_LENGTH
    )


def _is_plain(value: object, longest: int) -> bool:
    if not isinstance(value, dict) or value.get("type") != "plain_text":
        return False
    return 0 < len(str(value.get("text", ""))) <= longest
