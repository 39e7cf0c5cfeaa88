"""Run events through an Event Grid topic, by its own SDK; without a topic they go nowhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ops.adapters.azure_errors import refusals
from ops.ports import Json

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.eventgrid import EventGridPublisherClient


class NoEvents:
    """Implements `Events` where no topic is configured."""

    def publish(self, kind: str, subject: str, data: Mapping[str, Json], event_id: str) -> None:
        """Goes nowhere, as configured."""


@dataclass
class EventGridTopic:
    """Implements `Events` by CloudEvents to a topic."""

    endpoint: str
    credential: "TokenCredential"

    def publish(self, kind: str, subject: str, data: Mapping[str, Json], event_id: str) -> None:
        """One POST."""
        from azure.core.messaging import CloudEvent

        event = CloudEvent(source="daytwo", type=kind, subject=subject, data=dict(data), id=event_id)
        with refusals(f"publishing {kind} of {subject}"):
            self._client.send(event)

    @cached_property
    def _client(self) -> "EventGridPublisherClient":
        from azure.eventgrid import EventGridPublisherClient

        return EventGridPublisherClient(self.endpoint, self.credential, retry_total=0)
