"""Calendars at addresses of servers that are slow, broken or hostile: every failure is a FeedError that omits the address."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.adapters.bounded_http import UntrustedServerError
from ops.adapters.calendar_feeds import CalendarFeeds, calendar_feeds
from ops.adapters.network_addresses import is_permitted
from ops.config import FeedError
from simulator.stories.hostile_calendar import TRANSFERS, HostileCalendar, hostile_calendar

TOTAL_S = 1.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[HostileCalendar]:
    with hostile_calendar(tmp_path) as running:
        yield running


def feeds(server: HostileCalendar, total_s: float = TOTAL_S) -> CalendarFeeds:
    return CalendarFeeds(str(server.ca_file), allow_loopback=True, total_s=total_s)


def refused(server: HostileCalendar, kind: str) -> str:
    with pytest.raises(FeedError) as error:
        feeds(server).fetch(f"{server.address(kind)}/hunter2.ics?word=hunter2")
    return str(error.value)


@pytest.mark.parametrize("kind", ["good", "to-good"])
def test_a_calendar_is_fetched_and_a_redirect_on_its_host_is_followed(server: HostileCalendar, kind: str) -> None:
    assert feeds(server, 10).fetch(server.address(kind)).startswith(b"BEGIN:VCALENDAR")


@pytest.mark.parametrize("kind", ["drip", "drip-headers", "silent"])
def test_a_server_that_drips_bytes_or_says_nothing_ends_after_the_total_time(
    server: HostileCalendar, kind: str
) -> None:
    began = time.monotonic()
    assert refused(server, kind) == "it cannot be fetched: no complete response within 1 seconds"
    assert time.monotonic() - began < 3 * TOTAL_S


def test_a_calendar_has_half_a_minute_in_total() -> None:
    assert calendar_feeds({}).total_s == 30


def test_a_body_without_an_end_is_read_up_to_its_limit(server: HostileCalendar) -> None:
    with pytest.raises(FeedError, match="it is larger than 2 MB"):
        feeds(server, 20).fetch(server.address("endless"))


def test_a_compressed_body_is_not_decompressed(server: HostileCalendar) -> None:
    assert "its server compresses the response" in refused(server, "gzip")


@pytest.mark.parametrize("kind", ["to-http", "to-other-host", "to-metadata"])
def test_a_redirect_that_leaves_https_or_the_host_is_not_followed(server: HostileCalendar, kind: str) -> None:
    assert "which is not followed" in refused(server, kind)
    assert len(server.requests) == 1


def test_a_circle_of_redirects_ends(server: HostileCalendar) -> None:
    assert "it redirects more than 3 times" in refused(server, "circle")


@pytest.mark.parametrize("kind", [*TRANSFERS, "unknown"])
def test_no_failure_shows_the_address_or_more_than_a_sentence(server: HostileCalendar, kind: str) -> None:
    text = refused(server, kind)
    assert "hunter2" not in text
    assert len(text) <= 122
    assert text.isprintable()


def test_an_error_status_is_reported(server: HostileCalendar) -> None:
    assert refused(server, "unknown") == "it cannot be fetched: its server answers 404"


@pytest.mark.parametrize(
    "url",
    [
        "https://intranet.example:port/freeze.ics",
        "https://intranet.example/\x00",
        "https://127.0.0.1:9/x.ics",
        "https:///freeze.ics",
        "https://[::1/freeze.ics",
        "https://ﬀ\u2028.example/",
        "https://" + "a" * 300 + ".example/",
        "http://127.0.0.1/freeze.ics",
        "ftp://127.0.0.1/freeze.ics",
    ],
)
def test_a_calendar_with_an_invalid_or_unresponsive_address_cannot_be_read(url: str) -> None:
    with pytest.raises(FeedError, match="it cannot be fetched"):
        CalendarFeeds(allow_loopback=True, total_s=TOTAL_S).fetch(url)


def test_a_resolver_that_does_not_answer_ends_after_the_total_time(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()

    def wait(*_: object, **__: object) -> list[object]:
        answer.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    began = time.monotonic()
    with pytest.raises(FeedError, match="its host name was not resolved in time"):
        CalendarFeeds(total_s=0.2).fetch("https://calendar.example/freeze.ics")
    assert time.monotonic() - began < 5
    answer.set()


def test_an_unknown_authority_is_refused(server: HostileCalendar) -> None:
    with pytest.raises(FeedError, match="certificate verify failed"):
        CalendarFeeds(allow_loopback=True, total_s=TOTAL_S).fetch(server.address("good"))
    assert server.requests == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "[::ffff:169.254.169.254]", "0"]
)
def test_a_local_address_is_refused_before_anything_is_sent(server: HostileCalendar, host: str) -> None:
    port = server.url.rsplit(":", 1)[1]
    with pytest.raises(FeedError, match="local address"):
        CalendarFeeds(str(server.ca_file), total_s=TOTAL_S).fetch(f"https://{host}:{port}/good")
    assert server.requests == []


@pytest.mark.parametrize(
    ("address", "permitted"),
    [
        ("93.184.216.34", True),
        ("10.0.0.4", True),
        ("192.168.7.1", True),
        ("fd12:3456::1", True),
        ("2a00:1450::1", True),
        ("64:ff9b::5db8:d822", True),
        ("127.0.0.2", False),
        ("::1", False),
        ("169.254.169.254", False),
        ("168.63.129.16", False),
        ("fe80::1%eth0", False),
        ("::ffff:127.0.0.1", False),
        ("::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:a9fe:a9fe::1", False),
        ("0.0.0.0", False),  # noqa: S104 - an example
        ("::", False),
        ("224.0.0.1", False),
        ("ff02::1", False),
        ("255.255.255.255", False),
        ("not an address", False),
    ],
)
def test_only_addresses_that_others_can_reach_as_well_are_permitted(address: str, *, permitted: bool) -> None:
    assert is_permitted(address) is permitted


def test_loopback_is_permitted_only_with_the_simulated_resource_manager() -> None:
    assert calendar_feeds({"ARM_URL": "https://127.0.0.1:7777", "CA_FILE": "ca.pem"}).allow_loopback
    assert not calendar_feeds({"ARM_URL": "https://management.azure.com"}).allow_loopback
    assert not calendar_feeds({}).allow_loopback
    assert not is_permitted("169.254.169.254", allow_loopback=True)


def test_the_reason_is_the_ports_own_error(server: HostileCalendar) -> None:
    with pytest.raises(FeedError) as error:
        feeds(server).fetch(server.address("circle"))
    assert isinstance(error.value.__cause__, UntrustedServerError)
