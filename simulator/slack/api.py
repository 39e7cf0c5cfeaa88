"""Slack's Web API: posts, edits, history, with Slack's checks and rate limits on the virtual clock."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import cast
from urllib.parse import parse_qsl

from simulator.azure.errors import ArmError
from simulator.azure.throttle import Buckets, Limit
from simulator.http_types import Answer, Call, JsonObject, NotAnObjectError, Requests
from simulator.slack.blocks import LONGEST_TEXT, fault_of, files_of
from simulator.slack.bot_client import BotClient
from simulator.slack.files import UPLOADS, FileError, Files
from simulator.slack.hooks import PREFIX as HOOKS
from simulator.slack.hooks import Hooks
from simulator.slack.messages import BOT_ID, BOT_USER, Channel, Message
from simulator.slack.views import ViewError
from simulator.slack.workspace import TEAM, USERS

PREFIX = "/slack/api/"
TOKEN = "xoxb-0000-simulated"  # noqa: S105  # the only token of a workspace that does not exist
# https://docs.slack.dev/apis/web-api/rate-limits: a message a second a channel, updates and reads by the minute.
POSTS = Limit(1, 1)
UPDATES = Limit(50, 50 / 60)
READS = Limit(50, 50 / 60)
# Tiers 4 and 2 of the methods for files and people.
UPLOADS_A_MINUTE = Limit(100, 100 / 60)
LOOKUPS = Limit(100, 100 / 60)
VIEWS = Limit(100, 100 / 60)
LARGEST_PAGE = 999


class SlackError(Exception):
    """What Slack answers with ``ok: false``; the text is Slack's own word for it."""


def is_slack(path: str) -> bool:
    """Whether a path is Slack's own: its Web API, an upload, an address for private answers."""
    return path.startswith((PREFIX, HOOKS, UPLOADS))


class InvalidBlocksError(Exception):
    """Blocks that Slack refuses with more than a word; ``why`` names the place."""

    def __init__(self, why: str) -> None:
        super().__init__("invalid_blocks")
        self.why = why


class SlackApi:
    """Answers what ``is_slack``; every message stays readable in ``channels``, ``doors`` is where people press."""

    def __init__(self, channels: tuple[str, ...], now: Callable[[], datetime], requests: Requests) -> None:
        self.channels = {name: Channel(name) for name in channels}
        self._now = now
        self._requests = requests
        self._buckets = Buckets()
        self._posted = 0
        self.files = Files(now)
        self.hooks = Hooks(now, self._put)
        self.doors = BotClient(self.channels, self.hooks, now)

    def answer(self, call: Call) -> Answer:
        """Answer one request."""
        if call.path.startswith(HOOKS):
            self._requests.note("slack", "response_url", BOT_USER)
            return self.hooks.answer(call)
        if call.path.startswith(UPLOADS):
            self._requests.note("slack", "upload", BOT_USER)
            return self.files.upload(call)
        return self._method(call)

    def _method(self, call: Call) -> Answer:
        method = call.path.removeprefix(PREFIX)
        try:
            arguments = _arguments(call)
            _check_token(call.bearer or arguments.get("token"))
            self._requests.note("slack", method, BOT_USER)
            return Answer(200, {"ok": True, **self._call(method, arguments, call.origin)})
        except InvalidBlocksError as error:
            messages: JsonObject = {"messages": [f"[ERROR] {error.why}"]}
            return Answer(200, {"ok": False, "error": str(error), "errors": [error.why], "response_metadata": messages})
        except ViewError as error:
            told: JsonObject = {"messages": [f"[ERROR] {error.why}"]} if error.why else {}
            return Answer(200, {"ok": False, "error": str(error), "response_metadata": told})
        except (SlackError, FileError) as error:
            return Answer(200, {"ok": False, "error": str(error)})
        except NotAnObjectError:
            return Answer(200, {"ok": False, "error": "invalid_json"})
        except ArmError as error:
            self._requests.note("slack", f"{method} limited", BOT_USER)
            return Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(error.retry_after_s)})

    def documents(self) -> list[JsonObject]:
        """Return every channel for a viewer."""
        return [channel.document() for channel in self.channels.values()]

    def _call(self, method: str, arguments: JsonObject, origin: str) -> JsonObject:
        match method:
            case "auth.test":
                return {
                    "user_id": BOT_USER,
                    "bot_id": BOT_ID,
                    "team_id": TEAM,
                    "team": "Simulated",
                    "user": "daytwo",
                }
            case "chat.postMessage":
                return self._post(arguments)
            case "chat.update":
                return self._update(arguments)
            case "conversations.history":
                return self._history(arguments)
            case "conversations.replies":
                return self._replies(arguments)
            case "users.info":
                self._limit(LOOKUPS, method)
                user = USERS.get(str(arguments.get("user")))
                if user is None:
                    raise SlackError("user_not_found")
                return {"user": user.document()}
            case _:
                return self._show(method, arguments, origin)

    def _show(self, method: str, arguments: JsonObject, origin: str) -> JsonObject:
        """Answer what shows something beside messages: files and modals."""
        match method:
            case "files.getUploadURLExternal":
                self._limit(UPLOADS_A_MINUTE, method)
                return self.files.begin(arguments, origin)
            case "files.completeUploadExternal":
                self._limit(UPLOADS_A_MINUTE, method)
                return self.files.complete(arguments)
            case "views.open":
                self._limit(VIEWS, method)
                return self.doors.views.open(arguments)
            case _:
                raise SlackError("unknown_method")

    def _post(self, arguments: JsonObject) -> JsonObject:
        channel = self._channel(arguments)
        self._limit(POSTS, f"post/{channel.id}")
        content = _content(arguments)
        thread = cast("str | None", arguments.get("thread_ts"))
        if thread is not None and channel.find(thread) is None:
            raise SlackError("thread_not_found")
        self._check_files(content)
        message = self._put(channel, content.text, content.blocks)
        message.attachments, message.metadata, message.thread_ts = content.attachments, content.metadata, thread
        return {"channel": channel.id, "ts": message.ts, "message": message.document()}

    def _update(self, arguments: JsonObject) -> JsonObject:
        channel = self._channel(arguments)
        self._limit(UPDATES, "update")
        message = channel.find(str(arguments.get("ts")))
        if message is None:
            raise SlackError("message_not_found")
        content = _content(arguments)
        self._check_files(content)
        message.text, message.blocks, message.attachments = content.text, content.blocks, content.attachments
        # Without new metadata Slack keeps what the message has.
        message.metadata = content.metadata or message.metadata
        message.edits += 1
        message.edited = self._now()
        return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": message.document()}

    def _put(self, channel: Channel, text: str, blocks: list[JsonObject]) -> Message:
        self._posted += 1
        now = self._now()
        message = Message(channel.id, f"{int(now.timestamp())}.{self._posted:06d}", now, text, blocks, [])
        channel.messages.append(message)
        return message

    def _check_files(self, content: "_Content") -> None:
        for number, identity in files_of(content.blocks):
            if not self.files.can_show(identity):
                raise InvalidBlocksError(f"invalid slack file [json-pointer:/blocks/{number}/slack_file]")

    def _history(self, arguments: JsonObject) -> JsonObject:
        channel = self._channel(arguments)
        self._limit(READS, "history")
        roots = [message for message in channel.messages if message.thread_ts in (None, message.ts)]
        return _page(list(reversed(roots)), arguments)

    def _replies(self, arguments: JsonObject) -> JsonObject:
        channel = self._channel(arguments)
        self._limit(READS, "replies")
        root = channel.find(str(arguments.get("ts")))
        if root is None:
            raise SlackError("thread_not_found")
        return _page([m for m in channel.messages if m is root or m.thread_ts == root.ts], arguments)

    def _channel(self, arguments: JsonObject) -> Channel:
        channel = self.channels.get(str(arguments.get("channel")))
        if channel is None:
            raise SlackError("channel_not_found")
        return channel

    def _limit(self, limit: Limit, key: str) -> None:
        self._buckets.take(limit, key, self._now(), "ratelimited")


