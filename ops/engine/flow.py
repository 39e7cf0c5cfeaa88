"""`Flow`: what an orchestrator may ask of a durable engine, and nothing more.

Orchestrators are generators that yield the tasks made here and get their results. Three engines implement it: Durable Functions
(in Azure and on the local host) and the engineless executor through the SDK's own context, and a test double.
"""

from collections.abc import Generator, Sequence
from datetime import datetime
from typing import Any, Protocol

from ops.model.json import Json

type EngineTask = Any  # an engine's own task object: opaque, only yielded
type Orchestration = Generator[EngineTask, Any, Json]


class Flow(Protocol):
    """One turn of an orchestration."""

    def call(self, activity: str, payload: Json) -> EngineTask:
        """An activity; yields its JSON result."""
        ...

    def timer(self, until: datetime) -> EngineTask:
        """Fires at `until`, at once where that is past."""
        ...

    def wake(self) -> EngineTask:
        """The next event in the run's one inbox."""
        ...

    def first_of(self, tasks: Sequence[EngineTask]) -> EngineTask:
        """Yields the task that was done first."""
        ...

    def cancel(self, task: EngineTask) -> None:
        """Lets go of a timer or a woken that lost: an abandoned wait would swallow the next event."""
        ...

    def continue_as_new(self, payload: Json) -> None:
        """Ends this generation and begins the next with this payload; events that have not been read are kept."""
        ...


def wait(flow: Flow, until: datetime) -> Orchestration:
    """Waits for a woken or until a time, whichever comes first, and leaves nothing pending."""
    timer = flow.timer(until)
    woken = flow.wake()
    winner = yield flow.first_of([timer, woken])
    flow.cancel(woken if winner is timer else timer)
    return None
