"""The control API: plain HTTP and JSON for tests, for viewers, and for the local host's clock."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from types import NoneType
from typing import Literal, TypeAliasType, cast, get_args, get_origin, get_type_hints

from simulator.clock import VirtualClock
from simulator.control.delivery import Delivery, HandshakeError, Subscriber
from simulator.control.snapshot import snapshot
from simulator.faults import Faults
from simulator.http_types import HttpRequest, HttpResponse, JsonObject, NotAnObjectError, RequestCounter
from simulator.slack.api import SlackApi
from simulator.slack.bot_client import BotEndpoint, InteractionError
from simulator.teams.api import TeamsApi
from simulator.teams.connector import Connector
from simulator.teams.people import People, PeopleError
from simulator.world.journal import Kind
from simulator.world.scripted_faults import SCRIPTED_FAULTS, ScriptedFault
from simulator.world.world import World


class BadRequestError(ValueError):
    """A request to the control API is invalid. The text states the reason."""


@dataclass(frozen=True, slots=True)
class Chats:
    """The simulated chats."""

    slack: SlackApi
    teams: TeamsApi
    connector: Connector
    people: People


class Control:
    """Handles all requests that are not addressed to a simulated service."""

    def __init__(  # This is the entry point to the simulation, so it has access to every part.
        self,
        world: World,
        clock: VirtualClock,
        delivery: Delivery,
        chats: Chats,
        requests: RequestCounter,
        faults: Faults,
    ) -> None:
        self._world = world
        self._clock = clock
        self._delivery = delivery
        self._chats = chats
        self._requests = requests
        self._faults = faults

    async def handle(self, request: HttpRequest) -> HttpResponse:
        """Handle one request."""
        try:
            return await self._route(request)
        except (BadRequestError, NotAnObjectError, HandshakeError, InteractionError, PeopleError, KeyError) as error:
            text = str(error.args[0]) if error.args else repr(error)
            return HttpResponse(400, {"error": text})

    async def _route(self, request: HttpRequest) -> HttpResponse:
        path = request.path.rstrip("/")
        if request.method == "POST":
            return await self.post(path, request.document(), request.origin)
        document = self._read(path, request) if request.method == "GET" else None
        if document is None:
            return HttpResponse(404, {"error": f"No route for {request.method} {path}."})
        return HttpResponse(200, document)

    def _read(self, path: str, request: HttpRequest) -> JsonObject | None:
        match path:
            case "/clock":
                return {"now": self._world.now.isoformat(), "speed": self._clock.speed}
            case "/world":
                return snapshot(self._world)
            case "/journal":
                first = _number(request.query.get("from", "0"))
                return {"entries": [entry.document() for entry in self._world.journal.entries[first:]]}
            case "/slack":
                ephemeral = [shown.document() for shown in self._chats.slack.hooks.ephemeral]
                views = [view.document() for view in self._chats.slack.bot_client.views.all]
                return {"channels": self._chats.slack.documents(), "ephemeral": ephemeral, "views": views}
            case "/teams":
                return {"cards": self._chats.teams.documents(), "activities": self._chats.connector.documents()}
            case "/requests":
                return {"requests": self._requests.documents()}
            case "/faults":
                return self._faults.document()
            case _:
                return None

    async def post(self, path: str, document: JsonObject, origin: str) -> HttpResponse:
        """Handle a POST. People of a story in the same process use this as well; `origin` is the address of this API.

        Raises:
            BadRequestError: the request is invalid; the parts that it is passed to have errors of their own.
        """
        match path:
            case "/clock/advance":
                now = await self._clock.advance(_instant(document.get("to")))
                return HttpResponse(200, {"now": now.isoformat()})
            case "/scripted-faults":
                self._world.arm(read_fault(document))
                return HttpResponse(201, {"now": self._world.now.isoformat()})
            case "/tags":
                cluster = self._world.clusters[str(document.get("cluster"))]
                who, again = str(document.get("who", "a tag writer")), document.get("createdAgain") is True
                self._world.change_tags(cluster, _tags(document), who, created_again=again)
                return HttpResponse(200, {"now": self._world.now.isoformat()})
            case "/subscribers" if (endpoint := _bot_endpoint(document)) is not None:
                self._chats.slack.bot_client.urls[endpoint] = str(document.get("url"))
                return HttpResponse(201, {"subscribers": list(self._chats.slack.bot_client.urls.values())})
            case "/subscribers":
                await self._delivery.subscribe(_subscriber(document))
                return HttpResponse(201, {"subscribers": [item.url for item in self._delivery.subscribers]})
            case _:
                response = await self._post_to_chat(path, document, origin)
                return response or HttpResponse(404, {"error": f"No route for POST {path}."})

    async def _post_to_chat(self, path: str, document: JsonObject, origin: str) -> HttpResponse | None:
        """Perform a person's action in a chat. Return None if the path does not belong to a chat action."""
        match path:
            case "/slack/click":
                # The click is recorded regardless of the bot's response. An unknown button is rejected below.
                shown = self._chats.slack.bot_client.text_of(document)
                action = str(document.get("action_id")).partition(".")[0]
                self._world.journal.write(
                    Kind.BUTTON_CLICKED, user=str(document.get("user")), action=action, text=shown
                )
                return HttpResponse(200, (await self._chats.slack.bot_client.click_button(document, origin)).document())
            case "/slack/submit":
                return HttpResponse(200, (await self._chats.slack.bot_client.submit(document)).document())
            case "/slack/close":
                return HttpResponse(200, self._chats.slack.bot_client.close(document).document())
            case "/slack/command":
                return HttpResponse(200, (await self._chats.slack.bot_client.command(document, origin)).document())
            case "/teams/bot":
                self._chats.people.endpoint = str(document["endpoint"])
                return HttpResponse(201, {"endpoint": self._chats.people.endpoint})
            case "/teams/click":
                return HttpResponse(200, await self._chats.people.click_button(document))
            case "/teams/say":
                return HttpResponse(200, await self._chats.people.say(document))
            case "/teams/install":
                return HttpResponse(200, await self._chats.people.install(document))
            case _:
                return None


