"""Calendars from addresses: whatever goes wrong is one refusal, and it shows nothing that opens the calendar."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from ops.adapters.feeds import fetch
from ops.config import FeedError


class Answering(BaseHTTPRequestHandler):
    """A calendar at /freeze.ics, and nothing elsewhere."""

    def do_GET(self) -> None:
        found = self.path.startswith("/freeze.ics")
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(b"BEGIN:VCALENDAR" if found else b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name for it
        assert format, args


@contextmanager
def serving() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_calendar_is_fetched_as_it_is() -> None:
    with serving() as url:
        assert fetch(f"{url}/freeze.ics?word=hunter2") == b"BEGIN:VCALENDAR"


def test_a_refusal_says_what_was_answered_and_not_where() -> None:
    with serving() as url, pytest.raises(FeedError) as refused:
        fetch(f"{url}/other.ics?word=hunter2")
    assert str(refused.value) == "it cannot be fetched: its server answers 404"


@pytest.mark.parametrize(
    "url", ["https://intranet.example:port/freeze.ics", "https://intranet.example/\x00", "https://127.0.0.1:9/x.ics"]
)
def test_an_odd_address_or_a_silent_one_is_a_calendar_that_cannot_be_read(url: str) -> None:
    with pytest.raises(FeedError, match=r"it cannot be fetched|its address cannot be used"):
        fetch(url)
