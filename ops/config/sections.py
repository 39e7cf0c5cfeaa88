"""The document that consists of the registered sections: its type, and its JSON Schema.

A section is registered together with its runbook or chat. Nothing here names a key of a section.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, partial
from typing import Annotated, Any, cast

from msgspec import NODEFAULT, Meta, defstruct, field, json, structs

from ops.config.conversion import LOCK
from ops.runbooks import runbooks
from ops.settings.calendar import FREEZES, WINDOWS
from ops.settings.chat_sections import chat_sections
from ops.settings.commands import COMMANDS
from ops.settings.fields import Duration, FieldType, Names, Schema, WindowRef
from ops.settings.fleet import FLEET
from ops.settings.part import Part, Section
from ops.settings.people import GROUPS, IDENTITY, PEOPLE
from ops.settings.readers import write_duration

RUNBOOK_SECTIONS: tuple[Section[Any], ...] = tuple(
    book.section
    for book in sorted(runbooks().values(), key=lambda book: book.rank, reverse=True)
    if book.section is not None
)
CHAT_SECTIONS: tuple[Section[Any], ...] = chat_sections()
ORDERABLE = tuple(name for name, book in runbooks().items() if not book.about_event)
_ID = "https://daytwo.example/schema/daytwo.json"


def _compose(name: str, doc: str, sections: Iterable[Section[Any]], **others: Any) -> type[Part]:
    """Returns a mapping with these sections as its keys."""
    fields: list[tuple[str, Any, Any]] = [
        (section.name.replace("-", "_"), section.type, _default_of(section)) for section in sections
    ]
    fields += [(key, kind, None) for key, kind in others.items()]
    return cast("type[Part]", defstruct(name, fields, bases=(Part,), namespace={"__doc__": doc}, frozen=True))


def _default_of(section: Section[Any]) -> Any:
    """Returns the default of a section's key. A part comes from a factory, so that the schema does not publish its empty fields."""
    if isinstance(section.absent, Part):
        return field(default_factory=type(section.absent))
    return field(default=NODEFAULT if section.required else section.absent)


_DIGEST = Annotated[
    WindowRef | None,
    Meta(
        description=(
            "The name of a window. The weekly digest is posted whenever this window starts. Default: never, because the digest "
            "needs a day that suits the team."
        ),
        examples=["sundays"],
    ),
]
Chat = _compose("Chat", "Where messages are posted.", CHAT_SECTIONS, digest=_DIGEST)
CHAT: Section[Part] = Section("chat", Chat, "Where messages are posted. Without it, Daytwo posts none.", absent=Chat())
SECTIONS: tuple[Section[Any], ...] = (
    FLEET,
    WINDOWS,
    FREEZES,
    *RUNBOOK_SECTIONS,
    CHAT,
    IDENTITY,
    PEOPLE,
    GROUPS,
    COMMANDS,
)
Root = _compose(
    "Daytwo",
    "The configuration of Daytwo: which clusters, in which order, when, and what is done with them. It never contains secrets.",
    SECTIONS,
)


# Where each section is located in the document.
PLACES: tuple[tuple[tuple[str, ...], Section[Any]], ...] = (
    *(((section.name,), section) for section in SECTIONS if section is not CHAT),
    *((("chat", section.name), section) for section in CHAT_SECTIONS),
)


@cache
def schema() -> Mapping[str, object]:
    """Returns the published JSON Schema (2020-12) of daytwo.yaml."""
    kinds = {kind.__name__: kind for kind in _kinds(Part)}
    hook = partial(_field_schema, Names({}, (), (), {}, ORDERABLE))
    # Include every part: the schema of a field type can refer to a part that msgspec cannot see.
    with LOCK:
        _, parts = json.schema_components(kinds.values(), schema_hook=hook)
    plain = {name: {**_plain(part), **_added(kinds[name], _plain(part))} for name, part in parts.items()}
    root = plain.pop(Root.__name__)
    used = {name: plain[name] for name in sorted(_referred(root, plain))}
    title = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": _ID, "title": "daytwo.yaml"}
    return {**title, **root, "$defs": used}


def _kinds(base: type[Part]) -> Iterator[type[Part]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)


def _field_schema(names: Names, kind: type) -> Schema:
    if kind is not WindowRef and not issubclass(kind, FieldType):
        raise TypeError(f"{kind} is not a type of fields")
    return cast("type[FieldType]", kind).schema(names)


def _plain(node: Any) -> Any:
    """Removes class names, and null: a key is left out instead."""
    if isinstance(node, list | tuple):
        return [_plain(each) for each in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _plain(value) for key, value in node.items() if key != "title" and (key, value) != ("default", None)}
    match plain:
        case {"anyOf": [*options]}:
            (only,) = [option for option in options if option != {"type": "null"}]
            return {**only, **{key: value for key, value in plain.items() if key != "anyOf"}}
        case {"default": [] | {}, **rest} if "minItems" in rest or "minProperties" in rest:
            return rest  # the value is empty if the key is left out, but must not be written as empty
        case {"enum": [*values]}:
            return {**plain, "enum": [value for value in values if value is not None]}
        case _:
            return plain


def _added(kind: type[Part], part: Schema) -> Schema:
    """Adds what msgspec cannot express: examples, constraints, and defaults that are durations."""
    properties = cast("dict[str, Schema]", part["properties"])
    for each in structs.fields(kind):
        default = each.default_factory() if each.default_factory is not NODEFAULT else None
        if isinstance(default, Duration):
            properties[each.encode_name] = {**properties[each.encode_name], "default": write_duration(default)}
    examples = {"examples": [dict(kind.example)]} if kind.example else {}
    return {**kind.constraints, **examples, "properties": properties}


def _referred(node: Any, parts: Mapping[str, Any]) -> set[str]:
    """Returns the parts that a schema refers to, directly or indirectly."""
    text = str(node)
    referenced = {name for name in parts if f"'#/$defs/{name}'" in text}
    rest = {name: part for name, part in parts.items() if name not in referenced}
    return referenced.union(*(_referred(parts[name], rest) for name in referenced))
