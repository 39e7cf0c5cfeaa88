"""The simulated Slack without the rest of the world, over HTTP, on a clock that a test moves. It can inject faults or respond with garbage."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from json import dumps
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from simulator.faults import Faults, Surface
from simulator.http_types import HttpRequest, HttpResponse, RequestCounter
from simulator.slack.api import PREFIX, SlackApi
from tests.fakes import FakeClock


@dataclass(frozen=True, slots=True)
class SlackCall:
    """One call and its response. `waits` is the Retry-After of a 429. A call whose response was lost has still taken effect."""

    at: datetime
    method: str
    channel: str
    status: int
    waits: timedelta = timedelta(0)


@dataclass
class SlackServer:
    """If set, `faults` alters responses, and `garbage` replaces every response with a status, a content type, and a body."""

    clock: FakeClock
    faults: Faults | None = None
    garbage: tuple[int, str, bytes] | None = None
    calls: list[SlackCall] = field(default_factory=list)
    url: str = ""

    def __post_init__(self) -> None:
        self.api = SlackApi(("C0123", "C0456"), self.clock.now, RequestCounter())

    def handle(self, call: HttpRequest) -> HttpResponse:
        """Handle one request and record the call."""
        handle = self.api.handle
        answer = self.faults.intercept(Surface.SLACK, call, handle) if self.faults else handle(call)
        channel = dict(parse_qsl(call.body.decode(errors="replace"))).get("channel", "")
        if not channel and call.body.startswith(b"{"):
            channel = str(call.document().get("channel", ""))
        waits = timedelta(seconds=float(answer.headers.get("Retry-After", 0)))
        self.calls.append(SlackCall(self.clock.at, call.path.removeprefix(PREFIX), channel, answer.status, waits))
        return answer

    def shown(self) -> dict[str, list[Any]]:
        """The messages by key."""
        found: dict[str, list[Any]] = {}
        for channel in self.api.channels.values():
            for message in channel.messages:
                metadata: Any = message.metadata
                found.setdefault(metadata["event_payload"]["key"], []).append(message)
        return found


@contextmanager
def serving(slack: SlackServer) -> Iterator[SlackServer]:
    """Serve the simulated Slack on 127.0.0.1. `url` is the address of its Web API."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            split = urlsplit(self.path)
            origin = f"http://{self.headers['Host']}"
            query, headers = dict(parse_qsl(split.query)), dict(self.headers.items())
            answer = slack.handle(HttpRequest("POST", split.path, query, headers, body, origin))
            if slack.garbage is not None:
                status, kind, content = slack.garbage
                self._send(status, {"Content-Type": kind}, content)
            elif not answer.drop:
                content = b"" if answer.document is None else dumps(answer.document).encode()
                self._send(answer.status, {"Content-Type": "application/json", **answer.headers}, content)

        def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    slack.url = f"http://127.0.0.1:{server.server_port}{PREFIX}"
    try:
        yield slack
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
