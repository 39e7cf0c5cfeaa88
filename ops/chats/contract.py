"""The contract of a chat: a package in `ops/chats` that exports one `CHAT`."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from ops.endpoints.routes import Route
    from ops.model.json import Json
    from ops.model.message import Message
    from ops.ports.bundle import Ports
    from ops.ports.chat import Chat, Replies
    from ops.ports.runtime import Clock
    from ops.settings import Settings

type Renderer = Callable[["Message"], Mapping[str, "Json"]]


class Connection(Protocol):
    """The connection to a chat in this process, created once from the environment.

    Both methods are called for each invocation, so a configuration change applies without a restart. They do not open any
    connection.
    """

    def chats(self, settings: "Settings | None") -> "tuple[Chat, ...]":
        """Returns the chats that this configuration posts to; empty if the chat is not configured or its app settings are missing."""
        ...

    def replies(self, settings: "Settings | None") -> "tuple[Replies, ...]":
        """Returns the ways to reply to a person who sent a command or voted."""
        ...


class ChatKind[C: Connection](NamedTuple):
    """One chat product. Importing its package must be cheap, since the function app imports it at a cold start.

    Attributes:
        name: lower case; the `Identity.endpoint` of its people and the first part of its paths.
        title: the product's name as people write it.
        identity: the key under `people.NAME` in daytwo.yaml that holds the ids of its people.
        connect: creates the connection from the app settings. Never raises; `problems` reports invalid settings.
        routes: its HTTP endpoints. They get the connection when they are first called, not when the app is loaded.
        problems: why the app settings do not work with the configuration, one sentence each with the remedy.
        renderers: for each `Chat.name`, how it renders a message.
        housekeeping: deletes expired records; called every hour.
    """

    name: str
    title: str
    identity: str
    connect: "Callable[[Mapping[str, str], Clock], C]"
    routes: "Callable[[Callable[[], C]], tuple[Route, ...]]"
    problems: "Callable[[Settings | None, Mapping[str, str]], tuple[str, ...]]"
    renderers: Callable[[], Mapping[str, Renderer]]
    housekeeping: "Callable[[Ports], None]"


def no_housekeeping(ports: "Ports") -> None:
    """Does nothing; used by chats without records of their own."""
