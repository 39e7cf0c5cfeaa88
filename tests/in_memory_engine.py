"""The third engine: drives an orchestrator in memory, one activity after the other, on the fake clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ops.engine import orchestrator
from ops.engine.activities import invoke
from ops.model.json import Json
from tests.fakes import World


@dataclass
class _Task:
    kind: str
    name: str = ""
    payload: Any = None
    until: datetime | None = None
    of: Sequence["_Task"] = ()


@dataclass
class DoubleFlow:
    """Implements `Flow`: tasks are descriptions, the driver below carries them out."""

    world: World
    following: Json = None
    cancelled: list[str] = field(default_factory=list)

    def call(self, activity: str, payload: Json) -> _Task:
        return _Task("call", activity, payload)

    def timer(self, until: datetime) -> _Task:
        return _Task("timer", until=until)

    def wake(self) -> _Task:
        return _Task("hint")

    def first_of(self, tasks: Sequence[_Task]) -> _Task:
        return _Task("first", of=tasks)

    def cancel(self, task: _Task) -> None:
        self.cancelled.append(task.kind)

    def continue_as_new(self, payload: Json) -> None:
        self.following = payload


@dataclass
class Double:
    """Runs one instance. `meanwhile` is called before each activity with its name, and may change the world."""

    world: World
    meanwhile: Callable[[str], None] = lambda _: None
    calls: list[str] = field(default_factory=list)
    payloads: list[Json] = field(default_factory=list)
    generations: int = 0
    turns: int = 2_000

    def run(self, name: str, payload: dict[str, Json]) -> None:
        """Until the instance ends. Raises AssertionError where it never does."""
        while payload:
            self.generations += 1
            flow = DoubleFlow(self.world)
            self._generation(orchestrator(name)(flow, payload), flow)
            payload = flow.following  # type: ignore[assignment]  # what continue_as_new was given

    def _generation(self, generator: Any, flow: DoubleFlow) -> None:
        result: Any = None
        try:
            while True:
                task = generator.send(result)
                self.turns -= 1
                assert self.turns > 0, f"the orchestrator goes round in circles: {self.calls[-10:]}"
                result = self._do(task)
        except StopIteration:
            assert flow.cancelled.count("timer") == 0

    def _do(self, task: _Task) -> Any:
        if task.kind == "call":
            self.meanwhile(task.name)
            self.calls.append(task.name)
            self.payloads.append(task.payload)
            return invoke(task.name, self.world.context, task.payload)
        timer = next(each for each in task.of if each.kind == "timer")
        assert timer.until is not None
        self.world.clock.at = max(self.world.clock.at, timer.until)
        return timer
