"""Begins a long-running operation through an Azure SDK: one POST, which returns the address to poll."""

from collections.abc import Callable, Mapping
from typing import Any

from azure.core.polling import PollingMethod

from ops.adapters.azure_errors import refusals


def begun(doing: str, call: "Callable[[FirstAnswer], object]") -> str:
    """Returns the address of the operation that `call` begins with the given polling method.

    It is empty if Azure accepted the call (200, 202 or 204) without such an address: only the resource shows what follows. An
    address of the result alone (`Location`) does not count, because the result of an AKS operation has no content: it says that
    the operation has ended, not how.
    """
    first = FirstAnswer()
    with refusals(doing):
        call(first)
    return first.token()


class FirstAnswer(PollingMethod[None]):
    """Keeps the first response of a long-running operation without polling; polling is a separate step, maybe in another process."""

    headers: Mapping[str, str]

    def initialize(self, _client: object, initial_response: Any, _deserialize: Callable[..., Any]) -> None:
        """Keeps the headers."""
        self.headers = initial_response.http_response.headers

    def run(self) -> None:
        """Does nothing."""

    def status(self) -> str:
        """Returns the status of the first response."""
        return "InProgress"

    def finished(self) -> bool:
        """Returns True, so that the SDK does not start a thread."""
        return True

    def resource(self) -> None:
        """Does nothing: there is no resource."""

    def token(self) -> str:
        """Returns the operation's address, or an empty text. It is signed: never log it."""
        return self.headers.get("Azure-AsyncOperation") or ""
