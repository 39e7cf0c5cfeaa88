"""The shared HTTP client: failures become port errors, and `Retry-After` is parsed."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import httpx
import pytest

from ops.adapters.http_client import TooLargeError, client, get, post, retry_after_s
from ops.ports.errors import OutsideError, RejectedError, ThrottledError, TryLaterError

SENT = "Mon, 16 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, 60),
        (None, 60),
        ({"Retry-After": "7"}, 7),
        ({"retry-after": ["7"]}, 7),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "-5"}, 1),
        ({"Retry-After": "999999999"}, 3_600),
        ({"Retry-After": "inf"}, 60),
        ({"Retry-After": "nan"}, 60),
        ({"Retry-After": "soon"}, 60),
        ({"Retry-After": "²"}, 60),
        ({"Retry-After": "1e9"}, 3_600),
        ({"Retry-After": "1e999"}, 60),
        ({"Retry-After": "-inf"}, 60),
        ({"Retry-After": ""}, 60),
        ({"Retry-After": []}, 60),
        ({"Retry-After": [["7"]]}, 60),
        ({"Retry-After": ["7", "9"]}, 7),
        ({"Retry-After": {"a": 1}}, 60),
        ({"Retry-After": 7}, 7),
        ({"Retry-After": "9" * 5_000}, 60),
        ({"Retry-After": "Mon, 99 Nov 2026 10:02:00 GMT", "Date": SENT}, 60),
        ({"Retry-After": "Mon, 16 Nov 9999 10:02:00 GMT", "Date": SENT}, 3_600),
        ({"Retry-After": "Mon, 16 Nov 2026 10:02:00 GMT", "Date": "soon"}, 60),
        ({"Retry-After": "Mon, 16 Nov 2026 10:02:00 -0000", "Date": SENT}, 60),
        ({"Retry-After": "Mon, 16 Nov 2026 10:02:00 GMT", "Date": SENT}, 120),
        ({"Retry-After": "Tue, 17 Nov 2026 10:00:00 GMT", "Date": SENT}, 3_600),
        ({"Retry-After": "Mon, 16 Nov 2026 10:02:00 GMT"}, 60),
    ],
)
def test_the_retry_after_is_bounded_and_has_a_default(headers: dict[str, object] | None, wait_s: float) -> None:
    assert retry_after_s(headers) == wait_s


@pytest.mark.parametrize(
    ("asked", "wait_s"), [(1e9, 3_600), (-5, 1), (0, 1), (float("inf"), 60), (float("nan"), 60), (90, 90)]
)
def test_no_error_of_a_port_asks_for_a_wait_outside_the_bounds(asked: float, wait_s: float) -> None:
    """Whatever an SDK hands over as `Retry-After`, the error is the one place where it is bounded."""
    assert TryLaterError("reading a pool", asked).retry_after_s == wait_s
    assert ThrottledError("reading a pool", asked).retry_after_s == wait_s


class _Server(BaseHTTPRequestHandler):
    """Responds with the status and body size given in the path, as `/status/size`."""

    protocol_version = "HTTP/1.1"
    connections: ClassVar[set[tuple[str, int]]] = set()

    def _answer(self) -> None:
        self.connections.add(self.client_address)
        status, size = (int(part) for part in self.path.strip("/").split("/"))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(status)
        self.send_header("Content-Length", str(size))
        self.send_header("Retry-After", "9")
        self.end_headers()
        self.wfile.write(b"x" * size)

    do_GET = do_POST = _answer  # noqa: N815 - named by the standard library

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
        """Logs nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    _Server.connections.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, ThrottledError),
        (503, TryLaterError),
        (404, RejectedError),
        (400, RejectedError),
        (302, RejectedError),
        (307, RejectedError),
        (304, RejectedError),
    ],
)
def test_a_server_error_becomes_a_port_error(address: str, status: int, error: type[OutsideError]) -> None:
    with pytest.raises(error, match=r"^posting a card: ") as raised:
        post("posting a card", f"{address}/{status}/0", timeout_s=5, json={})
    assert getattr(raised.value, "retry_after_s", 9) == 9
    assert address not in str(raised.value)


def test_a_missing_response_becomes_a_try_later_error() -> None:
    with pytest.raises(TryLaterError, match="posting a card: ConnectError"):
        post("posting a card", "http://127.0.0.1:9/x", timeout_s=5, json={})


def test_one_connection_is_used_for_several_calls(address: str) -> None:
    for _ in range(3):
        post("posting a card", f"{address}/200/2", timeout_s=5, json={})
    assert client() is client()
    assert len(_Server.connections) == 1


def test_a_body_is_read_up_to_its_limit(address: str) -> None:
    assert get(f"{address}/200/10", timeout_s=5, most_bytes=10) == b"x" * 10
    with pytest.raises(TooLargeError):
        get(f"{address}/200/11", timeout_s=5, most_bytes=10)
    with pytest.raises(httpx.HTTPStatusError):
        get(f"{address}/404/0", timeout_s=5, most_bytes=10)
