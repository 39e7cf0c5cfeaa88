"""The clock, the durable engine and the event topic."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from ops.model.json import Json


class Clock(Protocol):
    """The only source of the present time."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        ...


class Events(Protocol):
    """Where run events go for other programs."""

    def publish(self, kind: str, subject: str, data: Mapping[str, Json], event_id: str) -> None:
        """Send one event; the same id is the same event."""
        ...


class Engine(Protocol):
    """The durable engine as activities and doors see it. Events are hints: they may be lost or doubled."""

    def start(self, workflow: str, instance_id: str, payload: Json) -> None:
        """Start an instance; one of this id that runs already is left alone."""
        ...

    def wake(self, instance_id: str) -> None:
        """Wake an instance so that it reads the store; an unknown one is no error."""
        ...

    def is_live(self, instance_id: str) -> bool:
        """Whether the engine has this instance and it has not ended."""
        ...

    def purge(self, instance_id: str) -> None:
        """Forget an ended instance."""
        ...
