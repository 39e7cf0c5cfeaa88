"""Beginning a long-running operation through an SDK of Azure: one POST, and the address at which it can be followed."""

from collections.abc import Callable, Mapping
from typing import Any

from azure.core.polling import PollingMethod

from ops.adapters.azure_errors import refusals
from ops.ports.errors import RejectedError


def begun(doing: str, call: "Callable[[FirstAnswer], object]") -> str:
    """The address of the operation that `call` begins with the given polling method. Raises what `refusals` does, and RejectedError."""
    first = FirstAnswer()
    with refusals(doing):
        call(first)
    return first.token()


class FirstAnswer(PollingMethod[None]):
    """Keeps the first answer of a long-running operation and polls nothing: polling is a step of its own, across processes."""

    headers: Mapping[str, str]

    def initialize(self, _client: object, initial_response: Any, _deserialize: Callable[..., Any]) -> None:
        """Keeps the headers."""
        self.headers = initial_response.http_response.headers

    def run(self) -> None:
        """Nothing to run."""

    def status(self) -> str:
        """As after a first answer."""
        return "InProgress"

    def finished(self) -> bool:
        """So that no thread is started."""
        return True

    def resource(self) -> None:
        """There is none."""

    def token(self) -> str:
        """The operation's address; it is signed: never log it."""
        url = self.headers.get("Azure-AsyncOperation") or self.headers.get("Location")
        if not url:
            raise RejectedError("NoOperation", "Azure accepted the call but named no operation to follow")
        return url
