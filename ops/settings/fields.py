"""The field types: how a value in daytwo.yaml is read, and how the JSON Schema describes it.

The reader and the full validator share `read`, so they cannot disagree. A type whose values refer to something that the
file defines by name (a window, a ring, a person) is a reference.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from msgspec import Meta

from ops.model.calendar import Window
from ops.settings.readers import DURATION_PATTERN, FieldError, read_days, read_duration, read_time, read_zone

type Schema = dict[str, object]

Name = Annotated[str, Meta(pattern=r"^[^\s\x00-\x1f]([^\x00-\x1f]{0,38}[^\s\x00-\x1f])?$", examples=["nights"])]
PersonName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9._-]{0,38}$", examples=["ana"])]
Guid = Annotated[
    str,
    Meta(
        pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        examples=["00000000-0000-0000-0000-000000000000"],
    ),
]

_PER_REGION_PAIR = "^[1-9][0-9]{0,3} per region pair$"
_MIDNIGHT, _ONE = time(0), time(1)


@dataclass(frozen=True, slots=True)
class Names:
    """The names that a document defines. A window is None if it is defined but cannot be read.

    With `lenient`, values that cannot be read are replaced, so that the others can be checked.
    """

    windows: Mapping[str, Window | None]
    rings: Sequence[str]
    people: Sequence[str]
    groups: Mapping[str, Sequence[str]]
    runbooks: Sequence[str]
    lenient: bool = False


def read_field(kind: type["FieldType"], written: object, names: Names) -> object:
    """Returns the value of a field; with lenient names, a replacement for one that cannot be read.

    Raises:
        FieldError: it cannot be read, and `names` are not lenient.
    """
    try:
        return kind.read(written, names)
    except FieldError:
        if names.lenient:
            return kind.stand_in()
        raise


class FieldType(ABC):
    """A custom type for fields. `format_name` is the `format` in its JSON Schema."""

    __slots__ = ()
    format_name: ClassVar[str]
    is_reference: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def read(cls, written: object, names: Names) -> object:
        """Returns the value as the code uses it. Raises FieldError."""

    @classmethod
    def schema(cls, names: Names) -> Schema:
        """Returns the JSON Schema of the written value."""
        return {"type": "string", "format": cls.format_name}

    @classmethod
    @abstractmethod
    def stand_in(cls) -> object:
        """Replaces a value that cannot be read while the full validator checks the others."""


class Duration(FieldType, timedelta):
    """A length of time: weeks, days, hours and minutes, as in `2d` or `8h30m`."""

    format_name = "daytwo-duration"

    @classmethod
    def of(cls, text: str) -> Self:
        """Returns the duration that a text specifies. Raises FieldError."""
        return cls(seconds=read_duration(text).total_seconds())

    @classmethod
    def read(cls, written: object, names: Names) -> Self:
        return cls.of(_text(written))

    @classmethod
    def schema(cls, names: Names) -> Schema:
        return {"type": "string", "pattern": DURATION_PATTERN, "examples": ["2d", "8h30m"]}

    @classmethod
    def stand_in(cls) -> Self:
        return cls()


class TimeOfDay(FieldType, time):
    """A time of day, as in `22:00`."""

    format_name = "daytwo-time-of-day"

    @classmethod
    def read(cls, written: object, names: Names) -> Self:
        read = read_time(_text(written))
        return cls(read.hour, read.minute)

    @classmethod
    def schema(cls, names: Names) -> Schema:
        return {"type": "string", "format": cls.format_name, "examples": ["22:00"]}

    @classmethod
    def stand_in(cls) -> Self:
        return cls()


class Days(FieldType, frozenset[int]):
    """Days of the week, Monday = 0: `mon-thu`, `fri-mon`, `mon,wed` or a list."""

    format_name = "daytwo-days"

    @classmethod
    def read(cls, written: object, names: Names) -> Self:
        listed = [written] if isinstance(written, str) else _texts(written)
        if not listed:
            raise FieldError("this list is empty", "write at least one day, for example mon-thu")
        return cls(day for each in listed for day in read_days(each))

    @classmethod
    def schema(cls, names: Names) -> Schema:
        return {
            **_one_or_more({"type": "string", "format": cls.format_name}),
            "minItems": 1,
            "examples": ["mon-thu", "mon,wed"],
        }

    @classmethod
    def stand_in(cls) -> Self:
        return cls({0})


class Zone(FieldType, str):
    """A time zone by its IANA name, as in `Europe/Amsterdam`."""

    __slots__ = ()
    format_name = "daytwo-time-zone"

    @classmethod
    def read(cls, written: object, names: Names) -> Self:
        return cls(read_zone(_text(written)))

    @classmethod
    def schema(cls, names: Names) -> Schema:
        return {"type": "string", "format": cls.format_name, "examples": ["Europe/Amsterdam"]}

    @classmethod
    def stand_in(cls) -> Self:
        return cls("UTC")


class TagValues(FieldType, frozenset[str]):
    """A tag's value, or a list of values, one of which must match."""

    format_name = "daytwo-tag-values"

    @classmethod
    def read(cls, written: object, names: Names) -> Self:
        values = [written] if isinstance(written, str) else _texts(written)
        if not values:
            raise FieldError("this selects nothing", "write it like prod or [dev, test]")
        return cls(values)

    @classmethod
    def schema(cls, names: Names) -> Schema:
        return {**_one_or_more({"type": "string"}), "minItems": 1, "examples": ["prod", ["dev", "test"]]}

    @classmethod
    def stand_in(cls) -> Self:
        return cls()


