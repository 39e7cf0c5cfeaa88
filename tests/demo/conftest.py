"""The demonstration's week, simulated once for all tests that read it, and small weeks for individual tests."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.demo.overrides import DEMO_OVERRIDES
from simulator.demo.show import CONFIG
from simulator.demo.summary import Summary
from simulator.demo.week import JudgedWeek, SimulatedTime, Stage, simulate
from simulator.fleets import demo_fleet
from simulator.running import Running, running_simulation, simulation_process
from simulator.world.specs import FleetSpec

SEED = 1


@dataclass(frozen=True, slots=True)
class Demonstration:
    """The stage, which is still running, and the result of its week."""

    stage: Stage
    simulated: SimulatedTime
    summary: Summary

    @property
    def week(self) -> JudgedWeek:
        return self.simulated.weeks[0]


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    state = tmp_path_factory.mktemp("demonstration")
    with simulation_process("--fleet", "demo", "--seed", str(SEED)) as world:
        stage = Stage(demo_fleet(), SEED, world, state, CONFIG, DEMO_OVERRIDES)
        simulated = asyncio.run(simulate(stage, 7, lambda _now: None))
        yield Demonstration(stage, simulated, Summary.of(simulated, 0.0))


type SimulateWeek = Callable[..., JudgedWeek]


@pytest.fixture(scope="session")
def simulate_week(tmp_path_factory: pytest.TempPathFactory) -> SimulateWeek:
    """A function that simulates a fleet's week. It calls `before` when the world is already running but the bot is not."""

    def simulated(
        fleet: FleetSpec, config: str, before: Callable[[Running], None] = lambda _running: None
    ) -> JudgedWeek:
        folder: Path = tmp_path_factory.mktemp(fleet.name)
        (folder / "daytwo.yaml").write_text(config)
        with running_simulation(fleet) as running:
            before(running)
            stage = Stage(fleet, 0, running.environment, folder, folder / "daytwo.yaml")
            (week,) = asyncio.run(simulate(stage, 7, lambda _now: None)).weeks
        return week

    return simulated
