"""The webhook of a Teams Workflows flow. It accepts Adaptive Cards in a message envelope, within the limits of Teams.

Source: "Create incoming webhooks with Workflows for Microsoft Teams"; "Format cards", size and schema limits.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from math import ceil
from typing import cast

from simulator.http_types import HttpRequest, HttpResponse, JsonObject, NotAnObjectError, RequestCounter

PREFIX = "/teams/workflows/"
FLOW = "3f1c7a5d9e2b4c6880a1b2c3d4e5f607"
SIGNATURE = "simulated-signature"
PATH = f"{PREFIX}{FLOW}/triggers/manual/paths/invoke"
URL_PATH = f"{PATH}?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SIGNATURE}"
CARD = "application/vnd.microsoft.card.adaptive"
MAX_BYTES = 28 * 1024
NEWEST_VERSION = (1, 4)
FLOW_ACTIONS = ("Action.OpenUrl", "Action.ShowCard")
POSTS, SPAN = 25, timedelta(seconds=300)


class CardError(ValueError):
    """Teams would not show the message. The text states the reason."""


@dataclass(frozen=True, slots=True)
class ChannelCard:
    """A card in a channel."""

    at: datetime
    card: JsonObject

    def document(self) -> JsonObject:
        """Return the card as JSON for a viewer."""
        return {"at": self.at.isoformat(), "card": self.card}


class TeamsApi:
    """Handles ``/teams/workflows/``. The cards it accepted are in ``shown``."""

    def __init__(self, now: Callable[[], datetime], requests: RequestCounter) -> None:
        self.shown: list[ChannelCard] = []
        self._now = now
        self._requests = requests
        self._posted: list[datetime] = []

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Handle one request."""
        if request.method != "POST" or request.path != PATH:
            return _error(HTTPStatus.NOT_FOUND, "WorkflowNotFound", "The workflow could not be found.")
        if request.query.get("sig") != SIGNATURE:
            message = "The request does not have this workflow's signature: use the URL as issued."
            return _error(HTTPStatus.UNAUTHORIZED, "DirectApiAuthorizationRequired", message)
        self._requests.record("teams", "post", "webhook")
        now = self._now()
        self._posted = [at for at in self._posted if at > now - SPAN]
        if len(self._posted) >= POSTS:
            wait_s = ceil((self._posted[0] + SPAN - now).total_seconds())
            message = f"Rate limit is exceeded. Try again in {wait_s} seconds."
            return _error(HTTPStatus.TOO_MANY_REQUESTS, "TooManyRequests", message, {"Retry-After": str(wait_s)})
        try:
            card = read_card(request)
        except (CardError, NotAnObjectError) as error:
            return _error(HTTPStatus.BAD_REQUEST, "InvalidRequestContent", str(error))
        self._posted.append(now)
        self.shown.append(ChannelCard(now, card))
        return HttpResponse(HTTPStatus.ACCEPTED)

    def documents(self) -> list[JsonObject]:
        """Return every card for a viewer, oldest first."""
        return [shown.document() for shown in self.shown]


def read_card(request: HttpRequest) -> JsonObject:
    """Return the card in a message.

    Raises:
        CardError: the message is too large, has no envelope, or contains something that Teams does not show.
    """
    if len(request.body) > MAX_BYTES:
        raise CardError(f"The message has {len(request.body)} bytes; Teams shows at most {MAX_BYTES}.")
    message = request.document()
    attachments = message.get("attachments")
    if message.get("type") != "message" or not isinstance(attachments, list) or len(attachments) != 1:
        raise CardError("The body must be a message with one attachment: the card's envelope.")
    attachment = cast("JsonObject", attachments[0])
    content = attachment.get("content")
    if attachment.get("contentType") != CARD or not isinstance(content, dict):
        raise CardError(f"The attachment must have contentType {CARD} and a card as its content.")
    card = cast("JsonObject", content)
    check_card(card, NEWEST_VERSION, FLOW_ACTIONS)
    return card


def check_card(card: JsonObject, newest: tuple[int, int], actions: tuple[str, ...]) -> None:
    """Check that Teams can show a card.

    Raises:
        CardError: the card contains something that Teams does not show.
    """
    if card.get("type") != "AdaptiveCard":
        raise CardError(f"The card's type is {card.get('type')!r}, not AdaptiveCard.")
    version = str(card.get("version"))
    try:
        major, minor = (int(part) for part in version.split("."))
    except ValueError as error:
        raise CardError(f"The card's version is {version!r}, which is not a version.") from error
    if (major, minor) > newest:
        raise CardError(f"The card has version {version}; the newest supported version is {newest[0]}.{newest[1]}.")
    for element in _elements(card):
        match element.get("type"):
            case "Table":
                raise CardError("The card contains a Table, which some clients do not show: use ColumnSet.")
            case str(kind) if kind.startswith("Action.") and kind not in actions:
                raise CardError(f"The card contains {kind}; supported are {', '.join(actions)}.")
            case _:
                pass


def _elements(value: object) -> Iterator[JsonObject]:
    """Return every object in a card, at any depth."""
    if isinstance(value, dict):
        yield cast("JsonObject", value)
        for part in value.values():
            yield from _elements(part)
    elif isinstance(value, list):
        for part in value:
            yield from _elements(part)


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(status, {"error": {"code": code, "message": message}}, headers or {})