class PerRegionPair(FieldType, int):
    """A number of clusters for each pair of regions, as in `1 per region pair`."""

    format_name = "daytwo-per-region-pair"

    @classmethod
    def read(cls, written: object, names: Names) -> Self:
        text = _text(written)
        if re.search(_PER_REGION_PAIR, text) is None:
            raise FieldError("this is not a number per region pair", "write it like 1 per region pair")
        return cls(text.split()[0])

    @classmethod
    def schema(cls, names: Names) -> Schema:
        return {"type": "string", "pattern": _PER_REGION_PAIR, "examples": ["1 per region pair"]}

    @classmethod
    def stand_in(cls) -> Self:
        return cls(1)


class RingName(FieldType, str):
    """The name of a ring under `fleet.rings`."""

    __slots__ = ()
    format_name = "daytwo-ring"
    is_reference = True

    @classmethod
    def read(cls, written: object, names: Names) -> Self:
        name = _text(written)
        if name not in names.rings:
            raise FieldError("a ring with this name does not exist", f"write {' or '.join(names.rings)}")
        return cls(name)

    @classmethod
    def schema(cls, names: Names) -> Schema:
        return {"type": "string", "format": cls.format_name, "examples": ["production"]}

    @classmethod
    def stand_in(cls) -> Self:
        return cls()


class RunbookName(FieldType, str):
    """The name of a runbook that a command can start."""

    __slots__ = ()
    format_name = "daytwo-runbook"

    @classmethod
    def read(cls, written: object, names: Names) -> Self:
        name = _text(written)
        if name not in names.runbooks:
            raise FieldError("this is not allowed here", f"write {' or '.join(names.runbooks)}")
        return cls(name)

    @classmethod
    def schema(cls, names: Names) -> Schema:
        return {"enum": list(names.runbooks)}

    @classmethod
    def stand_in(cls) -> Self:
        return cls()


class Member(FieldType, str):
    """The name of a person under `people`."""

    __slots__ = ()
    format_name = "daytwo-person"
    is_reference = True

    @classmethod
    def read(cls, written: object, names: Names) -> Self:
        name = _text(written)
        if name not in names.people:
            raise FieldError("a person with this name does not exist", _add_person(name))
        return cls(name)

    @classmethod
    def schema(cls, names: Names) -> Schema:
        return {"type": "string", "format": cls.format_name, "examples": ["ana"]}

    @classmethod
    def stand_in(cls) -> Self:
        return cls()


class People(FieldType, tuple[str, ...]):  # noqa: SLOT001 - a subclass of tuple can only have empty slots, and `label` needs a place
    """Names of people; groups are resolved, and each name appears once. `label` is how they are written.

    An unknown name is refused, because a typo must not remove an approver.
    """

    format_name = "daytwo-people"
    is_reference = True
    label: str = ""

    @classmethod
    def read(cls, written: object, names: Names) -> Self:
        listed = [written] if isinstance(written, str) else _texts(written)
        resolved: list[str] = []
        for name in listed:
            if name in names.groups:
                resolved += names.groups[name]
            elif name in names.people:
                resolved.append(name)
            else:
                raise FieldError("neither a person nor a group has this name", _add_person(name))
        people = cls(dict.fromkeys(resolved))
        people.label = ", ".join(listed)
        return people

    @classmethod
    def schema(cls, names: Names) -> Schema:
        one: Schema = {"type": "string", "format": cls.format_name, "examples": ["ana"]}
        return {**_one_or_more(one), "examples": ["platform", ["ana", "ben"]]}

    @classmethod
    def stand_in(cls) -> Self:
        return cls()


if TYPE_CHECKING:
    WindowRef = Window
else:

    class WindowRef(FieldType):
        """The name of a window under `windows`; its value is that window."""

        format_name = "daytwo-window"
        is_reference = True

        @classmethod
        def read(cls, written: object, names: Names) -> Window:
            name = _text(written)
            if name not in names.windows:
                known = f"write one of {', '.join(names.windows)}, or define it"
                raise FieldError(
                    "a window with this name does not exist", known if names.windows else "define it under windows:"
                )
            return names.windows[name] or cls.stand_in()

        @classmethod
        def schema(cls, names: Names) -> Schema:
            return {"type": "string", "format": cls.format_name, "examples": ["nights"]}

        @classmethod
        def stand_in(cls) -> Window:
            return Window("", frozenset({0}), _MIDNIGHT, _ONE, "UTC")

    # The field holds a Window, and msgspec checks the type of the value that was read.
    WindowRef.register(Window)


def _text(written: object) -> str:
    if not isinstance(written, str):
        raise FieldError("this is not text", "write it as text")
    return written


def _texts(written: object) -> list[str]:
    if not isinstance(written, list):
        raise FieldError("this is not text or a list", "write text, or a list of texts")
    return [_text(each) for each in written]


def _one_or_more(one: Schema) -> Schema:
    """Returns the schema of a text or a list of texts. The format applies to each text."""
    return {
        **{key: value for key, value in one.items() if key != "examples"},
        "type": ["string", "array"],
        "items": one,
    }


def _add_person(name: str) -> str:
    return f"add it under people, for example {name}: {{entra: aaaaaaaa-0000-0000-0000-000000000001}}"
