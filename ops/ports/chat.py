"""Chats: posting, editing, replying, dialogs, and the proof of where a request comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ops.model.json import Json


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message went."""

    channel: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a chat is to show: `content` is what `ops.render` made for it, `key` marks it as ours, by which it can be found.

    `thread` is the message that it answers, None where it stands by itself. `picture` is a PNG that belongs to it.
    """

    content: Mapping[str, Json]
    key: str
    thread: Posted | None = None
    picture: bytes | None = None


class Chat(Protocol):
    """A chat that can post, and perhaps edit, answer in threads and find again.

    `channel` is where it goes unless a route says otherwise. To a chat that cannot edit only what needs somebody and
    what has ended is posted; one without threads gets no details.
    """

    name: str
    channel: str
    can_edit: bool
    can_thread: bool

    def post(self, channel: str, outgoing: Outgoing) -> Posted:
        """Post it."""
        ...

    def edit(self, posted: Posted, outgoing: Outgoing) -> None:
        """Replace what stands there."""
        ...

    def find(self, channel: str, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:
        """The message of this key posted since then, if the chat has it; looked for in the thread where one is given."""
        ...


class Signature(Protocol):
    """Proves that a request comes from the chat that it says it comes from."""

    def holds(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether the raw body was signed, lately, by who holds the secret. Never raises: what cannot be checked does not hold."""
        ...


class Replies(Protocol):
    """Private answers to what somebody pressed or typed."""

    def answer(self, address: str, content: Mapping[str, Json]) -> None:
        """Send one to the address that came with the request. Raises RejectedError where it is none of the chat's."""
        ...


class Forms(Protocol):
    """Forms that a chat shows to one person."""

    def open(self, trigger: str, form: Mapping[str, Json]) -> None:
        """Show it to whoever did what `trigger` names; an answer within 2 s. Raises OutsideError.

        TryLaterError: nobody knows whether they see it.
        """
        ...


class BotEndpoint(Protocol):
    """What the door of a chat's bot needs: the proof of where a request comes from, and where its answers go."""

    def admit(self, authorization: str) -> str:
        """The service that the request's token was made for. Raises DeniedError, TryLaterError where it cannot be checked."""
        ...

    def address(self, service_url: str, conversation: str, activity: str = "") -> str:
        """Where `Replies` sends an answer to an activity, or without one to its conversation."""
        ...

    def private_address(self, service_url: str, user: str, tenant: str) -> str:
        """Where `Replies` reaches one person alone. Raises DeniedError where the bot may not."""
        ...
