"""The three engines, each driving the same orchestrator through the same story."""

import asyncio
import json
from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from durabletask.task import ActivityContext

from ops.adapters.durable_flow import DurableFlow
from ops.engine import orchestrator
from ops.engine.activities import invoke
from ops.engine.transition import Activity
from ops.model.json import Json
from simulator.executor.executor import Executor
from tests.engines.story import END, KEY, SLEEPER, Beside, Told, environment, without_tokens, world
from tests.fakes import World
from tests.flows.bot import Bot, begun, target_of
from tests.flows.fleet import CONFIG, START
from tests.in_memory_engine import Double


def on_the_host(folder: Path) -> Told:
    """Durable Functions, the app whole."""

    async def tell() -> Told:
        with world() as simulation:
            async with Bot(simulation, folder, CONFIG) as bot:
                body = {"target": target_of(SLEEPER), "by": "ana"}
                answer = await bot.ask("POST", "runbooks/node-image", body, Idempotency_Key=KEY)
                run = str(answer.body["run"])
                await bot.until(END)
                scheduled = [
                    event.taskScheduled for event in bot.host.engine.history(run) if event.HasField("taskScheduled")
                ]
                activities = tuple((each.name, json.loads(each.input.value)) for each in scheduled)
                return Told(activities, without_tokens(bot.run(run)), tuple(begun(simulation)))

    return asyncio.run(tell())


def on_the_executor(folder: Path) -> Told:
    """No engine: the SDK's context, kept alive between its turns."""
    activities: list[tuple[str, Json]] = []
    with world() as simulation, environment(simulation.environment):
        beside = Beside(simulation, folder)

        def activity(name: str) -> Any:
            def run(_: ActivityContext, payload: dict[str, Json]) -> Json:
                activities.append((name, payload))
                simulation.advance(executor.now)
                return invoke(name, beside.context, payload)

            run.__name__ = name
            return run

        executor = Executor([operation], [activity(name) for name in Activity], START)
        run = beside.begin()
        executor.start("operation", {"run": run.id}, run.id)
        executor.run_until(END)
        status = executor.status(run.id)
        assert status is not None
        assert status.state == "Completed", status.error
        return beside.told(activities)


def operation(context: Any, payload: dict[str, Json]) -> Generator[Any, Any, Json]:
    """As the app registers it."""
    return (yield from orchestrator("operation")(DurableFlow(context), payload))


class _WorldsClock:
    """The clock of the double, which is the simulated world's."""

    def __init__(self, beside: Beside) -> None:
        self._beside = beside

    @property
    def at(self) -> datetime:
        """The world's present."""
        return self._beside.context.ports.clock.now()

    @at.setter
    def at(self, value: datetime) -> None:
        self._beside.simulation.advance(value)


class _OfTheDouble:
    """What the double asks of a world: its clock and its context."""

    def __init__(self, beside: Beside) -> None:
        self.clock, self._beside = _WorldsClock(beside), beside

    @property
    def context(self) -> object:
        """What an activity is given."""
        return self._beside.context


def on_the_double(folder: Path) -> Told:
    """A test's own driver."""
    with world() as simulation, environment(simulation.environment):
        beside = Beside(simulation, folder)
        run = beside.begin()
        double = Double(cast("World", _OfTheDouble(beside)))  # it asks for these two only
        double.run("operation", {"run": run.id})
        return beside.told(list(zip(double.calls, double.payloads, strict=True)))
