"""The sections of daytwo.yaml: mappings with typed fields, and how a section is defined."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

type Path = tuple[str | int, ...]

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Finding:
    """A conflict between values that are each valid on their own.

    `path` is relative to the part that reports it. If `value` is None, the message shows the written value.
    """

    path: Path
    value: object
    wrong: str
    remedy: str


class Part(Struct, frozen=True, rename="kebab", forbid_unknown_fields=True, omit_defaults=True):
    """A mapping in daytwo.yaml.

    `example` is an example for remedies and the reference page. `constraints` are keywords of JSON Schema that msgspec
    does not know; `findings` reports the same problems.
    """

    example: ClassVar[Mapping[str, object]] = MappingProxyType({})
    constraints: ClassVar[Mapping[str, object]] = MappingProxyType({})

    def findings(self) -> Iterator[Finding]:
        """Returns conflicts between its fields; none by default."""
        yield from ()


@dataclass(frozen=True, slots=True)
class Section[T]:
    """A key of daytwo.yaml with its type.

    `kind` is what msgspec reads: a Part, or a collection of Parts. `absent` is the value if the key is left out; without
    `absent` the key is required. `check` finds problems between this section and others; it gets the readable sections
    by name. `docs` is the page that explains the section. `renamed` are former keys, and former values
    of keys, by their path in the section (`budgets[].offer[]=sleep-dev`).
    """

    name: str
    kind: Any  # a type, or a generic alias such as tuple[Schedule, ...], for which mypy has no type
    description: str
    docs: str = ""
    absent: T | None = None
    required: bool = False
    check: Callable[[Any, Mapping[str, Any]], Iterator[Finding]] | None = None
    renamed: Mapping[str, str] = field(default=_NOTHING)

    @property
    def type(self) -> Any:
        """Returns the type of the key in its document, with the description."""
        optional = not self.required and self.absent is None
        return Annotated[self.kind | None if optional else self.kind, Meta(description=self.description)]
