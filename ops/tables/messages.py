"""The content that the chats show."""

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
    that a person is needed; `final`, that the content is that of an end state. `refused` counts the refusals in a row that a
    retry cannot change, and `reposts` how often the message was posted again because the chat did not accept a change.
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
    final: bool = False
    refused: int = 0
    reposts: int = 0


def messages(store: Store) -> Table[MessageRecord]:
    """Messages, by `chat|channel|subject`."""
    return Table(store, "message", MessageRecord)
