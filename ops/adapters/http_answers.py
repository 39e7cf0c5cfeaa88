"""Private answers to the address that came with a press or a command, as Slack's `response_url`."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ops.ports import Json, RejectedError, TryLaterError

# The person waits, and the door has three seconds in all.
_TIMEOUT_S = 1.5


@dataclass(frozen=True, slots=True)
class HttpAnswers:
    """Implements `Answers`. `hosts` are the only ones (with their ports) to which anything is sent: an address is outside input."""

    hosts: frozenset[str]

    def answer(self, address: str, content: Mapping[str, Json]) -> None:
        """One POST."""
        import httpx

        if urlsplit(address).netloc not in self.hosts:
            raise RejectedError("ForeignAddress", "answering: the address is none of the chat's")
        try:
            response = httpx.post(address, json=content, timeout=_TIMEOUT_S)
        except httpx.HTTPError as error:
            raise TryLaterError(f"answering: {type(error).__name__}") from error
        if response.is_server_error or response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise TryLaterError(f"answering: {response.status_code}")
        if response.is_error:
            raise RejectedError(str(response.status_code), f"answering: {response.status_code}")
