"""The clock, the durable engine and the event topic."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from ops.model.json import Json


class Clock(Protocol):
    """The only source of the current time."""

    def now(self) -> datetime:
        """Returns the current time, aware and in UTC."""
        ...


class Events(Protocol):
    """The topic from which other programs receive run events."""

    def publish(self, kind: str, subject: str, data: Mapping[str, Json], event_id: str) -> None:
        """Publishes one event; an event with the same id is the same event."""
        ...


class Engine(Protocol):
    """The durable engine, as activities and endpoints use it. Wake events may be lost or duplicated."""

    def start(self, workflow: str, instance_id: str, payload: Json) -> None:
        """Starts an instance, unless one with this id is running."""
        ...

    def wake(self, instance_id: str) -> None:
        """Wakes an instance, so that it reads the store. An unknown id is not an error."""
        ...

    def is_live(self, instance_id: str) -> bool:
        """Whether the engine has an instance with this id that has not ended."""
        ...

    def purge(self, instance_id: str) -> None:
        """Deletes the history of an ended instance."""
        ...
