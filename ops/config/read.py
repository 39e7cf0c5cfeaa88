"""Converts a document to settings: reads it by type, then checks it across sections; if that fails, every problem is reported."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from hashlib import sha256
from json import dumps
from types import MappingProxyType
from typing import Any, cast

from msgspec import MsgspecError

from ops.config.checks import findings_of
from ops.config.conversion import converted
from ops.config.document import Document
from ops.config.feeds import FeedError, Feeds, freezes_of, shown_location
from ops.config.sections import CHAT_SECTIONS, ORDERABLE, PLACES, RUNBOOK_SECTIONS, Root
from ops.model.calendar import Freeze, Window
from ops.model.people import Person
from ops.settings.calendar import FreezeEntry, WeeklyWindow
from ops.settings.chat_sections import secret_pattern
from ops.settings.fields import FieldType, Names, read_field
from ops.settings.people import ids_of, tenants_of
from ops.settings.readers import FieldError
from ops.settings.settings import ChatSettings, PeopleSettings, Settings


def read_settings(document: Document, feeds: Feeds | None, *, full: bool = False) -> Settings:
    """Returns the settings of a document, with defaults filled in.

    The full validator runs if the document cannot be read, or with `full`.

    Raises:
        ConfigError: with every problem.
    """
    check_secrets(document)
    # The texts of other problems quote what is written, so these are not searched for while the file contains a secret.
    document.raise_problems()
    names = names_of(document.root)
    root: Any = None
    why = ""
    try:
        root = converted(document.root, Root, partial(_read_field, names))
    except (MsgspecError, FieldError) as error:
        why = str(error)
    values = {} if root is None else _by_name(root)
    if root is None or full or document.is_doubtful or any(findings_of(values, document.root)):
        _note_all(document, names)
        if root is None and not document.problems:
            document.refuse_line(None, "", "", f"the file cannot be read: {why}", "see docs/configuration.md")
    entries = _lenient(document.root, names).get("freezes", ()) if root is None else values["freezes"]
    freezes = tuple(_freezes(document, entries, feeds))
    document.raise_problems()
    return _settings(document, values, root.chat.digest, freezes)


def names_of(root: Mapping[str, Any]) -> Names:
    """Returns the names that a document defines, even if the document has problems."""
    rings = _list(_dict(root.get("fleet")).get("rings"))
    groups = {
        name: [each for each in _list(members) if isinstance(each, str)] for name, members in _items(root, "groups")
    }
    return Names(
        windows={name: _window(name, written) for name, written in _items(root, "windows")},
        rings=[ring["name"] for ring in map(_dict, rings) if isinstance(ring.get("name"), str)],
        people=[name for name, _ in _items(root, "people")],
        groups=groups,
        runbooks=ORDERABLE,
    )


def check_secrets(document: Document) -> None:
    """Notes secrets anywhere in the text: a token in a comment has leaked just like one in a value."""
    for number, line in enumerate(document.text.splitlines(), start=1):
        for found in secret_pattern().finditer(line):
            document.refuse_line(number, "", found.group(), "the file contains a secret", "put it into the key vault")


def content_hash(document: Document) -> str:
    """Returns twelve hexadecimal digits that identify the meaning of a document; comments, the order of keys and layout do not count."""
    canonical = dumps(document.root, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()[:12]


def _note_all(document: Document, names: Names) -> None:
    """Notes the findings of the full validator, then conflicts between values that are each valid on their own."""
    from ops.config.schema_check import check_schema

    wrong = check_schema(document, names)
    for finding in findings_of(_lenient(document.root, names), document.root):
        # Mappings with invalid values are left out, because a replacement is not what the author meant.
        if finding.path not in wrong and finding.path[:-1] not in wrong:
            document.refuse(finding.path, finding.value, finding.wrong, finding.remedy)


def _lenient(root: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """Returns the sections that can be read on their own; fields that cannot be read are replaced."""
    hook = partial(_read_field, replace(names, lenient=True))
    values: dict[str, Any] = {}
    for place, section in PLACES:
        written: Any = root
        for key in place:
            written = _dict(written).get(key)
        if written is None:
            if not section.required:
                values[section.name] = section.absent
            continue
        try:
            values[section.name] = converted(written, section.kind, hook)
        except MsgspecError:
            continue  # the full validator has already noted why
    return values


def _by_name(root: Any) -> dict[str, Any]:
    """Returns the sections of a document that was read, by name."""
    values = {
        section.name: getattr(root, section.name.replace("-", "_")) for place, section in PLACES if len(place) == 1
    }
    chats = {section.name: getattr(root.chat, section.name.replace("-", "_")) for section in CHAT_SECTIONS}
    return {**values, **chats}


def _settings(
    document: Document, values: Mapping[str, Any], digest: Window | None, freezes: tuple[Freeze, ...]
) -> Settings:
    windows = {name: entry.window(name) for name, entry in values["windows"].items()}
    people = tuple(Person(name, ids_of(entry)) for name, entry in values["people"].items())
    return Settings(
        fleet=values["fleet"],
        windows=MappingProxyType(windows),
        freezes=freezes,
        chat=ChatSettings(_given(values, CHAT_SECTIONS), digest),
        people=PeopleSettings(tenants_of(values["identity"]), people),
        commands=values["commands"],
        sections=_given(values, RUNBOOK_SECTIONS),
        hash=content_hash(document),
    )


def _given(values: Mapping[str, Any], sections: Iterable[Any]) -> Mapping[str, object]:
    found = {section.name: values[section.name] for section in sections}
    return MappingProxyType({name: value for name, value in found.items() if value is not None})


def _freezes(document: Document, entries: Iterable[FreezeEntry], feeds: Feeds | None) -> Iterator[Freeze]:
    for number, entry in enumerate(entries):
        if entry.ics is not None:
            yield from _fed(document, number, entry.ics, feeds)
        elif not document.problems:
            yield entry.freeze()


def _fed(document: Document, number: int, location: str, feeds: Feeds | None) -> tuple[Freeze, ...]:
    path, place = ("freezes", number, "ics"), shown_location(location)
    if feeds is None:
        document.refuse(path, place, "calendars are not read here", "list the freezes in the file")
        return ()
    try:
        return freezes_of(feeds.read(location), feeds)
    except FeedError as error:
        document.refuse(
            path, place, f"the calendar cannot be used: {error}", "fix the calendar, or list the freezes in the file"
        )
        return ()


def _window(name: str, written: object) -> Window | None:
    try:
        hook = partial(_read_field, Names({}, (), (), {}, ()))
        weekly: WeeklyWindow = converted(written, WeeklyWindow, hook)
        return weekly.window(name)
    except (MsgspecError, FieldError, ValueError):
        return None  # the full validator reports why


def _read_field(names: Names, kind: type[FieldType], written: object) -> object:
    return read_field(kind, written, names)


def _dict(value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _items(root: Mapping[str, Any], key: str) -> Iterable[tuple[str, Any]]:
    return _dict(root.get(key)).items()
