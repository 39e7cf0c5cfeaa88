"""Calendars at addresses: every failure raises the same kind of error, which never shows the calendar's address."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from ops.adapters.calendar_feeds import fetch
from ops.config import FeedError


class FeedServer(BaseHTTPRequestHandler):
    """Serves a calendar at /freeze.ics, and at other paths a calendar that is too large and a redirect."""

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path == "/odd.ics":
            self.wfile.write(b"HTTP/9 " + b"\x01hunter2" * 200 + b"\r\n\r\n")
            return
        content = {"/freeze.ics": b"BEGIN:VCALENDAR", "/large.ics": b"x" * 8_000_001}.get(path, b"")
        self.send_response(200 if content else 302 if path == "/moved.ics" else 404)
        self.send_header("Location", "/freeze.ics")
        self.end_headers()
        with suppress(ConnectionError):  # A client that stops reading closes the connection.
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the library uses
        assert format, args


@contextmanager
def serving() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), FeedServer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_calendar_is_fetched_unchanged() -> None:
    with serving() as url:
        assert fetch(f"{url}/freeze.ics?word=hunter2") == b"BEGIN:VCALENDAR"


def test_redirects_to_a_calendar_are_followed() -> None:
    with serving() as url:
        assert fetch(f"{url}/moved.ics") == b"BEGIN:VCALENDAR"


def test_a_calendar_that_is_too_large_is_not_read_to_the_end() -> None:
    with serving() as url, pytest.raises(FeedError, match="it is larger than 8 MB"):
        fetch(f"{url}/large.ics")


def test_an_error_status_is_reported_without_the_address() -> None:
    with serving() as url, pytest.raises(FeedError) as refused:
        fetch(f"{url}/other.ics?word=hunter2")
    assert str(refused.value) == "it cannot be fetched: its server answers 404"


@pytest.mark.parametrize(
    "url", ["https://intranet.example:port/freeze.ics", "https://intranet.example/\x00", "https://127.0.0.1:9/x.ics"]
)
def test_a_calendar_with_an_invalid_or_unresponsive_address_cannot_be_read(url: str) -> None:
    with pytest.raises(FeedError, match=r"it cannot be fetched|its address cannot be used"):
        fetch(url)


def test_a_response_that_is_not_http_is_reported_briefly() -> None:
    with serving() as url, pytest.raises(FeedError, match="it cannot be fetched") as refused:
        fetch(f"{url}/odd.ics")
    assert len(str(refused.value)) <= 122
    assert str(refused.value).isprintable()
