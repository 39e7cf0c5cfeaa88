"""Publishes run events to an Event Grid topic through its SDK; without a topic they are dropped."""

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
    """The `Events` implementation that is used when no topic is configured."""

    def publish(self, kind: str, subject: str, data: Mapping[str, Json], event_id: str) -> None:
        """Drops the event, because no topic is configured."""


@dataclass
class EventGridTopic:
    """The `Events` implementation that publishes CloudEvents to a topic. `timeout_s` limits connecting and reading separately."""

    endpoint: str
    credential: "TokenCredential"
    timeout_s: float = _TIMEOUT_S

    def publish(self, kind: str, subject: str, data: Mapping[str, Json], event_id: str) -> None:
        """Sends one POST request."""
        from azure.core.messaging import CloudEvent

        event = CloudEvent(source="daytwo", type=kind, subject=subject, data=dict(data), id=event_id)
        with refusals(f"publishing {kind} of {subject}"):
            # By default the SDK retries for minutes; instead, timers retry every five minutes for a day. Passed with each call, since
            # the client of a topic outside a namespace drops the options of its constructor (azure-eventgrid 4.10).
            self._client.send(event, retry_total=0, connection_timeout=self.timeout_s, read_timeout=self.timeout_s)

    @cached_property
    def _client(self) -> "EventGridPublisherClient":
        from azure.eventgrid import EventGridPublisherClient

        # For every event, the SDK warns that call options are not attributes of the event.
        logging.getLogger("azure.eventgrid").setLevel(logging.ERROR)
        return EventGridPublisherClient(self.endpoint, self.credential)
