"""Chats: rendering, posting, editing and replying. Each package in `ops/chats` implements these ports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ops.model.json import Json
from ops.model.message import Message


@dataclass(frozen=True, slots=True)
class Posted:
    """The location of a posted message."""

    channel: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send: `content` is what `Chat.render` returned, `key` identifies it for `Chat.find`.

    `thread` is the message that it replies to, None for a message outside a thread. `picture` is its PNG.
    """

    content: Mapping[str, Json]
    key: str
    thread: Posted | None = None
    picture: bytes | None = None


class Chat(Protocol):
    """A chat that can post, and perhaps edit, reply in threads and search.

    `name` is unique among all chats. `channel` is the default channel; routes name others. A chat that cannot edit gets
    only final states and messages that need a person. Details are posted only to a chat with threads.
    """

    name: str
    channel: str
    can_edit: bool
    can_thread: bool

    def render(self, message: Message) -> Mapping[str, Json]:
        """Renders the message in this chat's own format, within its limits. Never raises."""
        ...

    def post(self, channel: str, outgoing: Outgoing) -> Posted:
        """Posts a message. Raises OutsideError."""
        ...

    def edit(self, posted: Posted, outgoing: Outgoing) -> None:
        """Replaces a posted message. Raises OutsideError."""
        ...

    def find(self, channel: str, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:
        """Returns the message with this key posted since then, in the thread if one is given; None if the chat cannot find it."""
        ...


class Replies(Protocol):
    """Private replies to the person who voted or sent a command."""

    def accepts(self, address: str) -> bool:
        """Whether this chat issued the address, so that `send` can use it. An address is untrusted input."""
        ...

    def render(self, message: Message) -> Mapping[str, Json]:
        """Renders the message as content for `send`."""
        ...

    def send(self, address: str, content: Mapping[str, Json]) -> None:
        """Sends a reply, in one attempt. Raises RejectedError if the address no longer works, or TryLaterError."""
        ...
