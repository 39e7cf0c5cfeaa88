"""The simulated services' requests and responses, independent of any web framework."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import cast

type JsonObject = dict[str, object]


class NotAnObjectError(ValueError):
    """The body is not a JSON object, although it should be."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An HTTP request. ``query`` contains the decoded parameters."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    origin: str

    @property
    def bearer(self) -> str | None:
        """The bearer token, or None if there is none."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" and token else None

    def document(self) -> JsonObject:
        """Return the body as a JSON object.

        Raises:
            NotAnObjectError: the body is not a JSON object.
        """
        try:
            read = json.loads(self.body)
        except ValueError as error:
            raise NotAnObjectError(f"The body is not JSON: {error}") from error
        if not isinstance(read, dict):
            raise NotAnObjectError("The body is not a JSON object.")
        return cast("JsonObject", read)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An HTTP response. If ``document`` is None, it has no body; ``drop`` closes the connection without a response.

    A ``stream`` is sent in pieces until it ends or the caller disconnects.
    """

    status: int
    document: JsonObject | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    stream: AsyncIterator[bytes] | None = None


DROPPED = HttpResponse(0, drop=True)


@dataclass(frozen=True, slots=True)
class CallKey:
    """A call and its caller. The call is an ARM action (``.../managedClusters/read``), ``list nodes`` or ``chat.update``."""

    surface: str
    action: str
    principal: str


class RequestCounter:
    """Counts the calls of each kind."""

    def __init__(self) -> None:
        self.counts: dict[CallKey, int] = {}

    def record(self, surface: str, action: str, principal: str) -> None:
        """Count one request."""
        seen = CallKey(surface, action, principal)
        self.counts[seen] = self.counts.get(seen, 0) + 1

    def documents(self) -> list[JsonObject]:
        """Return the counts as JSON, in the order in which the calls were first made."""
        return [
            {"surface": seen.surface, "action": seen.action, "principal": seen.principal, "count": count}
            for seen, count in self.counts.items()
        ]
