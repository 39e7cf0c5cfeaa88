"""A message for people, before it is rendered for a chat."""

from dataclasses import dataclass
from datetime import datetime

from ops.model.approval import Choice
from ops.model.people import Person
from ops.model.run import State


@dataclass(frozen=True, slots=True)
class Row:
    """One row in a message, for example a pool or a ring. If `done` and `total` are known, they are drawn as a bar.

    `at` is the time of the event that the row reports.
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
    """A button. With a `choice` it votes on the request that `token` refers to; with a `url` it opens a page."""

    text: str
    token: str = ""
    choice: Choice | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG for chats that can show one. `reference` is its key in the store, `alt` its text alternative."""

    reference: str
    alt: str


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant that each reader sees in their own time zone, after `text`."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A message. Its first line is sufficient by itself: state, operation, target, progress. Names are unescaped.

    `tag` replaces the state in the first line. The people in `mentions` are notified.
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
