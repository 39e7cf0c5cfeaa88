"""Rebuilds an engine's queues from its instances' histories after its process was killed.

Every activity without a result is requeued (activities are idempotent), every timer that has not fired is restored, and
every running child is linked to its parent.
"""

from datetime import UTC

from durabletask.testing.in_memory_backend import OrchestrationInstance

from simulator.host.executions import Executions, Parent
from simulator.host.timers import DelayedStart, Timer
from simulator.host.work import Activity

_RESULTS = (
    "taskCompleted",
    "taskFailed",
    "subOrchestrationInstanceCompleted",
    "subOrchestrationInstanceFailed",
)


def resume(engine: Executions) -> None:
    """Rebuild the queues, timers and parent links of an engine whose instances have just been read."""
    for instance in engine.unfinished():
        _resume_instance(engine, instance)


def _resume_instance(engine: Executions, instance: OrchestrationInstance) -> None:
    instance_id, execution = instance.instance_id, engine.execution_of(instance.instance_id)
    ended, fired = _ended(instance)
    for event in instance.history:
        match event.WhichOneof("eventType"):
            case "taskScheduled" if event.eventId not in ended:
                task = event.taskScheduled
                task_input = task.input.value if task.HasField("input") else None
                engine.add_activity(Activity(instance_id, execution, event.eventId, task.name, task_input))
            case "timerCreated" if event.eventId not in fired:
                at = event.timerCreated.fireAt.ToDatetime(tzinfo=UTC)
                engine.add_due(at, Timer(instance_id, execution, event.eventId))
            case "subOrchestrationInstanceCreated" if event.eventId not in ended:
                child = event.subOrchestrationInstanceCreated.instanceId
                engine.add_parent(child, Parent(instance_id, execution, event.eventId))
            case _:
                pass  # Nothing is outstanding.
    starts_at = instance.pending_events[0].timestamp.ToDatetime(tzinfo=UTC) if instance.pending_events else None
    if not instance.history and starts_at is not None and starts_at > engine.now():
        engine.add_due(starts_at, DelayedStart(instance_id, execution))
    elif instance.pending_events:
        engine.add_turn(instance_id)


def _ended(instance: OrchestrationInstance) -> tuple[set[int], set[int]]:
    """The ids of tasks that have a result and of timers that have fired, in the history or the inbox."""
    ended: set[int] = set()
    fired: set[int] = set()
    for event in (*instance.history, *instance.pending_events):
        kind = event.WhichOneof("eventType")
        if kind in _RESULTS:
            ended.add(getattr(event, kind).taskScheduledId)
        elif kind == "timerFired":
            fired.add(event.timerFired.timerId)
    return ended, fired
