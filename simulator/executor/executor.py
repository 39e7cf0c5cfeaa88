"""Runs orchestrators through simulated time without an engine. The executor provides the clock, timers and activities.

Events are processed one by one in chronological order. Activities run immediately and do not take any time.
"""

import heapq
import inspect
import itertools
import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import durabletask.internal.orchestrator_service_pb2 as pb
from croniter import croniter
from durabletask import task
from durabletask.internal import helpers

from simulator.executor.live import CONVERTER, Execution, Orchestrator, Orchestrators, started

type Activity = Callable[[Any, Any], object]
type State = Literal["Running", "Completed", "Failed"]
_FIELDS_WITH_SECONDS = 6


class ExecutorError(RuntimeError):
    """The executor does not support a request. The text states which one and why."""


@dataclass(frozen=True, slots=True)
class RunStatus:
    """The status of an instance. `output` and `custom_status` are decoded from JSON."""

    name: str
    state: State
    output: object
    custom_status: object
    error: str | None


class _Run:
    """One instance with all its generations."""

    __slots__ = (
        "custom_status",
        "error",
        "execution",
        "generation",
        "instance_id",
        "name",
        "output",
        "parent",
        "state",
    )

    def __init__(self, name: str, instance_id: str, parent: "_Caller | None") -> None:
        self.name, self.instance_id, self.parent = name, instance_id, parent
        self.state: State = "Running"
        self.output: str | None = None
        self.custom_status: str | None = None
        self.error: str | None = None
        self.generation = 0
        self.execution: Execution | None = None


@dataclass(frozen=True, slots=True)
class _Caller:
    run: _Run
    generation: int
    task_id: int


@dataclass(frozen=True, slots=True)
class _Timer:
    run: _Run
    generation: int
    timer_id: int


@dataclass(frozen=True, slots=True)
class _Cron:
    schedule: str | None
    call: Callable[[datetime], None]


