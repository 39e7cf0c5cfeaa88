"""Runs the same orchestrator through the same scenario on each of the three engines."""

import asyncio
import json
from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from typing import Any

from durabletask.task import ActivityContext

from ops.adapters.durable_flow import DurableFlow
from ops.context import Context
from ops.engine import orchestrator
from ops.engine.activities import invoke
from ops.engine.transition import Activity
from ops.model.json import Json
from simulator.executor.executor import Executor
from tests.engines.scenario import END, KEY, STOPPED_CLUSTER, EngineRun, RunPorts, environment, without_tokens, world
from tests.flows.bot import Bot, started_operations, target_of
from tests.flows.fleet import CONFIG, START
from tests.in_memory_engine import InMemoryEngine


def on_the_host(folder: Path) -> EngineRun:
    """Run the scenario on Durable Functions, with the whole app."""

    async def drive() -> EngineRun:
        with world() as simulation:
            async with Bot(simulation, folder, CONFIG) as bot:
                body = {"target": target_of(STOPPED_CLUSTER), "by": "ana"}
                answer = await bot.call("POST", "runbooks/node-image", body, Idempotency_Key=KEY)
                run = str(answer.body["run"])
                await bot.run_until(END)
                scheduled = [
                    event.taskScheduled for event in bot.host.engine.history(run) if event.HasField("taskScheduled")
                ]
                activities = tuple((each.name, json.loads(each.input.value)) for each in scheduled)
                return EngineRun(activities, without_tokens(bot.run(run)), tuple(started_operations(simulation)))

    return asyncio.run(drive())


def on_the_executor(folder: Path) -> EngineRun:
    """Run the scenario on the executor without replay: the SDK's context stays alive between turns."""
    activities: list[tuple[str, Json]] = []
    with world() as simulation, environment(simulation.environment):
        ports = RunPorts(simulation, folder)

        def activity(name: str) -> Any:
            def run(_: ActivityContext, payload: dict[str, Json]) -> Json:
                activities.append((name, payload))
                simulation.advance(executor.now)
                return invoke(name, ports.context, payload)

            run.__name__ = name
            return run

        executor = Executor([operation], [activity(name) for name in Activity], START)
        run = ports.begin()
        executor.start("operation", {"run": run.id}, run.id)
        executor.run_until(END)
        status = executor.status(run.id)
        assert status is not None
        assert status.state == "Completed", status.error
        return ports.result(activities)


def operation(context: Any, payload: dict[str, Json]) -> Generator[Any, Any, Json]:
    """The activity as the app registers it."""
    return (yield from orchestrator("operation")(DurableFlow(context), payload))


class _WorldClock:
    """The simulated world's clock, as the in-memory engine moves it."""

    def __init__(self, ports: RunPorts) -> None:
        self._ports = ports

    @property
    def at(self) -> datetime:
        """The world's current time."""
        return self._ports.context.ports.clock.now()

    @at.setter
    def at(self, value: datetime) -> None:
        self._ports.simulation.advance(value)


class _InMemoryWorld:
    """The parts of a world that the in-memory engine uses: its clock and its context."""

    def __init__(self, ports: RunPorts) -> None:
        self.clock, self._ports = _WorldClock(ports), ports

    @property
    def context(self) -> Context:
        """An activity's context."""
        return self._ports.context


def on_the_in_memory_engine(folder: Path) -> EngineRun:
    """Run the scenario on the in-memory engine that the tests use."""
    with world() as simulation, environment(simulation.environment):
        ports = RunPorts(simulation, folder)
        run = ports.begin()
        engine = InMemoryEngine(_InMemoryWorld(ports), "operation", {"run": run.id})
        engine.run_to_end()
        return ports.result(list(zip(engine.calls, engine.payloads, strict=True)))
