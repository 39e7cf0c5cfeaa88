"""Slack's Web API: posts, edits and history, with Slack's validation and rate limits on the virtual clock."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import cast
from urllib.parse import parse_qsl

from simulator.azure.errors import ArmError
from simulator.azure.throttle import Buckets, Limit
from simulator.http_types import HttpRequest, HttpResponse, JsonObject, NotAnObjectError, RequestCounter
from simulator.slack.blocks import MAX_TEXT_LENGTH, fault_of, files_of
from simulator.slack.bot_client import BotClient
from simulator.slack.files import UPLOADS, FileError, Files
from simulator.slack.hooks import PREFIX as HOOKS
from simulator.slack.hooks import Hooks
from simulator.slack.messages import BOT_ID, BOT_USER, Channel, Message
from simulator.slack.views import ViewError
from simulator.slack.workspace import TEAM, USERS

PREFIX = "/slack/api/"
TOKEN = "xoxb-0000-simulated"  # noqa: S105  # the only token of a workspace that does not exist
# https://docs.slack.dev/apis/web-api/rate-limits: one message per second and channel; updates and reads per minute.
POSTS = Limit(1, 1)
UPDATES = Limit(50, 50 / 60)
READS = Limit(50, 50 / 60)
# Tiers 4 and 2, for the methods that concern files and users.
UPLOADS_PER_MINUTE = Limit(100, 100 / 60)
LOOKUPS = Limit(100, 100 / 60)
VIEWS = Limit(100, 100 / 60)
MAX_PAGE = 999


class SlackError(Exception):
    """A response with ``ok: false``. Its text is Slack's error code."""


def is_slack(path: str) -> bool:
    """Whether a path belongs to Slack: its Web API, an upload, or a response URL."""
    return path.startswith((PREFIX, HOOKS, UPLOADS))


class InvalidBlocksError(Exception):
    """Slack rejects the blocks; ``why`` states where the error is."""

    def __init__(self, why: str) -> None:
        super().__init__("invalid_blocks")
        self.why = why


class SlackApi:
    """Handles the paths that ``is_slack`` accepts. Messages are in ``channels``; ``bot_client`` calls the bot."""

    def __init__(self, channels: tuple[str, ...], now: Callable[[], datetime], requests: RequestCounter) -> None:
        self.channels = {name: Channel(name) for name in channels}
        self._now = now
        self._requests = requests
        self._buckets = Buckets()
        self._posted = 0
        self.files = Files(now)
        self.hooks = Hooks(now, self._put)
        self.bot_client = BotClient(self.channels, self.hooks, now)

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Handle one request."""
        if request.path.startswith(HOOKS):
            self._requests.record("slack", "response_url", BOT_USER)
            return self.hooks.handle(request)
        if request.path.startswith(UPLOADS):
            self._requests.record("slack", "upload", BOT_USER)
            return self.files.upload(request)
        return self._method(request)

    def _method(self, request: HttpRequest) -> HttpResponse:
        method = request.path.removeprefix(PREFIX)
        try:
            arguments = _arguments(request)
            _check_token(request.bearer or arguments.get("token"))
            self._requests.record("slack", method, BOT_USER)
            return HttpResponse(200, {"ok": True, **self._call(method, arguments, request.origin)})
        except InvalidBlocksError as error:
            messages: JsonObject = {"messages": [f"[ERROR] {error.why}"]}
            return HttpResponse(
                200, {"ok": False, "error": str(error), "errors": [error.why], "response_metadata": messages}
            )
        except ViewError as error:
            metadata: JsonObject = {"messages": [f"[ERROR] {error.why}"]} if error.why else {}
            return HttpResponse(200, {"ok": False, "error": str(error), "response_metadata": metadata})
        except (SlackError, FileError) as error:
            return HttpResponse(200, {"ok": False, "error": str(error)})
        except NotAnObjectError:
            return HttpResponse(200, {"ok": False, "error": "invalid_json"})
        except ArmError as error:
            self._requests.record("slack", f"{method} limited", BOT_USER)
            return HttpResponse(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(error.retry_after_s)})

    def documents(self) -> list[JsonObject]:
        """Return every channel as JSON for a viewer."""
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
        """Handle the methods for files and modals."""
        match method:
            case "files.getUploadURLExternal":
                self._limit(UPLOADS_PER_MINUTE, method)
                return self.files.begin(arguments, origin)
            case "files.completeUploadExternal":
                self._limit(UPLOADS_PER_MINUTE, method)
                return self.files.complete(arguments)
            case "views.open":
                self._limit(VIEWS, method)
                return self.bot_client.views.open(arguments)
            case _:
                raise SlackError("unknown_method")

    def _post(self, arguments: JsonObject) -> JsonObject:
        channel = self._open_channel(arguments)
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
        channel = self._open_channel(arguments)
        self._limit(UPDATES, "update")
        message = channel.find(str(arguments.get("ts")))
        if message is None:
            raise SlackError("message_not_found")
        if message.edit_error:
            raise SlackError(message.edit_error)
        content = _content(arguments)
        self._check_files(content)
        message.text, message.blocks, message.attachments = content.text, content.blocks, content.attachments
        # If an edit does not contain metadata, Slack keeps the message's metadata.
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

    def _open_channel(self, arguments: JsonObject) -> Channel:
        channel = self._channel(arguments)
        if channel.archived:
            raise SlackError("is_archived")
        return channel

    def _limit(self, limit: Limit, key: str) -> None:
        self._buckets.take(limit, key, self._now(), "ratelimited")


def _check_token(token: object) -> None:
    if token is None:
        raise SlackError("not_authed")
    if token != TOKEN:
        raise SlackError("invalid_auth")


def _arguments(request: HttpRequest) -> JsonObject:
    """Parse arguments as Slack does: from JSON, a form, or the query."""
    if request.headers.get("Content-Type", "").startswith("application/json"):
        return {**request.query, **request.document()} if request.body else dict(request.query)
    form: JsonObject = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    return {**request.query, **form}


class _Content:
    """The content of a post or an edit."""

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
    if len(content.text) > MAX_TEXT_LENGTH:
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
    """Return a structure, decoding it if it is JSON in a form field."""
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
    inclusive = _boolean(arguments.get("inclusive"))
    within = [m for m in messages if oldest < float(m.ts) < latest or (inclusive and float(m.ts) in (oldest, latest))]
    try:
        limit, first = int(str(arguments.get("limit") or 100)), int(str(arguments.get("cursor") or 0))
    except ValueError as error:
        raise SlackError("invalid_cursor") from error
    limit = min(limit, MAX_PAGE)
    more = first + limit < len(within)
    with_metadata = _boolean(arguments.get("include_all_metadata"))
    return {
        "messages": [m.document(with_metadata=with_metadata) for m in within[first : first + limit]],
        "has_more": more,
        "response_metadata": {"next_cursor": str(first + limit) if more else ""},
    }


def _boolean(value: object) -> bool:
    return str(value).lower() in ("1", "true")
