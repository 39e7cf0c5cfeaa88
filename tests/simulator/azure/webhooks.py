"""A webhook on a free port that subscribes to events or alerts."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from simulator.http_types import JsonObject
from simulator.running import Running


@dataclass
class Webhook:
    """A subscriber that answers the handshake, then responds to each event with its next status (200 after the last one)."""

    url: str = ""
    shakes_hands: bool = True
    statuses: list[int] = field(default_factory=list)
    received: list[tuple[datetime, Any]] = field(default_factory=list)


@contextmanager
def webhook(simulation: Running, **options: object) -> Iterator[Webhook]:
    """Serve a webhook on a free port."""
    hook = Webhook(**options)  # type: ignore[arg-type]  # the tests' own words

    class Handler(BaseHTTPRequestHandler):
        def do_OPTIONS(self) -> None:
            self.send_response(200)
            if hook.shakes_hands:
                self.send_header("WebHook-Allowed-Origin", self.headers["WebHook-Request-Origin"])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.headers["aeg-event-type"] == "SubscriptionValidation":
                code = body[0]["data"]["validationCode"] if hook.shakes_hands else "another"
                self._answer(200, {"validationResponse": code})
                return
            hook.received.append((simulation.world.now, body))
            self._answer(hook.statuses.pop(0) if hook.statuses else 200, {})

        def _answer(self, status: int, document: JsonObject) -> None:
            data = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
            """Do not log requests."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        hook.url = f"http://127.0.0.1:{server.server_port}/events"
        try:
            yield hook
        finally:
            server.shutdown()
            thread.join()
