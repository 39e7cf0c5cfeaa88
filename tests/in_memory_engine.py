"""The third engine: executes a single orchestration in memory, one task at a time, on a world's clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from ops.context import Context
from ops.engine import orchestrator
from ops.engine.activities import invoke
from ops.engine.flow import Orchestration
from ops.model.json import Json

type Meanwhile = Callable[[str], None]


class MovableClock(Protocol):
    """A clock that the engine sets when a timer fires."""

    at: datetime


class EngineWorld(Protocol):
    """The parts of a world that the engine uses."""

    @property
    def clock(self) -> MovableClock:
        """The clock."""
        ...

    @property
    def context(self) -> Context:
        """An activity's context."""
        ...


@dataclass(eq=False)
class _Task:
    kind: str
    activity: str = ""
    payload: Any = None
    until: datetime | None = None
    tasks: Sequence["_Task"] = ()


@dataclass
class InMemoryFlow:
    """Implements `Flow`. A task is a description that the engine executes."""

    next_payload: Json = None
    waiting: list[_Task] = field(default_factory=list)

    def call(self, activity: str, payload: Json) -> _Task:
        return _Task("call", activity, payload)

    def timer(self, until: datetime) -> _Task:
        self.waiting.append(_Task("timer", until=until))
        return self.waiting[-1]

    def wake(self) -> _Task:
        self.waiting.append(_Task("wake"))
        return self.waiting[-1]

    def first_of(self, tasks: Sequence[_Task]) -> _Task:
        return _Task("first", tasks=tasks)

    def cancel(self, task: _Task) -> None:
        self.waiting.remove(task)

    def continue_as_new(self, payload: Json) -> None:
        self.next_payload = payload


def _ignore(_: str) -> None:
    pass


@dataclass
class InMemoryEngine:
    """One orchestration. `meanwhile` is called with each activity's name before the activity, and may change the world."""

    world: EngineWorld
    orchestrator: str
    payload: dict[str, Json]
    meanwhile: Meanwhile = _ignore
    calls: list[str] = field(default_factory=list)
    payloads: list[Json] = field(default_factory=list)
    generations: int = 0
    _task: _Task | None = None

    def __post_init__(self) -> None:
        self._start_generation(self.payload)

    @property
    def ended(self) -> bool:
        """Whether the orchestration has ended."""
        return self._task is None

    @property
    def next_activity(self) -> str:
        """The activity to call next, or an empty string while the orchestration sleeps and after it has ended."""
        return self._task.activity if self._task else ""

    @property
    def until(self) -> datetime | None:
        """The time of the timer that the orchestration is waiting for, or None if it does not sleep."""
        return self._timer.until if self._task and self._task.kind == "first" else None

    def run_to_end(self, turns: int = 2_000) -> None:
        """Execute every task, moving the clock to each timer.

        Raises:
            AssertionError: the orchestration has not ended after this many tasks.
        """
        self.run_turns(turns)
        assert self.ended, f"the orchestration does not end: {self.calls[-10:]}"

    def run_turns(self, turns: int) -> None:
        """Execute up to this many tasks, moving the clock to each timer."""
        for _ in range(turns):
            if self.ended:
                return
            if self.until is not None:
                self.world.clock.at = max(self.world.clock.at, self.until)
            self._execute()

    def run_until_idle(self, stop_before: str = "", turns: int = 60) -> None:
        """Execute every task that is due without moving the clock, and stop before an activity with this name.

        Raises:
            AssertionError: the orchestration does not sleep after this many tasks.
        """
        for _ in range(turns):
            asleep = self.until is not None and self.world.clock.at < self.until
            if self.ended or asleep or (stop_before and self.next_activity == stop_before):
                return
            self._execute()
        raise AssertionError(f"the orchestration does not sleep: {self.calls[-10:]}")

    def wake(self) -> None:
        """Deliver the wake event. It has no effect on an orchestration that is not sleeping."""
        if self._task is not None and self._task.kind == "first":
            self._complete_wait(next(each for each in self._task.tasks if each.kind == "wake"))

    def _execute(self) -> None:
        """Execute the next task. If its activity raises, it remains the next task, as after a crash."""
        task = self._task
        assert task is not None
        if task.kind == "first":
            self._complete_wait(self._timer)
            return
        self.meanwhile(task.activity)
        self.calls.append(task.activity)
        self.payloads.append(task.payload)
        self._send(invoke(task.activity, self.world.context, task.payload))

    @property
    def _timer(self) -> _Task:
        assert self._task is not None
        return next(each for each in self._task.tasks if each.kind == "timer")

    def _complete_wait(self, winner: _Task) -> None:
        self._flow.waiting.remove(winner)
        self._send(winner)

    def _start_generation(self, payload: dict[str, Json]) -> None:
        self.generations += 1
        self._flow = InMemoryFlow()
        self._generator: Orchestration = orchestrator(self.orchestrator)(self._flow, payload)
        self._send(None)

    def _send(self, result: object) -> None:
        try:
            self._task = self._generator.send(result)
        except StopIteration:
            assert self._flow.waiting == [], "a timer or an event is still pending at the end of a generation"
            self._task = None
            if self._flow.next_payload is not None:
                assert isinstance(self._flow.next_payload, dict)
                self._start_generation(self._flow.next_payload)
