"""Reading the parts of a checked document: sections, texts, windows, selects, defaults."""

from collections.abc import Iterable, Mapping
from typing import cast

from ops.config.document import Document, Path, Value
from ops.config.shape import schema
from ops.config.times import Refusal
from ops.model.calendar import Window
from ops.model.settings import Select

type Section = Mapping[str, Value]

# The schema has been checked before anything is read: these casts say what it promises.


def section(within: Section, key: str) -> Section:
    """A mapping inside of a mapping; empty where it is not said."""
    return cast("Section", within.get(key) or {})


def sections(value: Value) -> Iterable[Section]:
    """A list of mappings; empty where it is not said."""
    return cast("list[Section]", value or [])


def texts(value: Value) -> Iterable[str]:
    """A list of texts; empty where it is not said."""
    return cast("list[str]", value or [])


def text(within: Section, key: str) -> str:
    """A text that the schema requires."""
    return cast("str", within[key])


def understood[T](document: Document, path: Path, value: Value, read: T | Refusal) -> T | None:
    """What was read, or None with the refusal noted."""
    if isinstance(read, Refusal):
        document.refuse(path, value, read.wrong, read.remedy)
        return None
    return read


def known_window(document: Document, path: Path, name: Value, windows: Mapping[str, Window]) -> Window | None:
    """The window of this name, or None with the refusal noted."""
    if not isinstance(name, str):
        return None
    defined = section(document.root, "windows")
    if name not in defined:
        known = f"write one of {', '.join(defined)}, or define it" if defined else "define it under windows:"
        document.refuse(path, name, "no window has this name", known)
    return windows.get(name)


def select(said: Section) -> Select:
    """Which clusters."""
    tags = section(said, "tags")
    return Select(
        tags=tuple(
            (key, frozenset([value] if isinstance(value, str) else texts(value))) for key, value in sorted(tags.items())
        ),
        names=tuple(texts(said.get("names"))),
        regions=frozenset(texts(said.get("regions"))),
    )


def defaults(name: str) -> dict[str, Value]:
    """The defaults that the schema publishes: said once, there."""
    properties = section(section(section(schema(), "properties"), name), "properties")
    return {
        key: cast("Section", said)["default"] for key, said in properties.items() if "default" in cast("Section", said)
    }
