"""A message as people read it, before any chat's format."""

from dataclasses import dataclass
from datetime import datetime

from ops.model.approval import Choice
from ops.model.people import Person
from ops.model.run import State


@dataclass(frozen=True, slots=True)
class Row:
    """One part of the whole: a pool, a ring. `done` of `total` draws the bar where both are known.

    `at` is when it happened, for a row that tells an event.
    """

    name: str
    text: str
    state: State
    done: int | None = None
    total: int | None = None
    until: datetime | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press. With a `choice` it decides the request that `token` names; with an `url` it opens a page."""

    text: str
    token: str = ""
    choice: Choice | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG that a chat may show. `reference` is where the store keeps it, `alt` says the same in words."""

    reference: str
    alt: str


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that has an instant, which each reader sees in their own zone: `text` stands before it."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """The first line alone must do: state, what, where, how far. All names are as their owners wrote them, unescaped.

    `tag` is the word of the first line where it is not the state's own. `mentions` are told of it by the chat.
    """

    subject: str
    state: State
    what: str
    where: str
    progress_text: str = ""
    lines: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    until: datetime | None = None
    until_text: str = ""
    remedy: str = ""
    footer: str = ""
    tag: str = ""
    mentions: tuple[Person, ...] = ()
    buttons: tuple[Button, ...] = ()
    picture: Picture | None = None
    moments: tuple[Moment, ...] = ()
