"""docs/configuration.md is generated from the settings' types."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from ops.config import schema
from tools.configuration_reference import PAGE, page


def keys(part: Mapping[str, Any]) -> Iterator[str]:
    yield from part.get("properties", {})
    for definition in part.get("$defs", {}).values():
        yield from definition["properties"]


def test_the_committed_page_matches_the_generated_one() -> None:
    """If this fails, run `python -m tools.configuration_reference` and commit the result."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_key_is_on_the_page() -> None:
    missing = [key for key in keys(cast("Mapping[str, Any]", schema())) if f"`{key}`" not in page()]
    # The sections about chats are separate headings.
    assert [key for key in missing if f"`chat.{key}`" not in page()] == []


def test_no_line_exceeds_the_maximum_length() -> None:
    assert max(len(line) for line in page().splitlines()) <= 120
