"""The control plane: plain HTTP and JSON for tests, viewers and the local host's clock."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from types import NoneType
from typing import Literal, cast, get_args, get_origin, get_type_hints

from simulator.clock import VirtualClock
from simulator.control.delivery import Delivery, HandshakeError, Subscriber
from simulator.control.snapshot import snapshot
from simulator.faults import Faults
from simulator.http_types import Answer, Call, JsonObject, NotAnObjectError, Requests
from simulator.slack.api import SlackApi
from simulator.slack.bot_client import Door, InteractionError
from simulator.teams.api import TeamsApi
from simulator.teams.connector import Connector
from simulator.teams.people import People, PeopleError
from simulator.world.journal import Kind
from simulator.world.scripted_faults import MISHAPS, Mishap
from simulator.world.world import World


class BadRequestError(ValueError):
    """A request to the control plane that cannot be carried out; the text says why."""


@dataclass(frozen=True, slots=True)
class Chats:
    """Where people read messages."""

    slack: SlackApi
    teams: TeamsApi
    connector: Connector
    people: People


class Control:
    """Answers everything beside the simulated services."""

    def __init__(  # it stands in front of every part of the simulation
        self,
        world: World,
        clock: VirtualClock,
        delivery: Delivery,
        chats: Chats,
        requests: Requests,
        faults: Faults,
    ) -> None:
        self._world = world
        self._clock = clock
        self._delivery = delivery
        self._chats = chats
        self._requests = requests
        self._faults = faults

    async def answer(self, call: Call) -> Answer:
        """Answer one request."""
        try:
            return await self._route(call)
        except (BadRequestError, NotAnObjectError, HandshakeError, InteractionError, PeopleError, KeyError) as error:
            text = str(error.args[0]) if error.args else repr(error)
            return Answer(400, {"error": text})

    async def _route(self, call: Call) -> Answer:
        path = call.path.rstrip("/")
        if call.method == "POST":
            return await self._post(path, call.document(), call.origin)
        document = self._read(path, call) if call.method == "GET" else None
        if document is None:
            return Answer(404, {"error": f"Nothing answers {call.method} {path}."})
        return Answer(200, document)

    def _read(self, path: str, call: Call) -> JsonObject | None:
        match path:
            case "/clock":
                return {"now": self._world.now.isoformat(), "speed": self._clock.speed}
            case "/world":
                return snapshot(self._world)
            case "/journal":
                first = _number(call.query.get("from", "0"))
                return {"entries": [entry.document() for entry in self._world.journal.entries[first:]]}
            case "/slack":
                ephemeral = [shown.document() for shown in self._chats.slack.hooks.ephemeral]
                views = [view.document() for view in self._chats.slack.doors.views.all]
                return {"channels": self._chats.slack.documents(), "ephemeral": ephemeral, "views": views}
            case "/teams":
                return {"cards": self._chats.teams.documents(), "activities": self._chats.connector.documents()}
            case "/requests":
                return {"requests": self._requests.documents()}
            case "/faults":
                return self._faults.document()
            case _:
                return None

    async def _post(self, path: str, document: JsonObject, origin: str) -> Answer:
        match path:
            case "/clock/advance":
                now = await self._clock.advance(_instant(document.get("to")))
                return Answer(200, {"now": now.isoformat()})
            case "/mishaps":
                self._world.arm(read_fault(document))
                return Answer(201, {"now": self._world.now.isoformat()})
            case "/subscribers" if (door := _slack_door(document)) is not None:
                self._chats.slack.doors.urls[door] = str(document.get("url"))
                return Answer(201, {"subscribers": list(self._chats.slack.doors.urls.values())})
            case "/subscribers":
                await self._delivery.subscribe(_subscriber(document))
                return Answer(201, {"subscribers": [item.url for item in self._delivery.subscribers]})
            case _:
                answer = await self._post_to_chat(path, document, origin)
                return answer or Answer(404, {"error": f"Nothing answers POST {path}."})

    async def _post_to_chat(self, path: str, document: JsonObject, origin: str) -> Answer | None:
        """What people do in the chats; None where nobody does that."""
        match path:
            case "/slack/press":
                # What is pressed has happened, whatever the bot makes of it; a button that is not there refuses below.
                shown = self._chats.slack.doors.text_of(document)
                action = str(document.get("action_id")).partition(".")[0]
                self._world.journal.write(Kind.PRESSED, user=str(document.get("user")), action=action, text=shown)
                return Answer(200, (await self._chats.slack.doors.press(document, origin)).document())
            case "/slack/submit":
                return Answer(200, (await self._chats.slack.doors.submit(document)).document())
            case "/slack/close":
                return Answer(200, self._chats.slack.doors.close(document).document())
            case "/slack/command":
                return Answer(200, (await self._chats.slack.doors.command(document, origin)).document())
            case "/teams/bot":
                self._chats.people.endpoint = str(document["endpoint"])
                return Answer(201, {"endpoint": self._chats.people.endpoint})
            case "/teams/press":
                return Answer(200, await self._chats.people.press(document))
            case "/teams/say":
                return Answer(200, await self._chats.people.say(document))
            case "/teams/install":
                return Answer(200, await self._chats.people.install(document))
            case _:
                return None


def read_fault(document: JsonObject) -> Mishap:
    """Return a mishap from JSON: ``kind`` is its class's name, the rest are its fields.

    Raises:
        BadRequestError: no such kind, an unknown or missing field, a wrong type.
    """
    kinds = {kind.__name__: kind for kind in MISHAPS}
    given = dict(document)
    name = str(given.pop("kind", ""))
    if name not in kinds:
        raise BadRequestError(f"No mishap {name!r}: use one of {', '.join(kinds)}.")
    kind = kinds[name]
    types = get_type_hints(kind)
    unknown = sorted(given.keys() - types.keys())
    if unknown:
        raise BadRequestError(f"{name} has no field {unknown[0]!r}: use {', '.join(f.name for f in fields(kind))}.")
    values = {key: _read_field(f"{name}.{key}", types[key], value) for key, value in given.items()}
    try:
        return cast("Callable[..., Mishap]", kind)(**values)
    except TypeError as error:
        raise BadRequestError(f"{name} is incomplete: {error}") from error


def _read_field(name: str, hint: object, value: object) -> object:
    """Return a field's value as its type; a union takes any of its members, a number may leave out its fraction.

    Raises:
        BadRequestError: it is of another type, or none of the literal's values.
    """
    if hint is datetime:
        return _instant(value)
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise BadRequestError(f"{name} must be one of {', '.join(get_args(hint))}, not {value!r}.")
        return value
    allowed = tuple(part for part in (get_args(hint) or (hint,)) if isinstance(part, type))
    if float in allowed and isinstance(value, int):
        return float(value)
    if not isinstance(value, allowed) or isinstance(value, bool):
        shown = " or ".join("null" if kind is NoneType else kind.__name__ for kind in allowed)
        raise BadRequestError(f"{name} must be {shown}, not {value!r}.")
    return value


def _slack_door(document: JsonObject) -> Door | None:
    """Return which of Slack's Request URLs this is, None where it is none of them."""
    match document.get("schema"):
        case "slack-interactions":
            return "slack-interactions"
        case "slack-commands":
            return "slack-commands"
        case _:
            return None


def _subscriber(document: JsonObject) -> Subscriber:
    schema = document.get("schema", "eventgrid")
    if schema not in ("eventgrid", "cloudevents", "action-group"):
        raise BadRequestError(
            f"No schema {schema!r}: use eventgrid, cloudevents, action-group, slack-interactions or slack-commands."
        )
    url = document.get("url")
    if not isinstance(url, str):
        raise BadRequestError("The subscriber's url is missing.")
    return Subscriber(url, schema)


def _number(text: str) -> int:
    if not text.isdigit():
        raise BadRequestError(f"{text!r} is not a number of an entry.")
    return int(text)


def _instant(value: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise BadRequestError(f"{value!r} is not an instant in ISO 8601.") from error
    if at.tzinfo is None:
        raise BadRequestError(f"{value!r} names no offset: end it with Z.")
    return at
