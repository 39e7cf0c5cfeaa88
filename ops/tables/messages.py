"""The content that the chats show, and the reported conditions."""

from dataclasses import dataclass, field
from datetime import datetime

from ops.ports.store import Store
from ops.tables.base import Table


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """What a chat shows about one subject in one channel, and what it should show.

    `thread_of` is the subject that it replies to in the same channel; empty if it is not a reply. `picture` refers to its PNG
    in the store. `posting_since` is set before a message is posted and cleared afterwards: if a process is killed in between,
    the chat is searched before anything is posted again. `dirty` means that the chat shows an older state; `urgent` means
    that a person is needed.
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
    """A reported condition: its message (subject, title and place), its channels, and when it was last observed."""

    subject: str
    what: str
    where: str
    channels: tuple[str, ...]
    looked_at: datetime


def messages(store: Store) -> Table[MessageRecord]:
    """Messages, by `chat|channel|subject`."""
    return Table(store, "message", MessageRecord)


def conditions(store: Store) -> Table[ConditionRecord]:
    """Conditions that were reported and still exist, by subject."""
    return Table(store, "condition", ConditionRecord)
