"""HTTP requests and responses as handlers see them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from ops.model.json import Json
from ops.model.wording import INVISIBLE


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request. Header names are in lower case; `url` is the complete address; `params` holds the path parameters by name."""

    method: str = "GET"
    url: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response. `body` is sent as JSON, or unchanged if `media_type` is not JSON; None is an empty body."""

    status: HTTPStatus
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"

    def text(self) -> str:
        """The body as sent."""
        if self.body is None:
            return ""
        if self.media_type != "application/json":
            return str(self.body)
        # Escaped in JSON, so that a terminal shows what is there.
        return INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(self.body, ensure_ascii=False))
