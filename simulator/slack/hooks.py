"""`response_url`: private answers to what somebody pressed or typed, five times in half an hour.

Source: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import cast

from simulator.http_types import Answer, Call, JsonObject, NotAnObjectError
from simulator.slack.blocks import LONGEST_TEXT, fault_of
from simulator.slack.messages import Channel, Message

PREFIX = "/slack/hooks/"
MOST_USES = 5
LASTS = timedelta(minutes=30)


@dataclass(slots=True)
class Ephemeral:
    """What one person alone sees in a channel."""

    channel: str
    user: str
    at: datetime
    text: str
    blocks: list[JsonObject]

    def document(self) -> JsonObject:
        """Return it for a viewer."""
        return {
            "channel": self.channel,
            "user": self.user,
            "at": self.at.isoformat(),
            "text": self.text,
            "blocks": self.blocks,
        }


@dataclass(slots=True)
class _Hook:
    channel: Channel
    user: str
    original: Message | None
    made: datetime
    uses: int = 0


class HookError(Exception):
    """What Slack answers with `ok: false`; the text is Slack's own word for it."""


class Hooks:
    """Answers under `/slack/hooks/`; `ephemeral` keeps what each person was shown, oldest first.

    While `in_trouble` it answers 503.
    """

    def __init__(self, now: Callable[[], datetime], post: Callable[[Channel, str, list[JsonObject]], object]) -> None:
        self.ephemeral: list[Ephemeral] = []
        self.in_trouble = False
        self._now = now
        self._post = post
        self._hooks: dict[str, _Hook] = {}

    def make(self, kind: str, channel: Channel, user: str, original: Message | None) -> str:
        """Return the path of a new address; `original` is the message that was pressed."""
        path = f"{PREFIX}{kind}/{len(self._hooks) + 1:06d}"
        self._hooks[path] = _Hook(channel, user, original, self._now())
        return path

    def answer(self, call: Call) -> Answer:
        """Answer one request."""
        if self.in_trouble:
            return _refused("service_unavailable", HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            hook = self._hook(call)
            self.show(hook.channel, hook.user, call.document(), hook.original)
        except NotAnObjectError:
            return _refused("invalid_payload", HTTPStatus.BAD_REQUEST)
        except HookError as error:
            return _refused(str(error), HTTPStatus.NOT_FOUND)
        hook.uses += 1
        return Answer(200, {"ok": True})

    def _hook(self, call: Call) -> _Hook:
        hook = self._hooks.get(call.path)
        if call.method != "POST" or hook is None:
            raise HookError("no_such_url")
        if self._now() - hook.made > LASTS:
            raise HookError("expired_url")
        if hook.uses >= MOST_USES:
            raise HookError("used_url")
        return hook

    def show(self, channel: Channel, user: str, content: JsonObject, original: Message | None) -> None:
        """Show an answer: to the person alone, or as said by `response_type`, `replace_original`, `delete_original`.

        Raises:
            HookError: it holds what Slack does not show.
        """
        text, blocks = _read(content)
        if content.get("delete_original") is True and original is not None:
            channel.messages.remove(original)
            return
        if not (text or blocks):
            raise HookError("no_text")
        if content.get("replace_original") is True and original is not None:
            original.text, original.blocks = text, blocks
            original.edits += 1
            original.edited = self._now()
        elif content.get("response_type") == "in_channel":
            self._post(channel, text, blocks)
        else:
            self.ephemeral.append(Ephemeral(channel.id, user, self._now(), text, blocks))


def _read(content: JsonObject) -> tuple[str, list[JsonObject]]:
    text, blocks = str(content.get("text") or ""), content.get("blocks") or []
    if isinstance(blocks, str):
        blocks = json.loads(blocks)
    if not isinstance(blocks, list) or len(text) > LONGEST_TEXT:
        raise HookError("invalid_payload")
    shown = cast("list[JsonObject]", blocks)
    if fault_of(shown) is not None:
        raise HookError("invalid_blocks")
    return text, shown


def _refused(error: str, status: int) -> Answer:
    return Answer(status, {"ok": False, "error": error})
