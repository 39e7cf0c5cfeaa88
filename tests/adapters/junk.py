"""Answers that no service documents: valid ones with some values replaced, and bodies that are not JSON."""

import copy
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from random import Random
from typing import Any

import requests
import urllib3
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from ops.adapters.azure_endpoint import AzureEndpoint
from ops.ports.errors import OutsideError

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 3, 10**30, 1.5, float("inf"), "", " ", "x", "\u0000", "\ud800", "\u202eabc", "2026-13-45T99:99:99Z",
    "0001-01-01T00:00:00Z", "2026-11-16T00:00:00", "/", "a/b/c", "succeeded", "Failed", [], [None], [[]], ["x"], {}, {"": None},
    {"code": 5}, "9" * 5_000, [{}], {"items": {}},
)  # fmt: skip
RAW = (
    b"", b" ", b"null", b"true", b"0", b'""', b'"x"', b"[]", b"{}", b"{", b"[[", b"\xff\xfe", b"\xef\xbb\xbf{}", b"<html>busy</html>",
    b"NaN", b'{"value": [', b"[" * 100_000, b'{"a":' * 50_000, b"%PDF-1.4", b'{"error": {"code": null, "message": []}}',
    b'{"error": "text"}', b'{"error": {"code": {"x": 1}}}', b'[{"error": {}}]',
)  # fmt: skip
STATUSES = (*[200] * 30, 201, 202, 204, 206, 400, 401, 403, 404, 409, 412, 422, 429, 500, 503, 599)
HEADERS: tuple[Mapping[str, str], ...] = (
    {"Content-Type": "application/json"},
    {"Content-Type": "application/json"},
    {},
    {"Content-Type": "text/html"},
    {"Content-Type": "application/json; charset=klingon"},
    {"Content-Type": "application/json", "Retry-After": "²", "Azure-AsyncOperation": "x", "Location": "\\"},
    {"Content-Type": "application/json", "Retry-After": "1e9", "Azure-AsyncOperation": ""},
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def answer(draw: Random, document: object) -> Answer:
    """A junk answer to a request that expects `document`."""
    body = draw.choice(RAW) if draw.random() < 0.15 else json.dumps(mutated(draw, document)).encode()
    return Answer(draw.choice(STATUSES), draw.choice(HEADERS), body)


def mutated(draw: Random, document: object) -> Any:
    """The document with one to three values replaced, removed or doubled."""
    changed: Any = copy.deepcopy(document)
    for _ in range(draw.randint(1, 3)):
        changed = _mutate(draw, changed)
    return changed


def _mutate(draw: Random, value: Any) -> Any:
    """Walks down at random, and changes something where it stops."""
    if not value or draw.random() < 0.04 or not isinstance(value, dict | list):
        return copy.deepcopy(draw.choice(VALUES))
    if isinstance(value, dict):
        key = draw.choice(sorted(value, key=str))
        if draw.random() < 0.1:
            value[key.swapcase()] = value.pop(key)
        elif draw.random() < 0.1:
            del value[key]
        else:
            value[key] = _mutate(draw, value[key])
        return value
    index = draw.randrange(len(value))
    value[index] = _mutate(draw, value[index])
    return value


def outcome(call: Any) -> str:
    """What came of a call: `read`, or the name of the port's error. Anything else that it raises is not caught."""
    try:
        return "read" if repr(call()) else ""
    except OutsideError as error:
        return type(error).__name__ if str(error) else ""


class Credential:
    """Gives a token that no service checks."""

    def get_token(self, *_: str, **__: object) -> AccessToken:
        return AccessToken("token", 4_000_000_000)


class _Adapter(BaseAdapter):
    """Answers every request of an Azure SDK client with `next`."""

    next: Answer

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        response = requests.Response()
        response.status_code, response.request, response.url = self.next.status, request, str(request.url)
        response.headers = CaseInsensitiveDict(self.next.headers)
        response.raw = urllib3.HTTPResponse(BytesIO(self.next.body), status=self.next.status, preload_content=False)
        return response

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class JunkEndpoint(AzureEndpoint):
    """Azure Resource Manager without a network: `adapter.next` is its next answer."""

    adapter: _Adapter | None = None

    def options(self) -> dict[str, Any]:
        session = requests.Session()
        session.mount("https://", self.adapter or _Adapter())
        return AzureEndpoint.options(self) | {"transport": RequestsTransport(session=session, session_owner=False)}


def endpoint() -> tuple[JunkEndpoint, _Adapter]:
    """An endpoint and what sets its answers."""
    adapter = _Adapter()
    return JunkEndpoint(adapter=adapter), adapter


class JunkServer(HTTPServer):
    """A server on this machine that answers everything with `next`."""

    next = Answer(200, {}, b"")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server = self.server
        assert isinstance(server, JunkServer)
        body = b"" if server.next.status == 204 else server.next.body
        self.send_response(server.next.status)
        for name, value in server.next.headers.items():
            self.send_header(name, value.encode().decode("latin-1"))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    do_GET = do_POST = do_PUT = _answer  # noqa: N815 - the names that the base class calls

    def log_message(self, *_: object) -> None:
        """Writes nothing."""


@contextmanager
def serving() -> Iterator[JunkServer]:
    """Runs a server until the block ends."""
    server = JunkServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
