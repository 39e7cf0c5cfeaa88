"""Slack's channels and messages, with the data that Slack stores for each of them."""

from dataclasses import dataclass, field
from datetime import datetime

from simulator.http_types import JsonObject

BOT_USER = "U0DAYTWO"
BOT_ID = "B0DAYTWO"


@dataclass(slots=True)
class Message:
    """One message. ``edits`` counts how often it was edited; ``edit_error`` is the error with which Slack refuses every edit of it."""

    channel: str
    ts: str
    posted: datetime
    text: str
    blocks: list[JsonObject]
    attachments: list[JsonObject]
    metadata: JsonObject | None = None
    thread_ts: str | None = None
    edits: int = 0
    edited: datetime | None = None
    edit_error: str = ""

    def document(self, *, with_metadata: bool = True) -> JsonObject:
        """Return the message in Slack's format."""
        shown: JsonObject = {
            "type": "message",
            "user": BOT_USER,
            "bot_id": BOT_ID,
            "ts": self.ts,
            "text": self.text,
            "blocks": self.blocks,
            "attachments": self.attachments,
        }
        if self.thread_ts is not None:
            shown["thread_ts"] = self.thread_ts
        if self.edited is not None:
            shown["edited"] = {"user": BOT_USER, "ts": f"{self.edited.timestamp():.6f}"}
        if with_metadata and self.metadata is not None:
            shown["metadata"] = self.metadata
        return shown


@dataclass(slots=True)
class Channel:
    """A channel: messages in the order in which they were posted, including those in threads."""

    id: str
    messages: list[Message] = field(default_factory=list)
    archived: bool = False

    def find(self, ts: str) -> Message | None:
        """Return the message that has the given timestamp."""
        return next((message for message in self.messages if message.ts == ts), None)

    def document(self) -> JsonObject:
        """Return the channel for a viewer, with the edits and the thread of each message."""
        return {
            "id": self.id,
            "messages": [
                message.document() | {"edits": message.edits, "posted": message.posted.isoformat()}
                for message in self.messages
            ],
        }
