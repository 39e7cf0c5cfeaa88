"""People in Teams: they select buttons in cards and write to the bot. Teams signs their actions and sends them to its endpoint."""

from collections.abc import Iterator
from itertools import count
from typing import cast

import aiohttp

from simulator.http_types import JsonObject
from simulator.teams.connector import APP_ID, CHANNELS, CHATS, BotActivity, Connector
from simulator.teams.signing import Signer
from simulator.world.specs import TENANT

# How long Teams waits for a bot's response.
RESPONSE_TIMEOUT_S = 15
BOT = f"28:{APP_ID}"
NAME = "Daytwo"


class PeopleError(ValueError):
    """The person cannot perform the action. The text states the reason."""


class People:
    """The users in Teams. `endpoint` is the messaging endpoint in the Azure Bot resource."""

    def __init__(self, connector: Connector) -> None:
        self.endpoint = ""
        self._connector = connector
        self._signer: Signer | None = None
        self._events = count(1)

    def open(self, signer: Signer) -> None:
        """Use these keys for signing from now on."""
        self._signer = signer

    async def click_button(self, document: JsonObject) -> JsonObject:
        """Have ``user`` select the button with ``verb`` (or ``index``) of ``activity``, with ``inputs`` in its fields.

        ``event`` delivers the same action a second time.

        Raises:
            PeopleError: the activity or the button does not exist.
            KeyError: a field in the document is missing.
        """
        sent = self._connector.find(str(document["activity"]))
        if sent is None:
            raise PeopleError(f"There is no activity {document['activity']!r}.")
        return await self.send(click_activity(self.signer, sent, document, self._event(document)))

    async def say(self, document: JsonObject) -> JsonObject:
        """Have ``user`` write ``text`` to the bot: privately, or in a channel or group ``conversation`` with a mention of the bot.

        ``event`` delivers the same message a second time.

        Raises:
            PeopleError: the message cannot be sent.
            KeyError: a field in the document is missing.
        """
        return await self.send(self.message(document, self._event(document)))

    async def install(self, document: JsonObject) -> JsonObject:
        """Have ``user`` add the bot to a ``conversation``."""
        conversation = str(document["conversation"])
        activity = {
            **_base(self.signer, document, conversation, self._event(document)),
            "type": "conversationUpdate",
            "membersAdded": [{"id": BOT}],
        }
        return await self.send(activity)

    def message(self, document: JsonObject, event: str) -> JsonObject:
        """Return the activity that Teams sends when a person writes a message."""
        text = str(document["text"])
        conversation = str(document.get("conversation", ""))
        if not conversation:
            conversation = self._alone(document)
            return {
                **_base(self.signer, document, conversation, event),
                "type": "message",
                "text": text,
                "textFormat": "plain",
            }
        thread = f";messageid={event}" if conversation in CHANNELS else ""
        mention: JsonObject = {"type": "mention", "mentioned": {"id": BOT, "name": NAME}, "text": f"<at>{NAME}</at>"}
        return {
            **_base(self.signer, document, conversation + thread, event),
            "type": "message",
            "text": f"<at>{NAME}</at> {text}\n",
            "textFormat": "plain",
            "entities": [mention],
        }

    def _alone(self, document: JsonObject) -> str:
        user = f"29:{document['user']}"
        identity = f"a:alone-{document['user']}"
        self._connector.personal[identity] = user
        return identity

    @property
    def signer(self) -> Signer:
        """The keys for signing.

        Raises:
            PeopleError: the simulation has not started.
        """
        if self._signer is None:
            raise PeopleError("The simulation has not started.")
        return self._signer

    def _event(self, document: JsonObject) -> str:
        return str(document.get("event") or f"said-{next(self._events)}")

    async def send(self, activity: JsonObject, token: str | None = None) -> JsonObject:
        """Send an activity to the bot as Teams does, and return the response.

        Raises:
            PeopleError: the bot does not have an endpoint.
        """
        if not self.endpoint:
            raise PeopleError("The bot has no endpoint: POST it to /teams/bot.")
        headers = {"Authorization": f"Bearer {token or self.signer.token()}"}
        timeout = aiohttp.ClientTimeout(total=RESPONSE_TIMEOUT_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(self.endpoint, json=activity, headers=headers) as response,
        ):
            body = await response.json(content_type=None) if response.content_length else None
            return {"status": response.status, "answer": body, "event": activity["id"]}


def click_activity(signer: Signer, sent: BotActivity, document: JsonObject, event: str) -> JsonObject:
    """Return the activity that Teams sends when a person selects a button.

    Raises:
        PeopleError: the card does not have the button, or a field does not accept its value.
    """
    wanted = list(_executing(sent.card, ()))
    verb, index = document.get("verb"), document.get("index")
    found = [each for at, each in enumerate(wanted) if each[0].get("verb") == verb or at == index]
    if not found:
        shown = ", ".join(str(action.get("verb")) for action, _ in wanted) or "none"
        raise PeopleError(f"The card does not have a button {verb or index!r}: its buttons are {shown}.")
    button, fields = found[0]
    action = {key: button[key] for key in ("type", "verb", "data", "title") if key in button}
    if fields:
        written = cast("JsonObject", document.get("inputs") or {})
        action["data"] = {**cast("JsonObject", action.get("data", {})), **_written(fields, written)}
    thread = f";messageid={sent.thread or sent.id}" if sent.conversation in CHANNELS else ""
    return {
        **_base(signer, document, sent.conversation + thread, event),
        "type": "invoke",
        "name": "adaptiveCard/action",
        "replyToId": sent.id,
        "value": {"action": action, "trigger": "manual"},
    }


def _executing(card: JsonObject, above: tuple[JsonObject, ...]) -> Iterator[tuple[JsonObject, tuple[JsonObject, ...]]]:
    """Return the buttons that call the bot, each with the fields that Teams sends: those in its own card and all enclosing cards."""
    body = cast("list[JsonObject]", card.get("body", []))
    fields = (*above, *(element for element in body if str(element.get("type")).startswith("Input.")))
    for action in cast("list[JsonObject]", card.get("actions", [])):
        if action["type"] == "Action.Execute":
            yield action, fields
        elif action["type"] == "Action.ShowCard":
            yield from _executing(cast("JsonObject", action["card"]), fields)


def _written(fields: tuple[JsonObject, ...], given: JsonObject) -> JsonObject:
    """Return the values in the fields. Empty fields are not sent."""
    found: JsonObject = {}
    for field in fields:
        text, longest = str(given.get(str(field["id"]), "")), int(str(field.get("maxLength", 1_000_000)))
        if len(text) > longest:
            raise PeopleError(f"{len(text)} characters are too many: the maximum of {field['id']} is {longest}.")
        if text:
            found[str(field["id"])] = text
    return found


def _base(signer: Signer, document: JsonObject, conversation: str, event: str) -> JsonObject:
    """Return the fields that every activity from Teams has."""
    user, tenant = str(document["user"]), str(document.get("tenant", TENANT))
    place = conversation.partition(";")[0]
    kind = "channel" if place in CHANNELS else "groupChat" if place in CHATS else "personal"
    data: JsonObject = {"tenant": {"id": tenant}}
    if kind == "channel":
        data["channel"] = {"id": place}
    return {
        "id": event,
        "channelId": "msteams",
        "serviceUrl": signer.service_url,
        "from": {"id": f"29:{user}", "name": str(document.get("name", "A person")), "aadObjectId": user},
        "recipient": {"id": BOT, "name": NAME},
        "conversation": {"id": conversation, "conversationType": kind, "tenantId": tenant},
        "channelData": data,
    }
