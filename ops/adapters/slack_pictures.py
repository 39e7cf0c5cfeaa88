"""Pictures of Slack's messages: the renderer leaves a block for one, which is filled, or left out."""

from collections.abc import Mapping, Sequence
from typing import cast

from ops.ports import Json
from ops.render.slack import PICTURE_BLOCK


def with_picture(content: Mapping[str, Json], file_id: str) -> list[Json]:
    """The blocks of a message with an uploaded file where the picture belongs; without the block where `file_id` is empty."""
    blocks = cast("Sequence[Mapping[str, Json]]", content.get("blocks") or ())
    return [_filled(block, file_id) for block in blocks if file_id or not _is_picture(block)]


def _filled(block: Mapping[str, Json], file_id: str) -> Json:
    return {**block, "slack_file": {"id": file_id}} if _is_picture(block) else block


def _is_picture(block: Mapping[str, Json]) -> bool:
    return block.get("type") == "image" and block.get("block_id") == PICTURE_BLOCK
