"""A subscriber without a host: it passes Event Grid's handshake, and keeps events and alerts until they are taken."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Inbox:
    """What was delivered and not taken yet: Event Grid's events at `events`, and the alerts of budgets at `alerts`."""

    def __init__(self) -> None:
        self._delivered: deque[tuple[str, bytes]] = deque()
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_OPTIONS(self) -> None:
                """Accept Event Grid's handshake."""
                self._respond({"WebHook-Allowed-Origin": "eventgrid.azure.net"})

            def do_POST(self) -> None:
                """Keep an event or an alert."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox._delivered.append((self.path, body))  # this handler belongs to the inbox
                self._respond({})

            def _respond(self, headers: dict[str, str]) -> None:
                self.send_response(200)
                for name, value in {**headers, "Content-Length": "0"}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name in the base class
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        base = f"http://127.0.0.1:{self._server.server_port}"
        self.events, self.alerts = f"{base}/events", f"{base}/alerts"

    def take(self) -> Iterator[tuple[bool, bytes]]:
        """Yield each body once, in the order of delivery, and whether it is an alert."""
        while self._delivered:
            path, body = self._delivered.popleft()
            yield path == "/alerts", body


@contextmanager
def running_inbox() -> Iterator[Inbox]:
    """Serve an inbox from a thread of this process."""
    inbox = Inbox()
    server = inbox._server  # noqa: SLF001  # this function runs it
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield inbox
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
