"""Raw HTTP requests that no client would send."""

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from simulator.http_types import JsonObject
from simulator.running import Running, SimulatedCredential

ARM = "https://management.azure.com"
KUBERNETES = "6dae42f8-4368-4678-94ff-3960e28e3630"


@dataclass(frozen=True, slots=True)
class Response:
    """A response with its body."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def document(self) -> JsonObject:
        """The body as JSON."""
        read: JsonObject = json.loads(self.text)
        return read

    @property
    def code(self) -> object:
        """The error code in ARM's response."""
        error = self.document["error"]
        assert isinstance(error, dict)
        assert error["message"]
        return error["code"]


def ask(
    simulation: Running,
    method: str,
    path: str,
    body: object = None,
    *,
    token: str | None = None,
    resource: str = ARM,
) -> Response:
    """Send one request over TLS with a new token, or with the given one ("" for no token)."""
    if token is None:
        token = SimulatedCredential(simulation.environment).get_token(f"{resource}/.default").token
    place = urlsplit(simulation.environment["ARM_URL"])
    context = ssl.create_default_context(cafile=simulation.environment["CA_FILE"])
    connection = http.client.HTTPSConnection(str(place.hostname), place.port, context=context, timeout=30)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = None if body is None else body if isinstance(body, str) else json.dumps(body)
    try:
        connection.request(method, path, data, headers)
        answer = connection.getresponse()
        return Response(answer.status, dict(answer.getheaders()), answer.read().decode())
    finally:
        connection.close()
