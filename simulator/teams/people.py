"""People in Teams: they press a card's buttons and write to the bot; Teams sends what they do, signed, to its endpoint."""

from itertools import count
from typing import cast

import aiohttp

from simulator.exchange import JsonObject
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
        """Have ``user`` press the button of ``verb`` (or of ``index``) under ``activity``.

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
    """Return what Teams sends for a press. Raises PeopleError where the card has no such button."""
    actions = cast("list[JsonObject]", sent.card.get("actions", []))
    wanted = [action for action in actions if action["type"] == "Action.Execute"]
    verb, index = document.get("verb"), document.get("index")
    found = [action for at, action in enumerate(wanted) if action.get("verb") == verb or at == index]
    if not found:
        shown = ", ".join(str(action.get("verb")) for action in wanted) or "none"
        raise PeopleError(f"The card has no button {verb or index!r}: there is {shown}.")
    action = {key: found[0][key] for key in ("type", "verb", "data", "title") if key in found[0]}
    thread = f";messageid={sent.thread or sent.id}" if sent.conversation in CHANNELS else ""
    return {
        **_base(signer, document, sent.conversation + thread, event),
        "type": "invoke",
        "name": "adaptiveCard/action",
        "replyToId": sent.id,
        "value": {"action": action, "trigger": "manual"},
    }


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
