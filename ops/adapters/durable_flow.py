"""`Flow` on top of the durabletask context: for Durable Functions, the local host, and the executor without an engine."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.model.json import Json

if TYPE_CHECKING:
    from durabletask.task import OrchestrationContext

INBOX = "inbox"


class DurableFlow:
    """Implements `Flow`."""

    def __init__(self, context: "OrchestrationContext") -> None:
        self._context = context

    def call(self, activity: str, payload: Json) -> Any:
        """Calls an activity."""
        return self._context.call_activity(activity, input=payload)

    def timer(self, until: datetime) -> Any:
        """Creates a timer; the SDK expects naive UTC."""
        now = self._context.current_utc_datetime.replace(tzinfo=UTC)
        return self._context.create_timer(max(until, now).replace(tzinfo=None))

    def wake(self) -> Any:
        """Waits for the next event in the inbox."""
        return self._context.wait_for_external_event(INBOX)

    def first_of(self, tasks: Sequence[Any]) -> Any:
        """Waits for the first task that completes."""
        from durabletask.task import when_any

        return when_any(list(tasks))

    def cancel(self, task: Any) -> None:
        """Cancels a timer or an event."""
        task.cancel()

    def continue_as_new(self, payload: Json) -> None:
        """Starts a new generation and keeps unread events, which the SDK would drop by default."""
        self._context.continue_as_new(payload, save_events=True)
