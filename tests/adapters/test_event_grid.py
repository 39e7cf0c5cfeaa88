"""What happens when the topic for run events does not respond."""

import logging
import socket
from collections.abc import Iterator

import pytest
from azure.core.credentials import AccessToken

from ops.adapters.event_grid import EventGridTopic
from ops.ports.errors import TryLaterError


class Credential:
    """Implements the SDK's TokenCredential."""

    def get_token(self, *scopes: str, **_: object) -> AccessToken:
        assert scopes
        return AccessToken("token", 2**31)


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that accepts connections but never sends anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def connections(server: socket.socket) -> int:
    """The number of connections."""
    count = 0
    while True:
        try:
            server.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


@pytest.mark.timeout(10)
def test_an_unresponsive_topic_is_tried_once_within_the_configured_timeout(
    silent: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    topic = EventGridTopic(f"https://127.0.0.1:{silent.getsockname()[1]}/api/events", Credential(), timeout_s=0.2)
    with pytest.raises(TryLaterError, match=r"publishing Daytwo.RunEnded of shop-dev: Azure could not be reached"):
        topic.publish("Daytwo.RunEnded", "shop-dev", {"run": "run-1"}, "run-1.ended")
    assert connections(silent) == 1
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_the_default_timeout_for_a_topic_is_ten_seconds() -> None:
    assert EventGridTopic("https://topic.example/api/events", Credential()).timeout_s == 10
