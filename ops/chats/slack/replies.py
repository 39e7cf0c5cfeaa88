"""Private replies through Slack's `response_url`, the address that comes with a button or a command."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ops.adapters.http_client import post
from ops.chats.slack.renderer import privately, render
from ops.model.json import Json
from ops.model.message import Message
from ops.ports.errors import RejectedError

# The person is waiting, and Slack allows the endpoint three seconds in total.
_TIMEOUT_S = 1.5
_THROTTLED_S = 30


@dataclass(frozen=True, slots=True)
class SlackReplies:
    """Implements `Replies`. It sends only to `hosts` (with their ports)."""

    hosts: frozenset[str]

    def accepts(self, address: str) -> bool:
        """Whether the address is an https address on one of the hosts."""
        try:
            split = urlsplit(address)
        except ValueError:
            return False
        is_safe = split.scheme == "https" or split.netloc.startswith("127.0.0.1:")
        return is_safe and split.netloc in self.hosts

    def render(self, message: Message) -> Mapping[str, Json]:
        """Renders Slack blocks."""
        return render(message)

    def send(self, address: str, content: Mapping[str, Json]) -> None:
        """Sends one POST request; only the person who voted or sent the command sees the reply.

        Raises:
            RejectedError: the address does not belong to Slack. Also raises the errors that `post` raises.
        """
        if not self.accepts(address):
            raise RejectedError("ForeignAddress", "replying in Slack: the address does not belong to Slack")
        post("replying in Slack", address, timeout_s=_TIMEOUT_S, throttled_s=_THROTTLED_S, json=privately(content))
