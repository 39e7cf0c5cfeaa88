"""The durable engine: durabletask's in-memory backend (1.12.0) on the host's clock, without its threads and defects.

Everything runs on one thread, the host's event loop. The dispatcher takes work and returns results; work items are not
streamed. Differences from upstream, each covered by a test: timers and delayed starts are in a heap on the host's
clock; an execution (a generation of an instance) never sees tasks from an earlier one; children report without a time
limit; a failure without a message still counts as a failure; as on Azure, a finished instance can be
replaced, but a running one cannot.
"""

import itertools
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import durabletask.internal.orchestrator_service_pb2 as pb
from durabletask.internal import helpers
from durabletask.testing.in_memory_backend import InMemoryOrchestrationBackend, OrchestrationInstance

from simulator.host.cron import CronState
from simulator.host.engine_time import engine_time
from simulator.host.instance_ids import check_instance_id
from simulator.host.statuses import FINISHED
from simulator.host.timers import DelayedStart, Due, Timer, Timers
from simulator.host.watchers import Watchers
from simulator.host.work import Activity, RejectingContext, Turn

#: Upstream's own limit: a longer history indicates a loop without continue_as_new.
MAX_HISTORY_EVENTS = 10_000
#: The inbox events that a new generation inherits. All others belong to tasks from earlier generations.
_SURVIVES_CONTINUE_AS_NEW = frozenset({"eventRaised", "executionSuspended", "executionResumed", "executionTerminated"})


@dataclass(frozen=True, slots=True)
class Parent:
    """The execution that is waiting for a child, and the id of its task."""

    instance_id: str
    execution: int
    task_id: int


