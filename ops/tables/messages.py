"""What the chats show, and the conditions that were reported."""

from dataclasses import dataclass, field
from datetime import datetime

from ops.ports.store import Store
from ops.tables.base import Table


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """What a chat shows of one subject in one channel, and what it should show.

    `thread_of` is the subject whose message it answers, in the same channel; empty where it stands by itself. `picture`
    is where the store keeps the PNG that belongs to it. `posting_since` is set before a message is posted and cleared
    after: a process killed in between leaves it, and the chat is searched before anything is posted again. `dirty` means
    that the chat lags behind; what is `urgent` needs somebody.
    """

    chat: str
    subject: str
    channel: str
    message_id: str = ""
    sent: str = ""
    wanted: str = ""
    content_ref: str = ""
    posting_since: datetime | None = None
    dirty: bool = False
    problem: str = ""
    retry_at: datetime | None = None
    edits: int = field(default=0)
    thread_of: str = ""
    picture: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class ConditionRecord:
    """A condition that lasts: the message that tells it (its subject, what and where), in which channels, and when it was last seen."""

    subject: str
    what: str
    where: str
    channels: tuple[str, ...]
    looked_at: datetime


def messages(store: Store) -> Table[MessageRecord]:
    """Messages by `chat|channel|subject`."""
    return Table(store, "message", MessageRecord)


def conditions(store: Store) -> Table[ConditionRecord]:
    """Conditions that hold now and were told, by what they are about."""
    return Table(store, "condition", ConditionRecord)
