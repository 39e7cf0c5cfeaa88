"""One run told by three engines in equal worlds: a sleeper is woken, an answer is lost, a pool fails, the sleeper is put back."""

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
from simulator.http_types import DROPPED, Answer, Call
from simulator.running import Running, running_simulation
from simulator.slack.api import TOKEN
from simulator.world.scripted_faults import UpgradeFails
from tests.fakes import FakeEngine
from tests.flows.bot import begun, environment, target_of
from tests.flows.fleet import CONFIG, TWO_POOLS, fleet

# A drain that may take five minutes fails early enough for all to end before END.
POOLS = (TWO_POOLS.pools[0], replace(TWO_POOLS.pools[1], drain_timeout_minutes=5))
SLEEPER = replace(TWO_POOLS, pools=POOLS, stopped=True)
FAILS = UpgradeFails("shop-dev", "user1", 0, "PodDrainFailure", "a pod could not be drained")
KEY = "told"
# Before the hourly timer, which only the host has, starts anything of its own.
END = datetime.fromisoformat("2026-11-16T21:59:00Z")


class FirstUpgradeUnanswered(Faults):
    """The answer to the first upgrade that is asked for is lost; it has had its effect."""

    def __init__(self) -> None:
        super().__init__("none", 0)
        self.lost = 0

    def around(self, surface: Surface, call: Call, handler: Callable[[Call], Answer]) -> Answer:
        """Answer, but for that one."""
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
class Told:
    """What an engine did: each activity with its input, in order; the run at its end; what was begun in the world."""

    activities: tuple[tuple[str, Json], ...]
    run: Run
    begun: tuple[str, ...]


@contextmanager
def world() -> Iterator[Running]:
    """The world of the story, new."""
    with running_simulation(fleet(SLEEPER, mishaps=(FAILS,))) as simulation:
        simulation.simulation.faults = FirstUpgradeUnanswered()
        yield simulation


class Beside:
    """The run's ports on a simulated world, without an app: for the engines that know no doors."""

    def __init__(self, simulation: Running, folder: Path) -> None:
        self.simulation = simulation
        config = folder / "daytwo.yaml"
        config.write_text(CONFIG)
        settings = {"DAYTWO_STATE": str(folder), "DAYTWO_CONFIG": str(config), "SLACK_TOKEN": TOKEN}
        self._wiring = wire({**simulation.environment, **settings})

    @property
    def context(self) -> Context:
        """What an activity is given."""
        return replace(self._wiring.context(None), engine=FakeEngine())

    def begin(self) -> Run:
        """The record of the run, as the HTTP door makes it."""
        body = json.dumps({"target": target_of(SLEEPER), "by": "ana"}).encode()
        start_runbook(self.context, "node-image", body, KEY)
        (stored,) = runs(self._wiring.ports.store).scan()
        return stored.value

    def told(self, activities: list[tuple[str, Json]]) -> Told:
        """What came of it."""
        (stored,) = runs(self._wiring.ports.store).scan()
        return Told(tuple(activities), without_tokens(stored.value), tuple(begun(self.simulation)))


def without_tokens(run: Run) -> Run:
    """Tokens hold the addresses of one world."""
    return replace(
        run,
        steps=tuple(replace(step, token="") for step in run.steps),
        finished=tuple(replace(step, token="") for step in run.finished),
    )


__all__ = ["END", "KEY", "SLEEPER", "Beside", "Told", "environment", "without_tokens", "world"]
