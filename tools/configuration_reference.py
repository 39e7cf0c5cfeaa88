"""`python -m tools.configuration_reference`: writes docs/configuration.md from the types of the settings."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import fill
from typing import Any, cast

from ops.config import schema
from ops.config.problems import plain
from ops.config.sections import CHAT_SECTIONS, SECTIONS
from ops.settings.readers import DURATION_PATTERN

PAGE = Path(__file__).resolve().parents[1] / "docs" / "configuration.md"
_WIDTH = 120
_INTRODUCTION = """\
# Configuration

Daytwo reads one file, `daytwo.yaml`. This page lists each key with its type, its default and an example. It is
generated from the types in `ops/settings` by `python -m tools.configuration_reference`; do not edit it.

`daytwo validate daytwo.yaml` checks a file and reports every problem with its line. Only `fleet` is required. Secrets
are never in this file: they come from the key vault.
"""
# Formats and patterns, described in words.
_TYPES = {
    "daytwo-window": "name of a window",
    "daytwo-ring": "name of a ring",
    "daytwo-person": "name of a person",
    "daytwo-people": "person, group, or a list",
    "daytwo-time-zone": "time zone",
    "daytwo-time-of-day": "time of day",
    "daytwo-days": "days",
    "object": "mapping",
    "array": "list",
    "string": "text",
    "integer": "whole number",
    "boolean": "true or false",
}

type Part = Mapping[str, Any]


def page() -> str:
    """Returns the whole page."""
    return "\n".join((_INTRODUCTION, *_sections(), *_shared()))


def _sections() -> Iterator[str]:
    properties = cast("Part", schema()["properties"])
    for section in SECTIONS:
        published = properties[section.name]
        yield f"## `{section.name}`\n"
        more = f" See [{section.docs}]({section.docs})." if section.docs else ""
        state = " Required." if section.required else ""
        yield f"{_wrapped(f'{section.description}{state}{more}')}\n"
        yield from _keys(published, section.name)


def _keys(published: Part, name: str) -> Iterator[str]:
    """Returns the keys in a section: those of the mapping itself, or those of the mappings in its list or under its names."""
    each = published
    if "$ref" not in published:
        each = published.get("items") or published.get("additionalProperties") or {}
        of = "A list; each entry has" if published["type"] == "array" else "A mapping from names; each value has"
        if "$ref" in each:
            yield f"{of} these keys:\n"
        elif "description" in each:
            yield f"{_wrapped(f'A mapping from names. {each["description"]} For example `{plain(each["examples"][0])}`.')}\n"
            return
    kind = _resolved(each)
    yield from _listed(kind)
    for chat in CHAT_SECTIONS if name == "chat" else ():
        yield f"### `chat.{chat.name}`\n"
        more = f" See [{chat.docs}]({chat.docs})." if chat.docs else ""
        yield f"{_wrapped(chat.description + more)}\n"
        yield from _listed(_resolved(kind["properties"][chat.name]))


def _shared() -> Iterator[str]:
    """Returns the mappings that are used under several keys."""
    definitions = cast("Mapping[str, Part]", schema()["$defs"])
    yield "## Mappings that several keys use\n"
    for name in sorted(_shown_apart()):
        yield f"### {_title(name)}\n"
        yield f"{_wrapped(definitions[name]['description'])}\n"
        examples = definitions[name].get("examples")
        if examples:
            yield f"Example: `{plain(examples[0])}`\n"
        yield from _listed(definitions[name])


def _shown_apart() -> set[str]:
    """Returns the types that the keys in the given sections refer to, directly or indirectly."""
    referenced: set[str] = set()
    todo = [_resolved(each) for each in _tops()]
    while todo:
        for field in todo.pop().get("properties", {}).values():
            for name in re.findall(r"'#/\$defs/(\w+)'", str(field)):
                if name not in referenced and not name.endswith("Settings"):
                    referenced.add(name)
                    todo.append(cast("Mapping[str, Part]", schema()["$defs"])[name])
    return referenced


def _tops() -> Iterator[Part]:
    for published in cast("Mapping[str, Part]", schema()["properties"]).values():
        yield published if "$ref" in published else published.get("items") or published["additionalProperties"]
    for chat in CHAT_SECTIONS:
        yield cast("Part", schema()["$defs"])["Chat"]["properties"][chat.name]


def _listed(kind: Part) -> Iterator[str]:
    required = kind.get("required", [])
    for key, field in kind.get("properties", {}).items():
        if str(field.get("$ref", "")).endswith("Settings"):
            continue  # This type has a separate section below.
        yield _wrapped(f"- `{key}` ({_facts(field, is_required=key in required)}): {field['description']}", "  ")
    yield ""


def _facts(field: Part, *, is_required: bool) -> str:
    facts = [_type(field)]
    if is_required:
        facts.append("required")
    if "default" in field and field["default"] not in ([], {}):
        facts.append(f"default `{plain(field['default'])}`")
    examples = [example for example in field.get("examples", []) if example != field.get("default")]
    if examples:
        # The last one belongs to the field, and the others to its type.
        facts.append(f"for example `{plain(examples[-1])}`")
    return "; ".join(facts)


def _type(field: Part) -> str:
    if "$ref" in field:
        return _link(field["$ref"])
    if "else" in field:
        return f"{_link(field['else']['$ref'])} or a list"
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if field.get("format") in _TYPES:
        return _TYPES[str(field["format"])]
    if field.get("pattern") == DURATION_PATTERN:
        return "duration"
    if field["type"] == "array" and "$ref" in field["items"]:
        return f"list of {_link(field['items']['$ref'])}"
    if field["type"] == "array" and "enum" in field["items"]:
        return "list of " + ", ".join(f"`{value}`" for value in field["items"]["enum"])
    if field["type"] == "integer":
        return f"whole number, {field['minimum']} to {field['maximum']}"
    return _TYPES[str(field["type"])]


def _link(reference: str) -> str:
    title = _title(reference.removeprefix("#/$defs/"))
    return f"[{title.lower()}](#{title.lower().replace(' ', '-')})"


def _title(name: str) -> str:
    """Returns `Approval rule` for `ApprovalRule`."""
    return re.sub("(?<!^)([A-Z])", lambda found: f" {found[1].lower()}", name)


def _resolved(field: Part) -> Part:
    if "$ref" not in field:
        return field
    definitions = cast("Mapping[str, Part]", schema()["$defs"])
    return definitions[str(field["$ref"]).removeprefix("#/$defs/")]


def _wrapped(text: str, indent: str = "") -> str:
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    lines = (
        fill(each, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
        for each in paragraphs
    )
    return "\n\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.name} was written")
