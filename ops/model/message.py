"""A message as people read it, before any chat's format."""

from dataclasses import dataclass
from datetime import datetime

from ops.model.run import State


@dataclass(frozen=True, slots=True)
class Row:
    """One part of the whole: a pool, a ring. `done` of `total` draws the bar where both are known."""

    name: str
    text: str
    state: State
    done: int | None = None
    total: int | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """The first line alone must do: state, what, where, how far. All names are as their owners wrote them, unescaped."""

    subject: str
    state: State
    what: str
    where: str
    how_far: str = ""
    lines: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    until: datetime | None = None
    until_text: str = ""
    remedy: str = ""
    footer: str = ""
