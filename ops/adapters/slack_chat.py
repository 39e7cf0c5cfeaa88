"""Slack through its own SDK: post, edit, and find again by message metadata."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from ops.ports import Outgoing, OutsideError, Posted, RejectedError, TryLaterError

if TYPE_CHECKING:
    from slack_sdk import WebClient

_EVENT = "daytwo_message"
_PAGE = 200
_TIMEOUT_S = 15
_HTTP_TROUBLE = 500
_HTTP_LIMITED = 429


@dataclass
class SlackChat:
    """Implements `Chat`. `base_url` is Slack's unless a test says otherwise."""

    token: str
    channel: str
    base_url: str = "https://slack.com/api/"
    name: str = "slack"
    can_edit: bool = True
    can_thread: bool = True

    def post(self, channel: str, outgoing: Outgoing) -> Posted:
        """Posts with our key in the metadata; links are not unfurled: crawlers would open them."""
        metadata = {"event_type": _EVENT, "event_payload": {"key": outgoing.key}}
        with _refusals(f"posting {outgoing.key} to Slack"):
            answer = self._client.chat_postMessage(
                channel=channel,
                text=str(outgoing.content["text"]),
                blocks=cast("Any", outgoing.content["blocks"]),
                metadata=metadata,
                thread_ts=outgoing.thread.message_id if outgoing.thread else None,
                unfurl_links=False,
                unfurl_media=False,
            )
        return Posted(str(answer["channel"]), str(answer["ts"]))

    def edit(self, posted: Posted, outgoing: Outgoing) -> None:
        """Edits without a new notification."""
        with _refusals("editing a message in Slack"):
            self._client.chat_update(
                channel=posted.channel,
                ts=posted.message_id,
                text=str(outgoing.content["text"]),
                blocks=cast("Any", outgoing.content["blocks"]),
            )

    def find(self, channel: str, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:
        """Searches the channel, or the thread, from shortly before `since` on: our clock and Slack's may differ a little."""
        where = {
            "channel": channel,
            "oldest": str(since.timestamp() - 120),
            "include_all_metadata": True,
            "limit": _PAGE,
        }
        cursor: str | None = None
        while True:
            with _refusals(f"searching Slack for {key}"):
                if thread is None:
                    answer = self._client.conversations_history(**cast("Any", where), cursor=cursor)
                else:
                    answer = self._client.conversations_replies(
                        **cast("Any", where), ts=thread.message_id, cursor=cursor
                    )
            for message in cast("list[dict[str, Any]]", answer["messages"]):
                payload = (message.get("metadata") or {}).get("event_payload") or {}
                if payload.get("key") == key:
                    return Posted(channel, str(message["ts"]))
            cursor = (cast("dict[str, Any]", answer.get("response_metadata")) or {}).get("next_cursor")
            if not cursor:
                return None

    @cached_property
    def _client(self) -> "WebClient":
        from slack_sdk import WebClient

        # No retry handlers: an answer that was lost is looked for before anything is posted again.
        return WebClient(token=self.token, base_url=self.base_url, timeout=_TIMEOUT_S, retry_handlers=[])


@contextmanager
def _refusals(doing: str) -> Iterator[None]:
    from slack_sdk.errors import SlackApiError, SlackClientError

    try:
        yield
    except SlackApiError as error:
        raise _refusal(doing, error) from error
    except (SlackClientError, OSError, ValueError) as error:
        # ValueError: an answer that is no JSON.
        raise TryLaterError(f"{doing}: {type(error).__name__}") from error


def _refusal(doing: str, error: Any) -> OutsideError:
    response = error.response
    status = getattr(response, "status_code", 0)
    code = response.get("error", "") if hasattr(response, "get") else ""
    if status == _HTTP_LIMITED or code in ("ratelimited", "rate_limited"):
        return TryLaterError(f"{doing}: rate limited", float(response.headers.get("Retry-After", "30")))
    if status >= _HTTP_TROUBLE or code in ("internal_error", "fatal_error", "service_unavailable", "request_timeout"):
        return TryLaterError(f"{doing}: {code or status}")
    return RejectedError(str(code or status), f"{doing}: Slack says {code or status}")
