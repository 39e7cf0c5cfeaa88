"""The Bot Connector for Teams: posts, replies in threads, edits and private conversations. Every activity is kept.

Source: "Bot Connector API reference"; "Optimize your bot with rate limiting in Teams"; "Limits and specifications for Teams".
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import cast

from simulator.azure.errors import ArmError
from simulator.azure.throttle import Buckets, Limit
from simulator.azure.tokens import BOT_AUDIENCE, Tenant, TokenError
from simulator.http_types import HttpRequest, HttpResponse, JsonObject, NotAnObjectError, RequestCounter
from simulator.teams.api import CARD, CardError, check_card
from simulator.world.specs import TENANT

PREFIX = "/teams/connector/"
APP_ID = "33333333-3333-3333-3333-333333333333"
SECRET = "simulated-bot-secret"  # noqa: S105  # of an application that does not exist
CHANNELS = ("19:daytwo@thread.tacv2", "19:shop@thread.tacv2")
CHATS = ("19:oncall@thread.v2",)
MAX_BYTES = 80 * 1024
NEWEST_VERSION = (1, 5)
ACTIONS = ("Action.OpenUrl", "Action.ShowCard", "Action.Execute", "Action.ToggleVisibility", "Action.Submit")
# A thread accepts 7 messages per second.
SENDS = Limit(7, 7)


class ConnectorError(Exception):
    """An error response in the Connector's format."""

    def __init__(self, status: int, code: str, why: str) -> None:
        super().__init__(why)
        self.status, self.code = status, code


@dataclass
class BotActivity:
    """An activity by the bot. `thread` is the post that it replies to in a channel; it is empty for posts and outside channels."""

    id: str
    conversation: str
    thread: str
    at: datetime
    activity: JsonObject
    edits: int = 0

    @property
    def card(self) -> JsonObject:
        """The card in the activity; empty if there is none."""
        attachments = cast("list[JsonObject]", self.activity.get("attachments") or [{}])
        return cast("JsonObject", attachments[0].get("content", {}))

    def document(self) -> JsonObject:
        """Return the activity as JSON for a viewer."""
        return {
            "id": self.id,
            "conversation": self.conversation,
            "thread": self.thread,
            "at": self.at.isoformat(),
            "edits": self.edits,
            "summary": self.activity.get("summary", ""),
            "card": self.card,
        }


