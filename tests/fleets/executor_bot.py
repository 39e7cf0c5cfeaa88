"""The bot on the executor: its timers, activities and orchestrators on the real adapters, without a host."""

import json
from collections.abc import Generator
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from durabletask.task import ActivityContext

from ops.adapters.durable_flow import INBOX, DurableFlow
from ops.bootstrap import wire
from ops.context import Context
from ops.endpoints.budget_alerts import take_alert
from ops.endpoints.event_grid import take_event
from ops.endpoints.routes import TIMERS, Timer
from ops.engine import Orchestrator, orchestrator, version_of
from ops.engine.activities import invoke
from ops.engine.transition import Activity
from ops.model.json import Json
from simulator.executor.executor import Executor
from simulator.running import Running
from simulator.slack.api import TOKEN
from tests.fleets.events import Inbox

_EVERY_MINUTE = "* * * * *"


class ExecutorEngine:
    """Implements `Engine` with the executor."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def start(self, workflow: str, instance_id: str, payload: Json) -> None:
        """Start an instance, unless it is running."""
        if not self.is_live(instance_id):
            self._executor.start(workflow, payload, instance_id)

    def wake(self, instance_id: str) -> None:
        """Send a wake event, if the instance is running."""
        if self.is_live(instance_id):
            self._executor.raise_event(instance_id, INBOX)

    def is_live(self, instance_id: str) -> bool:
        """Whether the instance is running."""
        status = self._executor.status(instance_id)
        return status is not None and status.state == "Running"

    def purge(self, instance_id: str) -> None:
        """Forget an instance that has ended."""
        self._executor.purge(instance_id)


class ExecutorBot:
    """Runs until a time. The world follows the executor's clock, and its events are taken within a minute.

    A simulated week with the host does the same in about four times the time: the engine keeps no history here.
    """

    def __init__(self, simulation: Running, folder: Path, config: str, inbox: Inbox) -> None:
        path = folder / "daytwo.yaml"
        path.write_text(config)
        settings = {"DAYTWO_STATE": str(folder), "DAYTWO_CONFIG": str(path), "SLACK_TOKEN": TOKEN}
        self._simulation, self._inbox = simulation, inbox
        self._seen = simulation.world.now
        wiring = wire({**simulation.environment, **settings})
        self._wiring = wiring._replace(ports=replace(wiring.ports, clock=self))
        activities = [self._activity(name) for name in Activity]
        self.executor = Executor([_orchestrator(name) for name in Orchestrator], activities, self._seen)
        self._engine = ExecutorEngine(self.executor)
        simulation.control("/subscribers", {"url": inbox.events, "schema": "cloudevents"})
        simulation.control("/subscribers", {"url": inbox.alerts, "schema": "action-group"})
        for timer in TIMERS:
            self.executor.cron(timer.schedule, partial(self._fire, timer))
        self.executor.cron(_EVERY_MINUTE, self._look)

    @property
    def context(self) -> Context:
        """What one invocation works with."""
        return replace(self._wiring.context(None), engine=self._engine)

    def now(self) -> datetime:
        """Return the time that the world has reached: the bot's clock, without a request to the world."""
        return self._seen

    def run_until(self, to: datetime) -> None:
        """Run the bot and the world until a time."""
        self.executor.run_until(to)
        self._follow(to)

    def _look(self, now: datetime) -> None:
        """Take the events of a minute in which the world does something."""
        due = self._simulation.world.core.scheduler.next_due()
        if due is not None and due <= now:
            self._follow(now)

    def _follow(self, now: datetime) -> None:
        """Let the world reach this time, and take its events."""
        if now > self._seen:
            self._seen = now
            self._simulation.advance(now)
        for is_alert, body in self._inbox.take():
            if is_alert:
                take_alert(self.context, body)
            else:
                take_event(self.context, json.loads(body))

    def _fire(self, timer: Timer, now: datetime) -> None:
        self._follow(now)
        timer.handler(self.context, self._wiring.process)

    def _activity(self, name: str) -> Any:
        def run(_: ActivityContext, payload: dict[str, Json]) -> Json:
            self._follow(self.executor.now)
            return invoke(name, self.context, payload)

        run.__name__ = name
        return run


def _orchestrator(name: str) -> Any:
    def run(context: Any, payload: dict[str, Any]) -> Generator[Any, Any, Json]:
        return (yield from orchestrator(name, version_of(payload))(DurableFlow(context), payload))

    run.__name__ = name
    return run
