"""A calendar server that an attacker controls and uses against the bot that reads it.

It serves https on loopback. The first part of the path selects the attack; the rest is ignored, so that one configuration can
name several addresses. Every request is counted.
"""

import gzip
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

_HOST = "127.0.0.1"
# A drip never ends on its own; a client without a limit on the total time reads it until the server stops.
_DRIP_S = 0.2
_CHUNK = b"X-COMMENT:" + b"x" * 8_000 + b"\r\n"


def calendar(*events: str, zones: str = "") -> bytes:
    """A calendar with these events, each written as the lines between BEGIN and END."""
    parts = "".join(
        f"BEGIN:VEVENT\r\nUID:{n}\r\nSUMMARY:Freeze\r\n{each}\r\nEND:VEVENT\r\n" for n, each in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{zones}{parts}END:VCALENDAR\r\n".encode()


def _zone(rule: str) -> str:
    times = "DTSTART:16010101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"
    return f"BEGIN:VTIMEZONE\r\nTZID:Odd\r\nBEGIN:STANDARD\r\n{times}{rule}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"


_DAY = "DTSTART;VALUE=DATE:20261201"
# One freeze.
_HONEST = calendar(f"{_DAY}\r\nDTEND;VALUE=DATE:20261205")
_DATES = ",".join(f"202612{day:02}T{hour:02}0000Z" for day in range(1, 29) for hour in range(16))

#: Calendars of a few bytes up to two megabytes whose expansion or parsing is out of proportion, by the name of the attack.
BOMBS: dict[str, bytes] = {
    "secondly": calendar("DTSTART:20261101T000000Z\r\nRRULE:FREQ=SECONDLY"),
    "by-second": calendar(f"{_DAY}\r\nRRULE:FREQ=DAILY;BYHOUR=1,2,3;BYSECOND=1,2,3"),
    "ancient": calendar(*["DTSTART;VALUE=DATE:00010101\r\nRRULE:FREQ=DAILY"] * 50),
    "never": calendar(f"{_DAY}\r\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
    "count": calendar(f"{_DAY}\r\nRRULE:FREQ=DAILY;COUNT={'9' * 5_000}"),
    "dates": calendar("DTSTART:20261201T000000Z\r\n" + "\r\n".join([f"RDATE:{_DATES}"] * 60)),
    "zone": calendar("DTSTART;TZID=Odd:20261201T000000", zones=_zone("RRULE:FREQ=SECONDLY")),
    "zone-never": calendar("DTSTART;TZID=Odd:20261201T000000", zones=_zone("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")),
    "nested": b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 5_000,
    "line": b"BEGIN:VCALENDAR\r\nX-COMMENT:" + b"x" * 1_900_000 + b"\r\nEND:VCALENDAR\r\n",
    "lines": b"BEGIN:VCALENDAR\r\n" + b"X-A:b\r\n" * 200_000 + b"END:VCALENDAR\r\n",
    "many": calendar(
        *[
            f"DTSTART:20261201T{n // 60 % 24:02}{n % 60:02}{n // 1_440:02}Z\r\nDTEND:20261220T000000Z"
            for n in range(2_500)
        ]
    ),
}


@dataclass
class HostileCalendar:
    """A running server. ``requests`` contains the path of each request in order.

    ``kind`` is the attack of the path ``/calendar.ics``; change it while the server runs. ``good`` is an honest calendar, with
    the events of ``honest``.
    """

    url: str
    ca_file: Path
    kind: str = "good"
    honest: bytes = _HONEST
    requests: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def address(self, kind: str = "calendar.ics") -> str:
        """The address at which an attack is served."""
        return f"{self.url}/{kind}"


class _Handler(BaseHTTPRequestHandler):
    """Serves one request. The server sets ``hostile``."""

    hostile: HostileCalendar

    def do_GET(self) -> None:
        self.hostile.requests.append(self.path)
        kind = self.path.strip("/").split("/", 1)[0].split("?", 1)[0]
        kind = self.hostile.kind if kind == "calendar.ics" else kind
        with suppress(OSError):  # A client that gives up closes the connection.
            _ATTACKS.get(kind, _Handler.bomb if kind in BOMBS else _Handler.missing)(self)

    def good(self) -> None:
        """An honest calendar."""
        self._send(self.hostile.honest)

    def bomb(self) -> None:
        """A calendar from ``BOMBS``."""
        kind = self.path.strip("/").split("/", 1)[0]
        self._send(BOMBS[self.hostile.kind if kind == "calendar.ics" else kind])

    def missing(self) -> None:
        """No calendar."""
        self._send(b"", 404)

    def drip(self) -> None:
        """One byte at a time, without an end."""
        self.send_response(200)
        self.end_headers()
        self._drip()

    def drip_headers(self) -> None:
        """A status line, and then a header without an end."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        self._drip()

    def silent(self) -> None:
        """No answer at all."""
        self.hostile.stopping.wait()

    def endless(self) -> None:
        """A fast body without an end."""
        self.send_response(200)
        self.end_headers()
        while not self.hostile.stopping.is_set():
            self.wfile.write(_CHUNK)

    def gzip_bomb(self) -> None:
        """A small compressed body that expands to 200 MB."""
        body = gzip.compress(b"\0" * 10_000_000) * 20
        self._send(body, headers={"Content-Encoding": "gzip"})

    def to_http(self) -> None:
        """A redirect to the same host without encryption."""
        self._send(b"", 302, {"Location": f"http://{_HOST}/good"})

    def to_other_host(self) -> None:
        """A redirect to another host."""
        self._send(b"", 302, {"Location": "https://calendar.example/good"})

    def to_metadata(self) -> None:
        """A redirect to the instance metadata service."""
        self._send(b"", 302, {"Location": "http://169.254.169.254/metadata/identity/oauth2/token"})

    def to_good(self) -> None:
        """An honest redirect on the same host."""
        self._send(b"", 302, {"Location": "/good"})

    def circle(self) -> None:
        """A redirect to itself."""
        self._send(b"", 302, {"Location": self.path})

    def nonsense(self) -> None:
        """Something that is not HTTP."""
        self.wfile.write(b"HTTP/9 " + b"\x01hunter2" * 200 + b"\r\n\r\n")

    def _send(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        while not self.hostile.stopping.is_set():
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(_DRIP_S)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name that the library uses
        """Log nothing."""


_ATTACKS: dict[str, Callable[[_Handler], None]] = {
    "good": _Handler.good,
    "drip": _Handler.drip,
    "drip-headers": _Handler.drip_headers,
    "silent": _Handler.silent,
    "endless": _Handler.endless,
    "gzip": _Handler.gzip_bomb,
    "to-http": _Handler.to_http,
    "to-other-host": _Handler.to_other_host,
    "to-metadata": _Handler.to_metadata,
    "to-good": _Handler.to_good,
    "circle": _Handler.circle,
    "nonsense": _Handler.nonsense,
}
#: The attacks on the transfer; those on the content are ``BOMBS``.
TRANSFERS = tuple(kind for kind in _ATTACKS if kind not in ("good", "to-good"))


@contextmanager
def hostile_calendar(folder: Path, authority: trustme.CA | None = None) -> Iterator[HostileCalendar]:
    """Serve on a free port of loopback. The certificate of its authority is written into ``folder``."""
    authority = authority or trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(_HOST, "localhost").configure_cert(context)
    ca_file = folder / "calendar-ca.pem"
    authority.cert_pem.write_to_path(ca_file)

    class Handler(_Handler):
        """The handler of this server."""

    with ThreadingHTTPServer((_HOST, 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Handler.hostile = HostileCalendar(f"https://{_HOST}:{server.server_port}", ca_file)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield Handler.hostile
        finally:
            Handler.hostile.stopping.set()
            server.shutdown()
            thread.join()
