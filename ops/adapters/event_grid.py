"""Run events through an Event Grid topic, by its own SDK; without a topic they go nowhere."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ops.adapters.azure_errors import refusals
from ops.model.json import Json

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.eventgrid import EventGridPublisherClient

_TIMEOUT_S = 10


class NoEvents:
    """Implements `Events` where no topic is configured."""

    def publish(self, kind: str, subject: str, data: Mapping[str, Json], event_id: str) -> None:
        """Goes nowhere, as configured."""


@dataclass
class EventGridTopic:
    """Implements `Events` by CloudEvents to a topic. `timeout_s` is the most that connecting and reading wait, each."""

    endpoint: str
    credential: "TokenCredential"
    timeout_s: float = _TIMEOUT_S

    def publish(self, kind: str, subject: str, data: Mapping[str, Json], event_id: str) -> None:
        """One POST."""
        from azure.core.messaging import CloudEvent

        event = CloudEvent(source="daytwo", type=kind, subject=subject, data=dict(data), id=event_id)
        with refusals(f"publishing {kind} of {subject}"):
            # Its own patience is minutes, and ticks try again: five minutes later, for a day. Said with each call, since
            # the client of a topic outside a namespace drops what it is made with (azure-eventgrid 4.10).
            self._client.send(event, retry_total=0, connection_timeout=self.timeout_s, read_timeout=self.timeout_s)

    @cached_property
    def _client(self) -> "EventGridPublisherClient":
        from azure.eventgrid import EventGridPublisherClient

        # It warns, event by event, that the options of a call are no attributes of the event.
        logging.getLogger("azure.eventgrid").setLevel(logging.ERROR)
        return EventGridPublisherClient(self.endpoint, self.credential)
