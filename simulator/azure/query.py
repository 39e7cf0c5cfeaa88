"""A request that found its route, and what every list has in common."""

import base64
from dataclasses import dataclass
from typing import Protocol

from simulator.azure.errors import ArmError
from simulator.http_types import Answer, Call, JsonObject


@dataclass(frozen=True, slots=True)
class Query:
    """A request with what its path names and who sent it."""

    call: Call
    names: dict[str, str]
    principal: str


class Provider(Protocol):
    """A resource provider behind ARM: answers its requests by the names of its handlers."""

    def handle(self, name: str, asked: Query) -> Answer:
        """Call the handler of that name."""


def page(asked: Query, found: list[JsonObject], size: int) -> Answer:
    """Return one page of a list, with a link to the next.

    Raises:
        ArmError: 400, the request's $skiptoken is none of ours.
    """
    first = skip(asked.call.query.get("$skiptoken"))
    document: JsonObject = {"value": found[first : first + size]}
    if first + size < len(found):
        version = asked.call.query["api-version"]
        link = f"{asked.call.origin}{asked.call.path}?%24skiptoken={token(first + size)}&api-version={version}"
        document["nextLink"] = link
    return Answer(200, document)


def token(first: int) -> str:
    """Return the token of a page that begins there."""
    return base64.urlsafe_b64encode(str(first).encode()).decode()


def skip(text: str | None) -> int:
    """Return where a token's page begins.

    Raises:
        ArmError: 400.
    """
    if text is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(text))
    except ValueError as error:
        raise ArmError(400, "InvalidSkipToken", f"The $skiptoken {text!r} is not one of ours.") from error


def require_no_body(asked: Query) -> None:
    """Refuse a body.

    Raises:
        ArmError: 400.
    """
    if asked.call.body.strip() not in (b"", b"{}"):
        raise ArmError(400, "InvalidRequestContent", "This action takes no body.")
