"""One run on three engines in identical worlds: a stopped cluster starts, a response is lost, a pool fails, the cluster is stopped."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ops.bootstrap import wire
from ops.context import Context
from ops.endpoints.http_api import start_runbook
from ops.model.json import Json
from ops.model.run import Run
from ops.tables.runs import runs
from simulator.faults import Faults, Surface
from simulator.http_types import DROPPED, HttpRequest, HttpResponse
from simulator.running import Running, running_simulation
from simulator.slack.api import TOKEN
from simulator.world.scripted_faults import UpgradeFails
from tests.fakes import FakeEngine
from tests.flows.bot import environment, started_operations, target_of
from tests.flows.fleet import CONFIG, TWO_POOLS, fleet

# With a drain timeout of five minutes, the failure comes early enough for everything to end before END.
POOLS = (TWO_POOLS.pools[0], replace(TWO_POOLS.pools[1], drain_timeout_minutes=5))
STOPPED_CLUSTER = replace(TWO_POOLS, pools=POOLS, stopped=True)
FAILS = UpgradeFails("shop-dev", "user1", 0, "PodDrainFailure", "a pod could not be drained")
KEY = "key-1"
# Before the hourly timer, which exists only in the host, starts other runs.
END = datetime.fromisoformat("2026-11-16T21:59:00Z")


class FirstUpgradeResponseLost(Faults):
    """The response to the first upgrade request is lost, but the request takes effect."""

    def __init__(self) -> None:
        super().__init__("none", 0)
        self.lost = 0

    def intercept(
        self, surface: Surface, call: HttpRequest, handler: Callable[[HttpRequest], HttpResponse]
    ) -> HttpResponse:
        """Handle a request, dropping the response to the first upgrade."""
        answer = handler(call)
        if (
            surface is Surface.ARM
            and call.method == "POST"
            and "/upgradeNodeImageVersion" in call.path
            and not self.lost
        ):
            self.lost += 1
            return DROPPED
        return answer


@dataclass(frozen=True, slots=True)
class EngineRun:
    """What an engine did: every activity with its input, in order; the run's final record; and the operations in the world."""

    activities: tuple[tuple[str, Json], ...]
    run: Run
    begun: tuple[str, ...]


@contextmanager
def world() -> Iterator[Running]:
    """A new world for this scenario."""
    with running_simulation(fleet(STOPPED_CLUSTER, scripted_faults=(FAILS,))) as simulation:
        simulation.simulation.faults = FirstUpgradeResponseLost()
        yield simulation


class RunPorts:
    """The run's ports on a simulated world without an app, for the engines that have no HTTP endpoints."""

    def __init__(self, simulation: Running, folder: Path) -> None:
        self.simulation = simulation
        config = folder / "daytwo.yaml"
        config.write_text(CONFIG)
        settings = {"DAYTWO_STATE": str(folder), "DAYTWO_CONFIG": str(config), "SLACK_TOKEN": TOKEN}
        self._wiring = wire({**simulation.environment, **settings})

    @property
    def context(self) -> Context:
        """An activity's context."""
        return replace(self._wiring.context(None), engine=FakeEngine())

    def begin(self) -> Run:
        """The run's record, as the HTTP endpoint creates it."""
        body = json.dumps({"target": target_of(STOPPED_CLUSTER), "by": "ana"}).encode()
        start_runbook(self.context, "node-image", body, KEY)
        (stored,) = runs(self._wiring.ports.store).scan()
        return stored.value

    def result(self, activities: list[tuple[str, Json]]) -> EngineRun:
        """The result."""
        (stored,) = runs(self._wiring.ports.store).scan()
        return EngineRun(tuple(activities), without_tokens(stored.value), tuple(started_operations(self.simulation)))


def without_tokens(run: Run) -> Run:
    """The run without its operation tokens, which contain URLs from one particular world."""
    return replace(
        run,
        steps=tuple(replace(step, token="") for step in run.steps),
        finished=tuple(replace(step, token="") for step in run.finished),
    )


__all__ = ["END", "KEY", "STOPPED_CLUSTER", "EngineRun", "RunPorts", "environment", "without_tokens", "world"]