class Connector:
    """Handles ``/teams/connector/``. The activities that it accepted are in ``sent``."""

    def __init__(self, now: Callable[[], datetime], requests: RequestCounter) -> None:
        self.sent: list[BotActivity] = []
        # Members with whom the bot cannot have a private conversation, because they have not installed it or have blocked
        # it.
        self.closed: set[str] = set()
        # Messages that a person has deleted. Teams answers 403 to an edit of one.
        self.deleted: set[str] = set()
        self.personal: dict[str, str] = {}
        self._now = now
        self._requests = requests
        self._buckets = Buckets()
        self._tenant: Tenant | None = None

    def open(self, tenant: Tenant) -> None:
        """From now on, accept the tenant's tokens."""
        self._tenant = tenant

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Handle one request."""
        try:
            self._authorize(request)
            return self._route(request, request.path.removeprefix(PREFIX).split("/"))
        except TokenError:
            return HttpResponse(401, {"message": "Authorization has been denied for this request."})
        except ConnectorError as error:
            return HttpResponse(error.status, {"error": {"code": error.code, "message": str(error)}})
        except (CardError, NotAnObjectError) as error:
            return HttpResponse(400, {"error": {"code": "BadSyntax", "message": str(error)}})
        except ArmError as error:
            document: JsonObject = {"error": {"code": "TooManyRequests", "message": str(error)}}
            return HttpResponse(429, document, {"Retry-After": str(error.retry_after_s)})

    def documents(self) -> list[JsonObject]:
        """Return every activity for a viewer, oldest first."""
        return [sent.document() for sent in self.sent]

    def find(self, identity: str) -> BotActivity | None:
        """Return an activity by the bot."""
        return next((sent for sent in self.sent if sent.id == identity), None)

    def _authorize(self, request: HttpRequest) -> None:
        if self._tenant is None or self._tenant.application(request.bearer, BOT_AUDIENCE) != APP_ID:
            raise TokenError("the token is not the bot's")

    def _route(self, request: HttpRequest, path: list[str]) -> HttpResponse:
        self._requests.record("teams", f"{request.method} {'/'.join(path[:2])}", APP_ID)
        if len(request.body) > MAX_BYTES:
            raise ConnectorError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "MessageSizeTooBig", "Message size too large.")
        document = request.document()
        match request.method, path:
            case "POST", ["v3", "conversations"]:
                return HttpResponse(HTTPStatus.CREATED, self._create(document))
            case "POST", ["v3", "conversations", conversation, "activities"]:
                return HttpResponse(HTTPStatus.CREATED, {"id": self._send(conversation, document).id})
            case "POST", ["v3", "conversations", conversation, "activities", answered]:
                return HttpResponse(HTTPStatus.CREATED, {"id": self._send(conversation, document, answered).id})
            case "PUT", ["v3", "conversations", conversation, "activities", changed]:
                return HttpResponse(HTTPStatus.OK, {"id": self._edit(conversation, changed, document).id})
            case _:
                raise ConnectorError(HTTPStatus.NOT_FOUND, "ServiceError", "Unknown route.")

    def _create(self, document: JsonObject) -> JsonObject:
        """Start a thread in a channel, or a conversation with one person. Group chats cannot be created."""
        if document.get("isGroup"):
            data = cast("dict[str, dict[str, str]]", document.get("channelData", {}))
            channel = data.get("channel", {}).get("id", "")
            activity = document.get("activity")
            if channel not in CHANNELS or not isinstance(activity, dict):
                raise ConnectorError(HTTPStatus.BAD_REQUEST, "BadSyntax", "Bad format of conversation ID")
            sent = self._send(channel, cast("JsonObject", activity))
            return {"id": f"{channel};messageid={sent.id}", "activityId": sent.id}
        members = cast("list[dict[str, str]]", document.get("members") or [])
        if len(members) != 1 or document.get("tenantId") != TENANT:
            raise ConnectorError(HTTPStatus.BAD_REQUEST, "BadSyntax", "Exactly one member and the tenant are required.")
        user = members[0]["id"]
        if not user.startswith("29:") or user in self.closed:
            raise ConnectorError(HTTPStatus.FORBIDDEN, "ConversationBlockedByUser", "User blocked the conversation.")
        identity = f"a:{hashlib.sha256(user.encode()).hexdigest()}"
        self.personal[identity] = user
        return {"id": identity}

    def _send(self, conversation: str, activity: JsonObject, answered: str = "") -> BotActivity:
        channel, thread = self._where(conversation)
        if answered and self.find(answered) is None and not answered.startswith("said-"):
            raise ConnectorError(HTTPStatus.NOT_FOUND, "ActivityNotFoundInConversation", "There is no such activity.")
        _check(activity)
        self._buckets.take(SENDS, f"{channel}/{thread}", self._now(), "TooManyRequests")
        identity = str(int(self._now().timestamp() * 1000) + len(self.sent))
        sent = BotActivity(identity, channel, thread, self._now(), activity)
        self.sent.append(sent)
        return sent

    def _edit(self, conversation: str, changed: str, activity: JsonObject) -> BotActivity:
        channel, thread = self._where(conversation)
        sent = self.find(changed)
        if sent is None or sent.conversation != channel or thread not in (sent.thread, sent.id):
            raise ConnectorError(HTTPStatus.NOT_FOUND, "ActivityNotFoundInConversation", "There is no such activity.")
        if changed in self.deleted:
            raise ConnectorError(HTTPStatus.FORBIDDEN, "Forbidden", "The message was deleted.")
        _check(activity)
        self._buckets.take(SENDS, f"{channel}/{thread}", self._now(), "TooManyRequests")
        sent.activity = activity
        sent.edits += 1
        return sent

    def _where(self, conversation: str) -> tuple[str, str]:
        """Return the channel or chat, and the thread in it."""
        place, _, thread = conversation.partition(";messageid=")
        if place not in (*CHANNELS, *CHATS, *self.personal):
            message = "The bot is not part of the conversation roster."
            raise ConnectorError(HTTPStatus.FORBIDDEN, "BotNotInConversationRoster", message)
        if thread and (place not in CHANNELS or (self.find(thread) is None and not thread.startswith("said-"))):
            raise ConnectorError(HTTPStatus.NOT_FOUND, "ConversationNotFound", "Conversation not found.")
        return place, thread


def _check(activity: JsonObject) -> None:
    """Validate a message and the card in it.

    Raises:
        ConnectorError: the message is invalid.
        CardError: Teams would not show the card.
    """
    if activity.get("type") != "message":
        raise ConnectorError(HTTPStatus.BAD_REQUEST, "BadSyntax", "The activity must be a message.")
    attachments = activity.get("attachments") or []
    for attachment in cast("list[JsonObject]", attachments):
        content = attachment.get("content")
        if attachment.get("contentType") != CARD or not isinstance(content, dict):
            raise CardError(f"The attachment must have contentType {CARD} and a card as its content.")
        check_card(cast("JsonObject", content), NEWEST_VERSION, ACTIONS)
    if not attachments and not activity.get("text"):
        raise ConnectorError(HTTPStatus.BAD_REQUEST, "BadSyntax", "Activity must include non empty 'text' field.")
