"""A request to ARM that matched a route, and the paging used by all lists."""

import base64
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from simulator.azure.errors import ArmError
from simulator.http_types import HttpRequest, HttpResponse, JsonObject


@dataclass(frozen=True, slots=True)
class ArmRequest:
    """A request with its caller and the values from its path."""

    call: HttpRequest
    names: dict[str, str]
    principal: str


class Provider(Protocol):
    """A resource provider behind ARM, which calls handlers by name."""

    def handle(self, name: str, request: ArmRequest) -> HttpResponse:
        """Call the handler with this name."""


def page(request: ArmRequest, found: list[JsonObject], size: int) -> HttpResponse:
    """Return one page of a list, with a link to the next page.

    Raises:
        ArmError: 400 if the request's $skiptoken was not issued here.
    """
    first = skip(request.call.query.get("$skiptoken"))
    document: JsonObject = {"value": found[first : first + size]}
    if first + size < len(found):
        version = request.call.query["api-version"]
        link = (
            f"{request.call.origin}{quote(request.call.path)}?%24skiptoken={token(first + size)}&api-version={version}"
        )
        filtered = request.call.query.get("$filter")
        document["nextLink"] = link if filtered is None else f"{link}&%24filter={quote(filtered)}"
    return HttpResponse(200, document)


def token(first: int) -> str:
    """Return the token for the page that starts at this index."""
    return base64.urlsafe_b64encode(str(first).encode()).decode()


def skip(text: str | None) -> int:
    """Return the index at which the page for a token starts.

    Raises:
        ArmError: 400 if the token was not issued here.
    """
    if text is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(text))
    except ValueError as error:
        raise ArmError(400, "InvalidSkipToken", f"The $skiptoken {text!r} was not issued by this service.") from error


def require_no_body(request: ArmRequest) -> None:
    """Reject a request that has a body.

    Raises:
        ArmError: 400.
    """
    if request.call.body.strip() not in (b"", b"{}"):
        raise ArmError(400, "InvalidRequestContent", "This action does not take a body.")