def read_fault(document: JsonObject) -> ScriptedFault:
    """Parse a scripted fault from JSON: ``kind`` is the class name, and the other keys are its fields.

    Raises:
        BadRequestError: the kind or a field is unknown, a field is missing, or a value has the wrong type.
    """
    kinds = {kind.__name__: kind for kind in SCRIPTED_FAULTS}
    given = dict(document)
    name = str(given.pop("kind", ""))
    if name not in kinds:
        raise BadRequestError(f"Unknown fault {name!r}: use one of {', '.join(kinds)}.")
    kind = kinds[name]
    types = get_type_hints(kind)
    unknown = sorted(given.keys() - types.keys())
    if unknown:
        raise BadRequestError(
            f"{name} does not have a field {unknown[0]!r}: use {', '.join(f.name for f in fields(kind))}."
        )
    values = {key: _read_field(f"{name}.{key}", _meant(types[key]), value) for key, value in given.items()}
    try:
        return cast("Callable[..., ScriptedFault]", kind)(**values)
    except TypeError as error:
        raise BadRequestError(f"{name} is incomplete: {error}") from error


def _meant(hint: object) -> object:
    """Return what a named type stands for."""
    return hint.__value__ if isinstance(hint, TypeAliasType) else hint


def _read_field(name: str, hint: object, value: object) -> object:
    """Convert a field's value to the field's type. A union accepts any of its members; a float accepts an integer.

    Raises:
        BadRequestError: the value has another type or is not one of the literal's values.
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
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        shown = " or ".join("null" if kind is NoneType else kind.__name__ for kind in allowed)
        raise BadRequestError(f"{name} must be {shown}, not {value!r}.")
    return value


def _bot_endpoint(document: JsonObject) -> BotEndpoint | None:
    """Return the Slack Request URL that a schema refers to, or None."""
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
            f"Unknown schema {schema!r}: use eventgrid, cloudevents, action-group, slack-interactions or slack-commands."
        )
    url = document.get("url")
    if not isinstance(url, str):
        raise BadRequestError("The subscriber's url is missing.")
    return Subscriber(url, schema)


def _tags(document: JsonObject) -> dict[str, str]:
    tags = document.get("tags")
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise BadRequestError("tags must be an object of strings: the complete tags of the cluster.")
    return cast("dict[str, str]", tags)


def _number(text: str) -> int:
    if not text.isdigit():
        raise BadRequestError(f"{text!r} is not an entry number.")
    return int(text)


def _instant(value: object) -> datetime:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise BadRequestError(f"{value!r} is not a time in ISO 8601.") from error
    if at.tzinfo is None:
        raise BadRequestError(f"{value!r} has no UTC offset: end it with Z.")
    return at
