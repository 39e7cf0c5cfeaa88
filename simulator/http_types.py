"""A request and its answer as the simulated services see them, free of any web framework."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import cast

type JsonObject = dict[str, object]


class NotAnObjectError(ValueError):
    """A body that should be a JSON object is not."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request; ``query`` holds the decoded parameters."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    origin: str

    @property
    def bearer(self) -> str | None:
        """The bearer token, if one was sent."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" and token else None

    def document(self) -> JsonObject:
        """Return the body as a JSON object.

        Raises:
            NotAnObjectError: it is something else.
        """
        try:
            read = json.loads(self.body)
        except ValueError as error:
            raise NotAnObjectError(f"The body is not JSON: {error}") from error
        if not isinstance(read, dict):
            raise NotAnObjectError("The body is not a JSON object.")
        return cast("JsonObject", read)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back; a ``document`` of None sends no body, ``drop`` closes the connection unanswered.

    A ``stream`` is sent piece by piece until it ends or the caller has gone.
    """

    status: int
    document: JsonObject | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    stream: AsyncIterator[bytes] | None = None


DROPPED = Answer(0, drop=True)


@dataclass(frozen=True, slots=True)
class Observed:
    """Who called what: an ARM action (``.../managedClusters/read``), ``list nodes``, ``chat.update``."""

    surface: str
    action: str
    principal: str


class Requests:
    """How often each was seen."""

    def __init__(self) -> None:
        self.counts: dict[Observed, int] = {}

    def note(self, surface: str, action: str, principal: str) -> None:
        """Count one request."""
        seen = Observed(surface, action, principal)
        self.counts[seen] = self.counts.get(seen, 0) + 1

    def documents(self) -> list[JsonObject]:
        """Return the counts as JSON, in the order of first sight."""
        return [
            {"surface": seen.surface, "action": seen.action, "principal": seen.principal, "count": count}
            for seen, count in self.counts.items()
        ]
