"""Slack through its SDK: post, edit, and find a message by its metadata."""

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from ops.chats.slack.errors import PictureNotReadyError, refusals, required
from ops.chats.slack.renderer import render, with_picture
from ops.model.json import Json
from ops.model.message import Message
from ops.ports.chat import Outgoing, Posted
from ops.ports.errors import RejectedError, TryLaterError

if TYPE_CHECKING:
    from slack_sdk import WebClient

_LOG = logging.getLogger(__name__)
_EVENT = "daytwo_message"
_PAGE = 200
_MOST_PAGES = 200
_TIMEOUT_S = 15
# The tolerance for a difference between our clock and Slack's.
_LOOK_BACK_S = 120
# After this many attempts, the message is sent without the picture that Slack cannot show.
_PICTURE_ATTEMPTS = 3


@dataclass
class SlackChat:
    """Implements `Chat`. `base_url` is the address of Slack or of a test server."""

    token: str = field(repr=False)
    channel: str
    base_url: str = "https://slack.com/api/"
    name: str = "slack"
    can_edit: bool = True
    can_thread: bool = True
    # For each picture, keyed by its hash: the uploaded file, and how often Slack could not show it. An edit reuses the uploaded file.
    _files: dict[str, str] = field(default_factory=dict, repr=False)
    _not_ready: dict[str, int] = field(default_factory=dict, repr=False)

    def render(self, message: Message) -> Mapping[str, Json]:
        """Renders Slack blocks, with a text for notifications."""
        return render(message)

    def post(self, channel: str, outgoing: Outgoing) -> Posted:
        """Posts the message with our key in its metadata. Links are not unfurled, because crawlers would open them."""
        doing = f"posting {outgoing.key} to Slack"
        answer = self._send(
            doing,
            outgoing,
            lambda blocks: self._client.chat_postMessage(
                channel=channel,
                text=str(outgoing.content["text"]),
                blocks=blocks,
                metadata={"event_type": _EVENT, "event_payload": {"key": outgoing.key}},
                thread_ts=outgoing.thread.message_id if outgoing.thread else None,
                unfurl_links=False,
                unfurl_media=False,
            ),
        )
        return Posted(required(answer, "channel", doing), required(answer, "ts", doing))

    def edit(self, posted: Posted, outgoing: Outgoing) -> None:
        """Edits the message without a new notification."""
        doing = f"editing {outgoing.key} in Slack"
        answer = self._send(
            doing,
            outgoing,
            lambda blocks: self._client.chat_update(
                channel=posted.channel, ts=posted.message_id, text=str(outgoing.content["text"]), blocks=blocks
            ),
        )
        required(answer, "ts", doing)

    def find(self, channel: str, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:
        """Searches the channel, or the thread, from shortly before `since`, newest first.

        Raises:
            TryLaterError: the pages of the answer do not end, so it is not known whether the message exists.
        """
        where = {
            "channel": channel,
            "oldest": str(since.timestamp() - _LOOK_BACK_S),
            "include_all_metadata": True,
            "limit": _PAGE,
        }
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            with refusals(f"searching Slack for {key}"):
                if thread is None:
                    answer = self._client.conversations_history(**cast("Any", where), cursor=cursor)
                else:
                    answer = self._client.conversations_replies(
                        **cast("Any", where), ts=thread.message_id, cursor=cursor
                    )
                ts = next((str(message["ts"]) for message in cast("Any", answer["messages"]) if _is(message, key)), "")
                before, cursor = cursor, (cast("Any", answer.get("response_metadata")) or {}).get("next_cursor")
            if ts:
                return Posted(channel, ts)
            if not cursor:
                return None
            if cursor == before:
                break
        raise TryLaterError(f"searching Slack for {key}: the pages of the answer do not end")

    def _send(self, doing: str, outgoing: Outgoing, call: Callable[[Any], Any]) -> Any:
        """Makes one call with the blocks of a message. A picture that Slack cannot show does not hold up the message indefinitely.

        Raises:
            PictureNotReadyError: Slack cannot show the picture yet.
        """
        blocks = with_picture(outgoing.content, self._file(outgoing.picture) if outgoing.picture else "")
        try:
            with refusals(doing):
                return call(blocks)
        except PictureNotReadyError:
            name = _hash(outgoing.picture or b"")
            self._not_ready[name] = self._not_ready.get(name, 0) + 1
            raise

    def _file(self, picture: bytes) -> str:
        """Returns the file with the picture, uploaded once per process; empty if Slack rejects it or cannot show it."""
        name = _hash(picture)
        if self._not_ready.get(name, 0) >= _PICTURE_ATTEMPTS:
            return ""
        if name not in self._files:
            doing = "uploading a picture to Slack"
            try:
                with refusals(doing):
                    answer = self._client.files_upload_v2(content=picture, filename=f"daytwo-{name[:12]}.png")
                    self._files[name] = required(cast("Any", answer["files"])[0], "id", doing)
            except RejectedError as error:
                _LOG.warning("%s: the message is sent without it", error)
                return ""
        return self._files[name]

    @cached_property
    def _client(self) -> "WebClient":
        from slack_sdk import WebClient

        # No retry handlers: if a response is lost, the outbox searches for the message before it posts again.
        return WebClient(token=self.token, base_url=self.base_url, timeout=_TIMEOUT_S, retry_handlers=[])


def _is(message: Any, key: str) -> bool:
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    return bool(payload.get("key") == key)


def _hash(picture: bytes) -> str:
    return hashlib.sha256(picture).hexdigest()
