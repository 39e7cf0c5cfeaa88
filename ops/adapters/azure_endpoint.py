"""What all Resource Manager clients share: their address and options, and one client per subscription."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

SCOPE = "https://management.azure.com/.default"


@dataclass(frozen=True, slots=True)
class AzureEndpoint:
    """The address of Resource Manager and the CA that issued its certificate; defaults to the public cloud."""

    url: str = "https://management.azure.com"
    ca_file: str | None = None

    def options(self) -> dict[str, Any]:
        """Returns the options for every client. The SDK does not retry, because a durable timer does."""
        options: dict[str, Any] = {
            "base_url": self.url,
            "credential_scopes": [SCOPE],
            "retry_total": 0,
        }
        if self.ca_file:
            options["connection_verify"] = self.ca_file
        return options


class ClientCache[Client]:
    """One SDK client per subscription, created when it is first needed and safe to use from several threads."""

    def __init__(self, make: Callable[[str], Client]) -> None:
        self._make, self._lock = make, Lock()
        self._clients: dict[str, Client] = {}

    def of(self, subscription: str) -> Client:
        """Returns the client for a subscription."""
        with self._lock:
            if subscription not in self._clients:
                self._clients[subscription] = self._make(subscription)
            return self._clients[subscription]
