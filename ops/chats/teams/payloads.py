"""Parses Teams activities: only the parts that Daytwo uses, each of which is checked."""

import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from ops.chats.teams.renderer import REASON
from ops.endpoints.json_reader import NotJsonError, read_json
from ops.endpoints.rejected_requests import RequestRejectedError
from ops.model.approval import Choice
from ops.model.json import Json

# Ids become part of addresses and keys, so they must not contain a slash, space or bar.
_ID = re.compile(r"[\w:@.;=+-]{1,400}", re.ASCII)
_USER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_TOKEN = re.compile(r"[\w-]{1,64}", re.ASCII)
_URL = re.compile(r"https?://[\w.:/%-]{1,500}", re.ASCII)
_AT = re.compile(r"<at\b[^>]*>.*?</at>", re.IGNORECASE | re.DOTALL)
_LONGEST_TEXT = 4_000
_LONGEST_NAME = 100
_CHOICES = {choice.value: choice for choice in Choice}

type Fields = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender: the id in Teams, the object id in Entra (empty for guests without one), and the display name."""

    id: str
    user: str
    shown: str


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity. `tenants` are all tenants that it names, in lower case; `bot` is our own id in Teams."""

    kind: str
    name: str
    channel: str
    id: str
    service_url: str
    conversation: str
    is_personal: bool
    tenants: frozenset[str]
    sender: Sender
    bot: str
    fields: Fields

    @property
    def event(self) -> str:
        """Returns the key of this activity. Activity ids repeat between conversations, and conversation ids are long."""
        return f"{self.id}@{hashlib.sha256(self.conversation.encode()).hexdigest()[:16]}"

    def adds_the_bot(self) -> bool:
        """Whether the bot has just been installed here."""
        if self.kind == "installationUpdate":
            return self.fields.get("action") in ("add", "add-upgrade")
        added = self.fields.get("membersAdded")
        members = added if isinstance(added, list) else []
        return self.kind == "conversationUpdate" and any(
            isinstance(each, dict) and each.get("id") == self.bot for each in members
        )

    def is_for_the_bot(self) -> bool:
        """Whether the activity is addressed to the bot: in a personal chat, or with a mention. A bot can receive all messages of a channel."""
        return self.is_personal or any(self._is_bot(each) for each in self._mentioned())

    def text(self) -> str:
        """Returns the text without the mention of the bot; empty if there is none, as for a picture.

        Raises:
            UnreadableActivityError: the text is not a string, or too long.
        """
        written = self.fields.get("text")
        text = "" if written is None else written
        if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
            raise UnreadableActivityError(f"text must be a string of at most {_LONGEST_TEXT} characters")
        text = self._without_mention(text)
        return " ".join(html.unescape(text).replace("\xa0", " ").split())

    def _without_mention(self, text: str) -> str:
        """Removes the mention of the bot. Its spelling in the text can differ from the one in the activity, or be missing there."""
        mentions = self._mentioned()
        own = [_spelling(each) for each in mentions if self._is_bot(each)]
        others = {_spelling(each).casefold() for each in mentions if not self._is_bot(each)} - {""}
        bare = text
        for spelling in filter(None, own):
            bare = re.sub(re.escape(spelling), " ", bare, flags=re.IGNORECASE)
        if not own or bare != text:
            return bare
        called = next((each for each in _AT.finditer(text) if each[0].casefold() not in others), None)
        return text if called is None else f"{text[: called.start()]} {text[called.end() :]}"

    def _mentioned(self) -> list[Fields]:
        entities = self.fields.get("entities")
        found = [each for each in entities if isinstance(each, dict)] if isinstance(entities, list) else []
        return [each for each in found if isinstance(each.get("mentioned"), dict)]

    def _is_bot(self, mention: Fields) -> bool:
        return str(_inner(mention, "mentioned").get("id")).casefold() == self.bot.casefold()

    def vote(self) -> tuple[str, Choice, str]:
        """Returns the token and choice of the button that was used, and the reason as the person wrote it.

        Raises:
            UnreadableActivityError: the action is not one of Daytwo's buttons, or its content is malformed.
        """
        action = _inner(_inner(self.fields, "value"), "action")
        data = _inner(action, "data")
        verb, token, reason = action.get("verb"), data.get("token"), data.get(REASON, "")
        if action.get("type") != "Action.Execute" or not isinstance(verb, str) or verb not in _CHOICES:
            raise UnreadableActivityError("the action is not one of Daytwo's buttons")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise UnreadableActivityError("the button does not contain a Daytwo token")
        if not isinstance(reason, str):
            raise UnreadableActivityError("the reason is not a string")
        return token, _CHOICES[verb], reason


def read_activity(body: bytes) -> Activity:
    """Parses the activity.

    Raises:
        UnreadableActivityError: it is not a JSON object, or lacks a field that every Teams activity has (400).
    """
    try:
        fields = read_json(body)
    except NotJsonError as error:
        raise UnreadableActivityError(f"{error}") from None
    if not isinstance(fields, dict):
        raise UnreadableActivityError("the body must be a JSON object")
    conversation, sender = _inner(fields, "conversation"), _inner(fields, "from")
    user = str(sender.get("aadObjectId") or "")
    return Activity(
        kind=_code(fields, "type"),
        name=str(fields.get("name") or "")[:_LONGEST_NAME],
        channel=_code(fields, "channelId"),
        id=_matching(fields, "id", _ID),
        service_url=_matching(fields, "serviceUrl", _URL),
        conversation=_matching(conversation, "id", _ID),
        is_personal=conversation.get("conversationType") == "personal",
        tenants=_tenants(fields),
        sender=Sender(
            _matching(sender, "id", _ID),
            user.lower() if _USER.fullmatch(user) else "",
            str(sender.get("name") or "")[:_LONGEST_NAME],
        ),
        bot=_matching(_inner(fields, "recipient"), "id", _ID),
        fields=fields,
    )


class UnreadableActivityError(RequestRejectedError):
    """The rejection of an activity that cannot be read (400)."""

    def __init__(self, why: str) -> None:
        super().__init__(HTTPStatus.BAD_REQUEST, "unreadable", f"this is not an activity as Teams sends it: {why}")


def _tenants(fields: Fields) -> frozenset[str]:
    named = (
        _inner(_inner(fields, "channelData"), "tenant").get("id"),
        _inner(fields, "conversation").get("tenantId"),
        _inner(fields, "from").get("tenantId"),
    )
    return frozenset(str(each).lower() for each in named if each is not None)


def _spelling(mention: Fields) -> str:
    """Returns how the text contains a mention; empty if the activity does not say so."""
    text = mention.get("text")
    return text if isinstance(text, str) else ""


def _inner(fields: Fields, name: str) -> Fields:
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def _code(fields: Fields, name: str) -> str:
    return _matching(fields, name, _TOKEN)


def _matching(fields: Fields, name: str, pattern: re.Pattern[str]) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise UnreadableActivityError(f"{name} is missing or malformed")
    return value
