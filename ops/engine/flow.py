"""The port through which an orchestrator uses a durable engine.

Orchestrators are generators that yield the tasks made here and receive their results. Three engines implement the port:
Durable Functions (in Azure and on the local host), the executor without an engine, and the in-memory engine of the tests.
"""

from collections.abc import Generator, Sequence
from datetime import datetime
from typing import Any, Protocol

from ops.model.json import Json

type EngineTask = Any  # the engine's own task object; orchestrators only yield it
type Orchestration = Generator[EngineTask, Any, Json]


class Flow(Protocol):
    """One turn of an orchestration."""

    def call(self, activity: str, payload: Json) -> EngineTask:
        """Calls an activity; yields its JSON result."""
        ...

    def timer(self, until: datetime) -> EngineTask:
        """A timer that fires at `until`, or immediately if `until` is in the past."""
        ...

    def wake(self) -> EngineTask:
        """The next event in the run's inbox."""
        ...

    def first_of(self, tasks: Sequence[EngineTask]) -> EngineTask:
        """Yields the first task that completes."""
        ...

    def cancel(self, task: EngineTask) -> None:
        """Cancels a timer or event that is no longer awaited; an abandoned wait would consume the next event."""
        ...

    def continue_as_new(self, payload: Json) -> None:
        """Ends this generation and starts the next with this payload. Unread events are kept."""
        ...


def wait(flow: Flow, until: datetime) -> Orchestration:
    """Sleeps until `until` or until woken, whichever comes first, and leaves no task pending."""
    timer = flow.timer(until)
    woken = flow.wake()
    winner = yield flow.first_of([timer, woken])
    flow.cancel(woken if winner is timer else timer)
    return None