def _check_token(token: object) -> None:
    if token is None:
        raise SlackError("not_authed")
    if token != TOKEN:
        raise SlackError("invalid_auth")


def _arguments(call: Call) -> JsonObject:
    """Read arguments as Slack does: JSON, a form, or the query."""
    if call.headers.get("Content-Type", "").startswith("application/json"):
        return {**call.query, **call.document()} if call.body else dict(call.query)
    form: JsonObject = dict(parse_qsl(call.body.decode(), keep_blank_values=True))
    return {**call.query, **form}


class _Content:
    """What a post or an edit puts into a message."""

    def __init__(self, text: str, blocks: list[JsonObject], attachments: list[JsonObject]) -> None:
        self.text = text
        self.blocks = blocks
        self.attachments = attachments
        self.metadata: JsonObject | None = None


def _content(arguments: JsonObject) -> _Content:
    blocks = cast("list[JsonObject]", _decoded(arguments.get("blocks"), list) or [])
    attachments = cast("list[JsonObject]", _decoded(arguments.get("attachments"), list) or [])
    content = _Content(str(arguments.get("text") or ""), blocks, attachments)
    if not (content.text or blocks or attachments):
        raise SlackError("no_text")
    if len(content.text) > LONGEST_TEXT:
        raise SlackError("msg_too_long")
    fault = fault_of(blocks)
    if fault is not None:
        raise SlackError(fault)
    metadata = cast("JsonObject | None", _decoded(arguments.get("metadata"), dict))
    if metadata is not None and not (metadata.get("event_type") and isinstance(metadata.get("event_payload"), dict)):
        raise SlackError("invalid_metadata_format")
    content.metadata = metadata
    return content


def _decoded(value: object, kind: type) -> object:
    """Return a structure that may have come as JSON in a form's field."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value else None
        except ValueError as error:
            raise SlackError("invalid_blocks_format" if kind is list else "invalid_metadata_format") from error
    if value is not None and not isinstance(value, kind):
        raise SlackError("invalid_blocks_format" if kind is list else "invalid_metadata_format")
    return value


def _page(messages: list[Message], arguments: JsonObject) -> JsonObject:
    oldest, latest = float(str(arguments.get("oldest") or 0)), float(str(arguments.get("latest") or "inf"))
    inclusive = _truth(arguments.get("inclusive"))
    within = [m for m in messages if oldest < float(m.ts) < latest or (inclusive and float(m.ts) in (oldest, latest))]
    try:
        limit, first = int(str(arguments.get("limit") or 100)), int(str(arguments.get("cursor") or 0))
    except ValueError as error:
        raise SlackError("invalid_cursor") from error
    limit = min(limit, LARGEST_PAGE)
    more = first + limit < len(within)
    with_metadata = _truth(arguments.get("include_all_metadata"))
    return {
        "messages": [m.document(with_metadata=with_metadata) for m in within[first : first + limit]],
        "has_more": more,
        "response_metadata": {"next_cursor": str(first + limit) if more else ""},
    }


def _truth(value: object) -> bool:
    return str(value).lower() in ("1", "true")
