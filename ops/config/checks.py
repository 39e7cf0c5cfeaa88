"""Finds problems in sections that are each readable: their findings, with paths and values from the document."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from msgspec import structs

from ops.config.sections import PLACES
from ops.settings.part import Finding, Part, Path


def findings_of(values: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[Finding]:
    """Returns the findings of the sections, given by name. `root` is the document as written, which provides paths and displayed values."""
    for place, section in PLACES:
        if section.name not in values:
            continue
        value, written = values[section.name], _at(root, place)
        findings = [*_inside(value, written, ())]
        if section.check is not None and value is not None and written is not None:
            findings += section.check(value, values)
        for finding in findings:
            at = finding.value if finding.value is not None else _at(written, finding.path)
            yield replace(finding, path=(*place, *finding.path), value="" if at is None else at)


def _inside(value: Any, written: Any, path: Path) -> Iterator[Finding]:
    """Returns the findings of all parts in a value."""
    match value:
        case Part():
            yield from (replace(finding, path=(*path, *finding.path)) for finding in value.findings())
            for each in structs.fields(value):
                key = each.encode_name
                if isinstance(written, dict) and key in written:
                    yield from _inside(getattr(value, each.name), written[key], (*path, key))
        case tuple() if isinstance(written, dict):
            # A single mapping can be written instead of a list with one entry.
            for each in value:
                yield from _inside(each, written, path)
        case tuple() if isinstance(written, list):
            # Group names resolve to more names than are written.
            for number, (each, own) in enumerate(zip(value, written, strict=False)):
                yield from _inside(each, own, (*path, number))
        case dict():
            for key, each in value.items():
                yield from _inside(each, written[key], (*path, key))
        case _:
            pass  # a value without parts


def _at(written: Any, path: Path) -> Any:
    for key in path:
        if isinstance(key, int):
            written = written[key] if isinstance(written, list) and key < len(written) else None
        else:
            written = written.get(key) if isinstance(written, dict) else None
    return written
