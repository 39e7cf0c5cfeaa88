"""The control plane: plain HTTP and JSON for tests, viewers and the local host's clock."""

from dataclasses import fields
from datetime import datetime
from typing import get_type_hints

from simulator.clock import VirtualClock
from simulator.control.delivery import Delivery, HandshakeError, Subscriber
from simulator.control.snapshot import snapshot
from simulator.exchange import Answer, Call, JsonObject, NotAnObjectError, Requests
from simulator.faults import Faults
from simulator.slack.api import SlackApi
from simulator.world.mishaps import MISHAPS, Mishap
from simulator.world.world import World


class BadRequestError(ValueError):
    """A request to the control plane that cannot be carried out; the text says why."""


class Control:
    """Answers everything beside the simulated services."""

    def __init__(  # it stands in front of every part of the simulation
        self,
        world: World,
        clock: VirtualClock,
        delivery: Delivery,
        slack: SlackApi,
        requests: Requests,
        faults: Faults,
    ) -> None:
        self._world = world
        self._clock = clock
        self._delivery = delivery
        self._slack = slack
        self._requests = requests
        self._faults = faults

    async def answer(self, call: Call) -> Answer:
        """Answer one request."""
        try:
            return await self._route(call)
        except (BadRequestError, NotAnObjectError, HandshakeError, KeyError) as error:
            text = str(error.args[0]) if error.args else repr(error)
            return Answer(400, {"error": text})

    async def _route(self, call: Call) -> Answer:
        path = call.path.rstrip("/")
        if call.method == "POST":
            return await self._post(path, call.document())
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
                return {"channels": self._slack.documents()}
            case "/requests":
                return {"requests": self._requests.documents()}
            case "/faults":
                return self._faults.document()
            case _:
                return None

    async def _post(self, path: str, document: JsonObject) -> Answer:
        match path:
            case "/clock/advance":
                now = await self._clock.advance(_instant(document.get("to")))
                return Answer(200, {"now": now.isoformat()})
            case "/mishaps":
                self._world.arm(read_mishap(document))
                return Answer(201, {"now": self._world.now.isoformat()})
            case "/subscribers":
                await self._delivery.subscribe(_subscriber(document))
                return Answer(201, {"subscribers": [item.url for item in self._delivery.subscribers]})
            case _:
                return Answer(404, {"error": f"Nothing answers POST {path}."})


def read_mishap(document: JsonObject) -> Mishap:
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
    values = {key: _instant(value) if types[key] is datetime else value for key, value in given.items()}
    for key, value in values.items():
        if not isinstance(value, types[key]):
            raise BadRequestError(f"{name}.{key} must be {types[key].__name__}, not {value!r}.")
    try:
        return kind(**values)  # type: ignore[arg-type]  # checked against the hints just above
    except TypeError as error:
        raise BadRequestError(f"{name} is incomplete: {error}") from error


def _subscriber(document: JsonObject) -> Subscriber:
    schema = document.get("schema", "eventgrid")
    if schema not in ("eventgrid", "cloudevents"):
        raise BadRequestError(f"No schema {schema!r}: use eventgrid or cloudevents.")
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
