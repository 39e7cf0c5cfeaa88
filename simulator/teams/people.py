"""People in Teams: they press a card's buttons and write to the bot; Teams sends what they do, signed, to its endpoint."""

from collections.abc import Iterator
from itertools import count
from typing import cast

import aiohttp

from simulator.http_types import JsonObject
from simulator.teams.connector import APP_ID, CHANNELS, CHATS, Connector, Sent
from simulator.teams.signing import Signer
from simulator.world.specs import TENANT

# Teams waits so long for a bot.
ANSWER_WITHIN_S = 15
BOT = f"28:{APP_ID}"
NAME = "Daytwo"


class PeopleError(ValueError):
    """Somebody cannot do that; the text says why."""


class People:
    """Whoever uses Teams. `endpoint` is the bot's, as its Azure Bot resource says."""

    def __init__(self, connector: Connector) -> None:
        self.endpoint = ""
        self._connector = connector
        self._signer: Signer | None = None
        self._events = count(1)

    def open(self, signer: Signer) -> None:
        """Sign with these keys from now on."""
        self._signer = signer

    async def press(self, document: JsonObject) -> JsonObject:
        """Have ``user`` press the button of ``verb`` (or of ``index``) under ``activity``, with ``inputs`` in its fields.

        ``event`` delivers the same press again. Raises PeopleError and KeyError.
        """
        sent = self._connector.find(str(document["activity"]))
        if sent is None:
            raise PeopleError(f"There is no activity {document['activity']!r}.")
        return await self.send(press_of(self.signer, sent, document, self._event(document)))

    async def say(self, document: JsonObject) -> JsonObject:
        """Have ``user`` write ``text`` to the bot: alone, or with ``conversation`` in a channel or group chat, with its mention.

        ``event`` delivers the same message again. Raises PeopleError and KeyError.
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
        """Return what Teams sends for a message."""
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
        """The keys. Raises PeopleError before the simulation has begun."""
        if self._signer is None:
            raise PeopleError("Nothing is served yet.")
        return self._signer

    def _event(self, document: JsonObject) -> str:
        return str(document.get("event") or f"said-{next(self._events)}")

    async def send(self, activity: JsonObject, token: str | None = None) -> JsonObject:
        """Send an activity to the bot, as Teams does; return its answer."""
        if not self.endpoint:
            raise PeopleError("The bot has no endpoint: POST it to /teams/bot.")
        headers = {"Authorization": f"Bearer {token or self.signer.token()}"}
        timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(self.endpoint, json=activity, headers=headers) as response,
        ):
            answer = await response.json(content_type=None) if response.content_length else None
            return {"status": response.status, "answer": answer, "event": activity["id"]}


def press_of(signer: Signer, sent: Sent, document: JsonObject, event: str) -> JsonObject:
    """Return what Teams sends for a press. Raises PeopleError where the card has no such button, or does not take what is written."""
    wanted = list(_executing(sent.card, ()))
    verb, index = document.get("verb"), document.get("index")
    found = [each for at, each in enumerate(wanted) if each[0].get("verb") == verb or at == index]
    if not found:
        shown = ", ".join(str(action.get("verb")) for action, _ in wanted) or "none"
        raise PeopleError(f"The card has no button {verb or index!r}: there is {shown}.")
    pressed, fields = found[0]
    action = {key: pressed[key] for key in ("type", "verb", "data", "title") if key in pressed}
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
    """Return the buttons that ask the bot, each with the fields of its card and of those around it, as Teams gathers them."""
    body = cast("list[JsonObject]", card.get("body", []))
    fields = (*above, *(element for element in body if str(element.get("type")).startswith("Input.")))
    for action in cast("list[JsonObject]", card.get("actions", [])):
        if action["type"] == "Action.Execute":
            yield action, fields
        elif action["type"] == "Action.ShowCard":
            yield from _executing(cast("JsonObject", action["card"]), fields)


def _written(fields: tuple[JsonObject, ...], given: JsonObject) -> JsonObject:
    """Return what the fields hold; one in which nothing was written is not told."""
    found: JsonObject = {}
    for field in fields:
        text, longest = str(given.get(str(field["id"]), "")), int(str(field.get("maxLength", 1_000_000)))
        if len(text) > longest:
            raise PeopleError(f"{len(text)} characters are too many: {field['id']} takes {longest}.")
        if text:
            found[str(field["id"])] = text
    return found


def _base(signer: Signer, document: JsonObject, conversation: str, event: str) -> JsonObject:
    """Return what every activity of Teams carries."""
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
        "from": {"id": f"29:{user}", "name": str(document.get("name", "Somebody")), "aadObjectId": user},
        "recipient": {"id": BOT, "name": NAME},
        "conversation": {"id": conversation, "conversationType": kind, "tenantId": tenant},
        "channelData": data,
    }
