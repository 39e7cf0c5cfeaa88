"""The sections `windows` and `freezes` as written in the file; they are converted to the model's Window and Freeze."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from msgspec import Meta, field

from ops.model.calendar import Freeze, Window
from ops.settings.fields import Days, Name, TimeOfDay, Zone
from ops.settings.part import Finding, Part, Section
from ops.settings.readers import FieldError, read_freeze_edges


class WeeklyWindow(Part, frozen=True):
    """A weekly time span. If `to` is not after `from`, it ends on the next day."""

    days: Annotated[
        Days, Meta(description="The days on which it starts: `mon-thu`, `fri-mon`, `mon,wed` or a list of days.")
    ]
    start: Annotated[TimeOfDay, Meta(description="The time of day at which it starts, in its zone.")] = field(
        name="from"
    )
    end: Annotated[
        TimeOfDay, Meta(description="The time of day at which it ends, in its zone.", examples=["05:00"])
    ] = field(name="to")
    zone: Annotated[
        Zone, Meta(description="The IANA time zone of both times. Daylight saving time is taken into account.")
    ]
    example: ClassVar[Mapping[str, object]] = {
        "days": "mon-thu",
        "from": "22:00",
        "to": "05:00",
        "zone": "Europe/Amsterdam",
    }

    def window(self, name: str) -> Window:
        """The window with this name."""
        return Window(name, frozenset(self.days), self.start, self.end, self.zone)

    def findings(self) -> Iterator[Finding]:
        """Reports a window of zero length."""
        if self.start == self.end:
            yield Finding(("to",), f"{self.end:%H:%M}", "the window ends when it starts", "write another time")


class FreezeEntry(Part, frozen=True):
    """A time span without changes, given either by `name`, `from` and `to` or by a calendar that contains freezes."""

    name: Annotated[
        Name | None, Meta(description="The name of the freeze, as shown in messages.", examples=["year end"])
    ] = None
    start: Annotated[
        str | None,
        Meta(
            description="Its first day, or the instant at which it starts.",
            examples=["2026-12-18", "2026-12-18T18:00:00+01:00"],
        ),
    ] = field(name="from", default=None)
    end: Annotated[
        str | None,
        Meta(
            description="Its last day, which is part of the freeze, or the instant at which it ends.",
            examples=["2027-01-04", "2027-01-04T06:00:00+01:00"],
        ),
    ] = field(name="to", default=None)
    zone: Annotated[
        Zone | None,
        Meta(
            description="The time zone of its days. Default: the zone of the window, so that a freeze covers whole nights."
        ),
    ] = None
    ics: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(
            description="A calendar whose events are freezes: a file beside daytwo.yaml, or an https address. Its events repeat at most daily.",
            examples=["freeze.ics"],
        ),
    ] = None
    example: ClassVar[Mapping[str, object]] = {"name": "year end", "from": "2026-12-18", "to": "2027-01-04"}
    constraints: ClassVar[Mapping[str, object]] = {
        "if": {"required": ["ics"]},
        "then": {"maxProperties": 1},
        "else": {"required": ["name", "from", "to"]},
    }

    def freeze(self) -> Freeze:
        """Converts an entry that is not a calendar.

        Raises:
            FieldError: name, from or to is missing.
        """
        if self.name is None or self.start is None or self.end is None:
            raise FieldError(
                "name, from or to is missing", "write it like {name: year end, from: 2026-12-18, to: 2027-01-04}"
            )
        return Freeze(self.name, *read_freeze_edges(self.start, self.end, self.zone), self.zone)

    def findings(self) -> Iterator[Finding]:
        """Reports dates that cannot be read, and a calendar that also has times."""
        if self.ics is not None:
            if self != FreezeEntry(ics=self.ics):
                yield Finding((), "", "a calendar brings its own names and times", "leave only ics: in this entry")
            return
        try:
            self.freeze()
        except FieldError as error:
            yield Finding(("from",), f"{self.start} to {self.end}", error.wrong, error.remedy)


def _check_freezes(freezes: tuple[FreezeEntry, ...], _: Mapping[str, Any]) -> Iterator[Finding]:
    names: set[str] = set()
    for number, entry in enumerate(freezes):
        if entry.name in names:
            yield Finding((number, "name"), entry.name, "another freeze has this name", "give each freeze its own")
        if entry.name is not None:
            names.add(entry.name)


WINDOWS: Section[Mapping[str, WeeklyWindow]] = Section(
    "windows",
    dict[Name, WeeklyWindow],
    "Weekly time spans in which changes are allowed, by name. Other sections refer to them by this name.",
    absent={},
)
FREEZES: Section[tuple[FreezeEntry, ...]] = Section(
    "freezes",
    tuple[FreezeEntry, ...],
    "Time spans without changes. They are cut out of every window. Evictions and budget alerts are still reported.",
    absent=(),
    check=_check_freezes,
)