class Executor:
    """Runs durabletask orchestrators `(ctx, input)` and activities `(ctx, input)`, beginning at `start`.

    Args:
        orchestrators: Started by their function names.
        activities: Called by their function names. They must be synchronous.
        start: The start time.
    """

    def __init__(self, orchestrators: Sequence[Orchestrator], activities: Sequence[Activity], start: datetime) -> None:
        self._orchestrators = Orchestrators(list(orchestrators))
        self._activities = {activity.__name__: activity for activity in activities}
        for name, activity in self._activities.items():
            if inspect.iscoroutinefunction(activity):
                raise ExecutorError(f"activity {name} is a coroutine function: the executor has no event loop")
        self.now = start.astimezone(UTC)
        self._runs: dict[str, _Run] = {}
        self._events: deque[tuple[_Run, int, pb.HistoryEvent]] = deque()
        self._due: list[tuple[datetime, int, _Timer | _Cron]] = []
        self._numbers = itertools.count()
        self._busy = False

    def start(self, name: str, given: object, instance_id: str) -> None:
        """Start an instance. A finished instance with the same id is replaced.

        Raises:
            ExecutorError: the orchestrator does not exist, or an instance with this id is running.
        """
        self._start(name, CONVERTER.serialize(given), instance_id, None)
        self._settle()

    def raise_event(self, instance_id: str, name: str, data: object = None) -> None:
        """Deliver an event to a running instance.

        Raises:
            ExecutorError: the instance does not exist or is finished.
        """
        run = self._runs.get(instance_id)
        if run is None or run.state != "Running":
            why = "there is no such instance" if run is None else f"it is finished ({run.state.lower()})"
            raise ExecutorError(f"raising event {name!r} to {instance_id!r}: {why}")
        self._events.append((run, run.generation, helpers.new_event_raised_event(name, CONVERTER.serialize(data))))
        self._settle()

    def status(self, instance_id: str) -> RunStatus | None:
        """The status of an instance; None if it does not exist."""
        run = self._runs.get(instance_id)
        if run is None:
            return None
        custom = run.execution.custom_status if run.execution else run.custom_status
        return RunStatus(run.name, run.state, _decoded(run.output), _decoded(custom), run.error)

    def purge(self, instance_id: str) -> None:
        """Delete a finished instance.

        Raises:
            ExecutorError: the instance is running.
        """
        run = self._runs.get(instance_id)
        if run is not None and run.state == "Running":
            raise ExecutorError(f"purging {instance_id!r}: it is still running")
        self._runs.pop(instance_id, None)

    def cron(self, schedule: str, call: Callable[[datetime], None]) -> None:
        """Make a call at each time in a schedule, given in UTC as five cron fields, or as six with seconds first.

        Raises:
            ExecutorError: the schedule is invalid.
        """
        if not croniter.is_valid(schedule, second_at_beginning=_has_seconds(schedule)):
            raise ExecutorError(f"{schedule!r} is not a schedule: use five or six cron fields")
        self._wait_for_next(_Cron(schedule, call))

    def at(self, when: datetime, call: Callable[[datetime], None]) -> None:
        """Make a call once, at the time `when`."""
        heapq.heappush(self._due, (when.astimezone(UTC), next(self._numbers), _Cron(None, call)))

    def next_due(self) -> datetime | None:
        """When the next timer or schedule is due; None if there is none."""
        while self._due and not _is_valid(self._due[0][2]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def run_until(self, to: datetime) -> None:
        """Run until `to`. Each timer and schedule fires at its exact time."""
        while (at := self.next_due()) is not None and at <= to:
            _, _, due = heapq.heappop(self._due)
            self.now = max(self.now, at)
            if isinstance(due, _Timer):
                self._events.append((due.run, due.generation, helpers.new_timer_fired_event(due.timer_id, at)))
            else:
                due.call(self.now)
                self._wait_for_next(due)
            self._settle()
        self.now = max(self.now, to)

    def _start(self, name: str, encoded: str | None, instance_id: str, parent: _Caller | None) -> None:
        if name not in self._orchestrators:
            raise ExecutorError(f"starting {instance_id!r}: there is no orchestrator named {name!r}")
        existing = self._runs.get(instance_id)
        if existing is not None and existing.state == "Running":
            raise ExecutorError(f"starting {instance_id!r}: an instance with this id already exists and is running")
        run = self._runs[instance_id] = _Run(name, instance_id, parent)
        self._begin_generation(run, encoded)

    def _begin_generation(self, run: _Run, encoded: str | None) -> None:
        run.generation += 1
        run.execution = Execution(self._orchestrators, run.instance_id)
        self._events.append((run, run.generation, started(run.name, run.instance_id, encoded)))

    def _wait_for_next(self, cron: _Cron) -> None:
        if cron.schedule is None:
            return
        occurrence = croniter(cron.schedule, self.now, second_at_beginning=_has_seconds(cron.schedule))
        heapq.heappush(self._due, (occurrence.get_next(datetime), next(self._numbers), cron))

    def _settle(self) -> None:
        if self._busy:  # An activity or a schedule has started or signaled an instance, which the loop below handles.
            return
        self._busy = True
        try:
            while self._events:
                self._turn(*self._events.popleft())
        finally:
            self._busy = False

    def _turn(self, run: _Run, generation: int, event: pb.HistoryEvent) -> None:
        # Events belong to the instance and are kept for its next generation. Results and timers are not.
        current = generation == run.generation or event.HasField("eventRaised")
        if run.state != "Running" or run.execution is None or not current:
            return
        for action in run.execution.feed(event, self.now):
            self._execute(run, action)

    def _execute(self, run: _Run, action: pb.OrchestratorAction) -> None:
        match action.WhichOneof("orchestratorActionType"):
            case "scheduleTask":
                self._events.append((run, run.generation, self._run_activity(run, action)))
            case "createTimer":
                at = action.createTimer.fireAt.ToDatetime(tzinfo=UTC)
                timer = _Timer(run, run.generation, action.id)
                heapq.heappush(self._due, (at, next(self._numbers), timer))
            case "createSubOrchestration":
                self._start_child(run, action)
            case "sendEvent":
                target = self._runs.get(action.sendEvent.instance.instanceId)
                if target is not None:  # As on the engine, an event for an unknown instance is dropped.
                    event = helpers.new_event_raised_event(action.sendEvent.name, action.sendEvent.data.value)
                    self._events.append((target, target.generation, event))
            case "completeOrchestration":
                self._complete(run, action.completeOrchestration)
            case other:
                raise ExecutorError(
                    f"{run.name} ({run.instance_id!r}) requests {other}, which the executor does not support"
                )

    def _run_activity(self, run: _Run, action: pb.OrchestratorAction) -> pb.HistoryEvent:
        wanted = action.scheduleTask
        activity = self._activities.get(wanted.name)
        if activity is None:
            raise ExecutorError(
                f"{run.name} ({run.instance_id!r}) calls activity {wanted.name!r}, which does not exist"
            )
        given = json.loads(wanted.input.value) if wanted.input.value else None
        try:
            result = json.dumps(activity(task.ActivityContext(run.instance_id, action.id), given))
        except Exception as error:  # noqa: BLE001 - as in the engine, any exception of an activity fails its task: the event carries it to the orchestrator
            return helpers.new_task_failed_event(action.id, error)
        return helpers.new_task_completed_event(action.id, result)

    def _start_child(self, run: _Run, action: pb.OrchestratorAction) -> None:
        wanted = action.createSubOrchestration
        try:
            self._start(wanted.name, wanted.input.value, wanted.instanceId, _Caller(run, run.generation, action.id))
        except ExecutorError as error:
            failed = helpers.new_sub_orchestration_failed_event(action.id, error)
            self._events.append((run, run.generation, failed))

    def _complete(self, run: _Run, completion: pb.CompleteOrchestrationAction) -> None:
        if completion.orchestrationStatus == pb.ORCHESTRATION_STATUS_CONTINUED_AS_NEW:
            self._begin_generation(run, completion.result.value)
            kept = [(run, run.generation, event) for event in completion.carryoverEvents]
            # The kept events precede those that were raised in the meantime, which arrived later.
            self._events.extendleft(reversed([self._events.pop(), *kept]))
            return
        run.custom_status = run.execution.custom_status if run.execution else None
        run.execution = None
        run.output = completion.result.value
        run.state = "Completed"
        if completion.orchestrationStatus != pb.ORCHESTRATION_STATUS_COMPLETED:
            run.state, run.error = "Failed", completion.failureDetails.errorMessage
        if run.parent is not None:
            self._notify_parent(run.parent, run)

    def _notify_parent(self, parent: _Caller, child: _Run) -> None:
        if child.state == "Completed":
            event = helpers.new_sub_orchestration_completed_event(parent.task_id, child.output)
        else:
            event = helpers.new_sub_orchestration_failed_event(parent.task_id, RuntimeError(child.error))
        self._events.append((parent.run, parent.generation, event))


def _is_valid(due: _Timer | _Cron) -> bool:
    return isinstance(due, _Cron) or (due.run.state == "Running" and due.run.generation == due.generation)


def _has_seconds(schedule: str) -> bool:
    return len(schedule.split()) == _FIELDS_WITH_SECONDS


def _decoded(text: str | None) -> object:
    return json.loads(text) if text else None
