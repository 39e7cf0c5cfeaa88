"""`response_url`: private replies to a click or a command, up to five within half an hour.

Source: https://docs.slack.dev/interactivity/handling-user-interaction#message_responses.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import cast

from simulator.http_types import HttpRequest, HttpResponse, JsonObject, NotAnObjectError
from simulator.slack.blocks import MAX_TEXT_LENGTH, fault_of
from simulator.slack.messages import Channel, Message

PREFIX = "/slack/hooks/"
MAX_USES = 5
LIFETIME = timedelta(minutes=30)


@dataclass(slots=True)
class Ephemeral:
    """An ephemeral message, which only one person in a channel sees."""

    channel: str
    user: str
    at: datetime
    text: str
    blocks: list[JsonObject]

    def document(self) -> JsonObject:
        """Return the message as JSON for a viewer."""
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
    """A response with `ok: false`. Its text is Slack's error code."""


class Hooks:
    """Handles `/slack/hooks/`. `ephemeral` contains all ephemeral messages, oldest first.

    While `in_trouble` is set, every response is a 503.
    """

    def __init__(self, now: Callable[[], datetime], post: Callable[[Channel, str, list[JsonObject]], object]) -> None:
        self.ephemeral: list[Ephemeral] = []
        self.in_trouble = False
        self._now = now
        self._post = post
        self._hooks: dict[str, _Hook] = {}

    def make(self, kind: str, channel: Channel, user: str, original: Message | None) -> str:
        """Return the path of a new response URL. `original` is the message that contains the selected button."""
        path = f"{PREFIX}{kind}/{len(self._hooks) + 1:06d}"
        self._hooks[path] = _Hook(channel, user, original, self._now())
        return path

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Handle one request."""
        if self.in_trouble:
            return _refused("service_unavailable", HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            hook = self._hook(request)
            self.show(hook.channel, hook.user, request.document(), hook.original)
        except NotAnObjectError:
            return _refused("invalid_payload", HTTPStatus.BAD_REQUEST)
        except HookError as error:
            return _refused(str(error), HTTPStatus.NOT_FOUND)
        hook.uses += 1
        return HttpResponse(200, {"ok": True})

    def _hook(self, request: HttpRequest) -> _Hook:
        hook = self._hooks.get(request.path)
        if request.method != "POST" or hook is None:
            raise HookError("no_such_url")
        if self._now() - hook.made > LIFETIME:
            raise HookError("expired_url")
        if hook.uses >= MAX_USES:
            raise HookError("used_url")
        return hook

    def show(self, channel: Channel, user: str, content: JsonObject, original: Message | None) -> None:
        """Show a reply. It is ephemeral unless `response_type`, `replace_original` or `delete_original` says otherwise.

        Raises:
            HookError: Slack would not show the content.
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
    if not isinstance(blocks, list) or len(text) > MAX_TEXT_LENGTH:
        raise HookError("invalid_payload")
    shown = cast("list[JsonObject]", blocks)
    if fault_of(shown) is not None:
        raise HookError("invalid_blocks")
    return text, shown


def _refused(error: str, status: int) -> HttpResponse:
    return HttpResponse(status, {"ok": False, "error": error})
