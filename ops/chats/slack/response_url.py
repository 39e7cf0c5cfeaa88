"""Private answers to the address that came with a press or a command, as Slack's `response_url`."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ops.chats.slack.delivery import privately
from ops.model.json import Json
from ops.ports.errors import RejectedError, ThrottledError, TryLaterError

# The person waits, and the door has three seconds in all.
_TIMEOUT_S = 1.5


@dataclass(frozen=True, slots=True)
class SlackResponseUrl:
    """Implements `Answers`. `hosts` are the only ones (with their ports) to which anything is sent: an address is outside input."""

    hosts: frozenset[str]

    def answer(self, address: str, content: Mapping[str, Json]) -> None:
        """One POST, for the eyes of the one who asked."""
        import httpx

        if not self._is_ours(address):
            raise RejectedError("ForeignAddress", "answering: the address is none of the chat's")
        try:
            response = httpx.post(address, json=privately(content), timeout=_TIMEOUT_S)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TryLaterError(f"answering: {type(error).__name__}") from error
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            wait_s = response.headers.get("Retry-After", "")
            raise ThrottledError("answering: rate limited", float(wait_s) if wait_s.isdigit() else 30)
        if response.is_server_error:
            raise TryLaterError(f"answering: {response.status_code}")
        if response.is_error:
            raise RejectedError(str(response.status_code), f"answering: {response.status_code}")

    def _is_ours(self, address: str) -> bool:
        try:
            split = urlsplit(address)
        except ValueError:
            return False
        is_safe = split.scheme == "https" or split.netloc.startswith("127.0.0.1:")
        return is_safe and split.netloc in self.hosts