class Executions(InMemoryOrchestrationBackend):
    """The executions of orchestrations in memory: their turns, activities, timers and children.

    Args:
        now: Reads the host's clock.

    `on_work` is called when there may be new work or a new timer.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(max_history_size=2**31)
        self._read_clock = now
        self.on_work: Callable[[], None] = _ignore
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._execution_numbers = itertools.count(1)
        self._executions: dict[str, int] = {}
        self._parents: dict[str, Parent] = {}
        self._delayed: set[str] = set()
        self._touched: set[str] = set()
        #: Why the state can no longer be stored; empty if it can.
        self.failure = ""
        self._activities: deque[Activity] = deque()
        self.watchers = Watchers()
        self._timers = Timers(self._is_valid)

    # --- time

    def now(self) -> datetime:
        """The engine's current time. It never goes backwards, even if the clock does."""
        self._latest = max(self._latest, self._read_clock())
        return self._latest

    def next_due(self) -> datetime | None:
        """When the next durable timer or delayed start is due."""
        return self._timers.next_due()

    def fire_due(self) -> int:
        """Fire all due timers and return their number."""
        fired = 0
        with self._change():
            for at, due in self._timers.pop_due(self.now()):
                fired += 1
                if isinstance(due, Timer):
                    self._deliver(due.instance_id, due.execution, helpers.new_timer_fired_event(due.timer_id, at))
                else:
                    self._delayed.discard(due.instance_id)
                    self._enqueue_orchestration(due.instance_id)
        return fired

    # --- work

    @property
    def has_work(self) -> bool:
        """Whether there is work to take."""
        return bool(self._orchestration_queue or self._activities)

    def take_turn(self) -> Turn | None:
        """An orchestrator's next turn, to be completed or abandoned; None if there is none."""
        while self._orchestration_queue:
            instance_id = self._orchestration_queue.popleft()
            self._orchestration_queue_set.discard(instance_id)
            instance = self._instances.get(instance_id)
            if instance is None or not instance.pending_events or instance_id in self._orchestration_in_flight:
                continue  # Events that arrive during a turn are enqueued when the turn is completed.
            events = list(instance.pending_events)
            if instance.history and not events[0].HasField("orchestratorStarted"):
                events.insert(0, helpers.new_orchestrator_started_event(self.now()))
            instance.dispatched_events = events
            instance.pending_events.clear()
            self._orchestration_in_flight.add(instance_id)
            request = pb.OrchestratorRequest(instanceId=instance_id, pastEvents=instance.history, newEvents=events)
            return Turn(instance_id, instance.name, str(instance.completion_token), request)
        return None

    def complete_turn(self, turn: Turn, response: pb.OrchestratorResponse) -> None:
        """Record the result of a turn."""
        instance = self._instances.get(turn.instance_id)
        if instance is not None and len(instance.history) + len(instance.dispatched_events) > MAX_HISTORY_EVENTS:
            response = _failed(
                turn,
                f"its history has more than {MAX_HISTORY_EVENTS} events: use continue_as_new in long loops",
            )
        response.completionToken = turn.token
        with self._change():
            self._touched.add(turn.instance_id)
            past = len(instance.history) if instance else 0
            self.CompleteOrchestratorTask(response, RejectingContext())
            if instance is not None:
                self._stamp(instance.history[past:])
                if instance.pending_events and not self._is_terminal_status(instance.status):
                    self._enqueue_orchestration(turn.instance_id)

    def abandon_turn(self, turn: Turn) -> None:
        """Requeue a turn that its worker did not complete."""
        with self._change():
            self._orchestration_in_flight.discard(turn.instance_id)
            instance = self._instances.get(turn.instance_id)
            if instance is None or str(instance.completion_token) != turn.token:
                return
            arrived = instance.pending_events
            again = instance.dispatched_events
            if instance.history and again and again[0].HasField("orchestratorStarted"):
                again = again[1:]  # The next turn gets new events with its own timestamp.
            instance.pending_events = [*again, *arrived]
            instance.dispatched_events = []
            self._enqueue_orchestration(turn.instance_id)

    def take_activity(self) -> Activity | None:
        """The next activity to run, to be completed, failed or abandoned; None if there is none."""
        while self._activities:
            activity = self._activities.popleft()
            if self._is_current(activity.instance_id, activity.execution):
                return activity
        return None

    def complete_activity(self, activity: Activity, result: str) -> None:
        """Record an activity's result (JSON)."""
        with self._change():
            event = helpers.new_task_completed_event(activity.task_id, result)
            self._deliver(activity.instance_id, activity.execution, event)

    def fail_activity(self, activity: Activity, error: Exception) -> None:
        """Record that an activity failed, with or without a message."""
        with self._change():
            event = helpers.new_task_failed_event(activity.task_id, error)
            details = event.taskFailed.failureDetails
            details.errorMessage = details.errorMessage or details.errorType
            self._deliver(activity.instance_id, activity.execution, event)

    def abandon_activity(self, activity: Activity) -> None:
        """Requeue an activity that its worker did not complete."""
        self._activities.append(activity)
        self.on_work()

    def history(self, instance_id: str) -> list[pb.HistoryEvent]:
        """An instance's history. It is empty for an unknown instance."""
        instance = self._instances.get(instance_id)
        return [] if instance is None else list(instance.history)

    def close(self) -> None:
        """Release the resources that the engine holds."""

    def is_finished(self, status: pb.OrchestrationStatus) -> bool:
        """Whether an instance with this status is finished."""
        return status in FINISHED

    # --- for recovery

    def unfinished(self) -> list[OrchestrationInstance]:
        """The instances that are not finished."""
        return [one for one in self._instances.values() if not self._is_terminal_status(one.status)]

    def execution_of(self, instance_id: str) -> int:
        """The number of the instance's current execution."""
        return self._executions[instance_id]

    def add_activity(self, activity: Activity) -> None:
        """Requeue an activity."""
        self._activities.append(activity)

    def add_due(self, at: datetime, due: Due) -> None:
        """Restore a pending timer."""
        self._timers.add(at, due)
        if isinstance(due, DelayedStart):
            self._delayed.add(due.instance_id)

    def add_parent(self, child: str, parent: Parent) -> None:
        """Restore the link from a child to its parent, which is notified when the child ends."""
        self._parents[child] = parent

    def add_turn(self, instance_id: str) -> None:
        """Requeue a turn."""
        self._enqueue_orchestration(instance_id)

    # --- persistence, for subclasses

    def stored_crons(self) -> dict[str, CronState]:
        """The stored states of the timer triggers, by function name. The in-memory engine does not have any."""
        return {}

    def store_crons(self, states: dict[str, CronState]) -> None:
        """Store the states of the timer triggers for the next host."""

    def _save(self, touched: Collection[str], now: datetime) -> None:
        """Store the changed instances before clients are notified. The in-memory engine does not store anything."""

    @contextmanager
    def _change(self) -> Iterator[datetime]:
        """Apply one state change: with one timestamp and one save, after which the dispatcher is woken."""
        with self._lock, engine_time(self.now()) as now:
            yield now
            if self._touched:
                touched, self._touched = self._touched, set()
                self._save(touched, now)
        self.on_work()

    # --- private

    def _is_current(self, instance_id: str, execution: int) -> bool:
        instance = self._instances.get(instance_id)
        return (
            instance is not None
            and self._executions.get(instance_id) == execution
            and not self._is_terminal_status(instance.status)
        )

    def _is_valid(self, due: Due) -> bool:
        return self._is_current(due.instance_id, due.execution)

    def _deliver(self, instance_id: str, execution: int, event: pb.HistoryEvent) -> None:
        if self._is_current(instance_id, execution):
            instance = self._instances[instance_id]
            self._stamp([event])
            instance.pending_events.append(event)
            instance.last_updated_at = self.now()
            self._enqueue_orchestration(instance_id)

    def _stamp(self, events: list[pb.HistoryEvent]) -> None:
        for event in events:
            if not event.timestamp.seconds:
                event.timestamp.FromDatetime(self.now())

    def _forget(self, instance_id: str) -> None:
        self._instances.pop(instance_id, None)
        self._executions.pop(instance_id, None)
        self._parents.pop(instance_id, None)
        self._delayed.discard(instance_id)
        self._orchestration_queue_set.discard(instance_id)
        self._touched.add(instance_id)
        self.watchers.notify_all(instance_id)
        if len(self._timers) > 2 * len(self._instances) + 1_000:
            self._timers.compact()

    def _enqueue_orchestration(self, instance_id: str) -> None:
        self._touched.add(instance_id)
        if instance_id not in self._delayed:
            super()._enqueue_orchestration(instance_id)

    def _create_instance_internal(
        self, instance_id: str, name: str, encoded_input: str | None = None, version: str | None = None
    ) -> None:
        check_instance_id(instance_id)
        super()._create_instance_internal(instance_id, name, encoded_input, version)
        self._executions[instance_id] = next(self._execution_numbers)
        self._parents.pop(instance_id, None)

    def _process_schedule_task_action(self, instance: OrchestrationInstance, action: pb.OrchestratorAction) -> None:
        task = action.scheduleTask
        task_input = task.input.value if task.HasField("input") else None
        instance.history.append(helpers.new_task_scheduled_event(action.id, task.name, task_input))
        execution = self._executions[instance.instance_id]
        self._activities.append(Activity(instance.instance_id, execution, action.id, task.name, task_input))

    def _process_create_timer_action(self, instance: OrchestrationInstance, action: pb.OrchestratorAction) -> None:
        fire_at = action.createTimer.fireAt.ToDatetime(tzinfo=UTC)
        instance.history.append(helpers.new_timer_created_event(action.id, fire_at))
        self._timers.add(fire_at, Timer(instance.instance_id, self._executions[instance.instance_id], action.id))

    def _process_complete_orchestration_action(
        self, instance: OrchestrationInstance, complete_action: pb.CompleteOrchestrationAction
    ) -> None:
        again = complete_action.orchestrationStatus == pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW
        if again:
            instance.pending_events = [
                event for event in instance.pending_events if event.WhichOneof("eventType") in _SURVIVES_CONTINUE_AS_NEW
            ]
        super()._process_complete_orchestration_action(instance, complete_action)
        if again:
            self._executions[instance.instance_id] = next(self._execution_numbers)

    def _watch_sub_orchestration(self, parent_instance_id: str, sub_instance_id: str, task_id: int) -> None:
        execution = self._executions[parent_instance_id]
        self._parents[sub_instance_id] = Parent(parent_instance_id, execution, task_id)
        started = self._instances[sub_instance_id].pending_events[1].executionStarted
        started.parentInstance.taskScheduledId = task_id
        started.parentInstance.orchestrationInstance.instanceId = parent_instance_id

    def _notify_waiters(self, instance_id: str) -> None:
        self._notify_parent(instance_id)
        self.watchers.notify_all(instance_id)

    def _notify_parent(self, instance_id: str) -> None:
        child = self._instances[instance_id]
        if instance_id not in self._parents or not self._is_terminal_status(child.status):
            return
        parent = self._parents.pop(instance_id)
        if child.status == pb.ORCHESTRATION_STATUS_COMPLETED:
            event = helpers.new_sub_orchestration_completed_event(parent.task_id, child.output)
        else:
            details = child.failure_details
            message = details.errorMessage if details else "the sub-orchestration was terminated"
            event = helpers.new_sub_orchestration_failed_event(parent.task_id, RuntimeError(message))
            if details:
                event.subOrchestrationInstanceFailed.failureDetails.CopyFrom(details)
        self._deliver(parent.instance_id, parent.execution, event)


def _ignore() -> None:
    """The default callback until a host is attached."""


def _failed(turn: Turn, why: str) -> pb.OrchestratorResponse:
    message = f"orchestration {turn.name!r}, instance {turn.instance_id!r}, cannot continue: {why}"
    details = helpers.new_failure_details(RuntimeError(message))
    action = helpers.new_complete_orchestration_action(-1, pb.ORCHESTRATION_STATUS_FAILED, None, details)
    return pb.OrchestratorResponse(instanceId=turn.instance_id, actions=[action])
