"""A message that was rendered for Slack, as it is sent: with its picture's file, or for one person's eyes."""

from collections.abc import Mapping, Sequence
from typing import cast

from ops.chats.slack.renderer import PICTURE_BLOCK
from ops.model.json import Json

# Seen by one person alone, and what they pressed stays as it is.
_PRIVATE: Mapping[str, Json] = {"response_type": "ephemeral", "replace_original": False}


def privately(content: Mapping[str, Json]) -> Mapping[str, Json]:
    """An answer to a press or a command. It shows no picture: nothing was uploaded for it."""
    return {**content, "blocks": with_picture(content, ""), **_PRIVATE}


def with_picture(content: Mapping[str, Json], file_id: str) -> list[Json]:
    """The blocks with an uploaded file where the picture belongs; without that block where `file_id` is empty."""
    blocks = cast("Sequence[Mapping[str, Json]]", content.get("blocks") or ())
    return [_filled(block, file_id) for block in blocks if file_id or not _is_picture(block)]


def _filled(block: Mapping[str, Json], file_id: str) -> Json:
    return {**block, "slack_file": {"id": file_id}} if _is_picture(block) else block


def _is_picture(block: Mapping[str, Json]) -> bool:
    return block.get("type") == "image" and block.get("block_id") == PICTURE_BLOCK
