"""A chat in memory, and the addresses for ephemeral replies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ops.chats import renderer
from ops.model.json import Json
from ops.model.message import Message
from ops.ports.chat import Outgoing, Posted
from ops.ports.errors import OutsideError, TryLaterError


@dataclass
class FakeChat:
    """A chat that keeps its messages. `fail` raises errors before a call takes effect, `lose` afterwards."""

    name: str = "slack"
    channel: str = "C0123"
    can_edit: bool = True
    can_thread: bool = True
    shown: dict[str, Mapping[str, Json]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    threads: dict[str, str] = field(default_factory=dict)
    posts: int = 0
    edits: int = 0
    fail: list[OutsideError] = field(default_factory=list)
    lose: int = 0

    def render(self, message: Message) -> Mapping[str, Json]:
        return renderer(self.name)(message)

    def post(self, channel: str, outgoing: Outgoing) -> Posted:
        self._fail()
        self.posts += 1
        identity = f"{self.posts}.0"
        self.shown[identity] = outgoing.content
        self.keys[identity] = outgoing.key
        self.threads[identity] = outgoing.thread.message_id if outgoing.thread else ""
        self._lose()
        return Posted(channel, identity)

    def edit(self, posted: Posted, outgoing: Outgoing) -> None:
        self._fail()
        self.edits += 1
        self.shown[posted.message_id] = outgoing.content
        self._lose()

    def find(self, channel: str, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:
        self._fail()
        assert since.tzinfo is not None
        within = thread.message_id if thread else ""
        return next(
            (Posted(channel, i) for i, known in self.keys.items() if known == key and self.threads[i] == within), None
        )

    def _fail(self) -> None:
        if self.fail:
            raise self.fail.pop(0)

    def _lose(self) -> None:
        if self.lose:
            self.lose -= 1
            raise TryLaterError("posting: the response was lost", 30)


@dataclass
class FakeReplies:
    """Keeps ephemeral replies together with their address, and accepts every address."""

    given: list[tuple[str, Mapping[str, Json]]] = field(default_factory=list)
    fail: list[OutsideError] = field(default_factory=list)

    def accepts(self, address: str) -> bool:
        return bool(address)

    def render(self, message: Message) -> Mapping[str, Json]:
        return renderer("slack")(message)

    def send(self, address: str, content: Mapping[str, Json]) -> None:
        if self.fail:
            raise self.fail.pop(0)
        self.given.append((address, content))
