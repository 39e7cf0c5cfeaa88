"""The demonstration's week, lived once for all the tests that look at it; and small weeks of one's own."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.demo.show import CONFIG
from simulator.demo.summary import Summary
from simulator.demo.votes import DEMO_PRESSES
from simulator.demo.week import JudgedWeek, SimulatedTime, Stage, live
from simulator.fleets import demo_fleet
from simulator.running import Running, running_simulation, simulation_process
from simulator.world.specs import FleetSpec

SEED = 1


@dataclass(frozen=True, slots=True)
class Demonstration:
    """The stage, still standing, and what was lived on it."""

    stage: Stage
    lived: SimulatedTime
    summary: Summary

    @property
    def week(self) -> JudgedWeek:
        return self.lived.weeks[0]


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    state = tmp_path_factory.mktemp("demonstration")
    with simulation_process("--fleet", "demo", "--seed", str(SEED)) as world:
        stage = Stage(demo_fleet(), SEED, world, state, CONFIG, DEMO_PRESSES)
        lived = asyncio.run(live(stage, 7, lambda _now: None))
        yield Demonstration(stage, lived, Summary.of(lived, 0.0))


type LiveAWeek = Callable[..., JudgedWeek]


@pytest.fixture(scope="session")
def live_a_week(tmp_path_factory: pytest.TempPathFactory) -> LiveAWeek:
    """A week of a fleet of one's own; `before` is called when the world runs and the bot does not yet."""

    def lived(fleet: FleetSpec, config: str, before: Callable[[Running], None] = lambda _running: None) -> JudgedWeek:
        folder: Path = tmp_path_factory.mktemp(fleet.name)
        (folder / "daytwo.yaml").write_text(config)
        with running_simulation(fleet) as running:
            before(running)
            stage = Stage(fleet, 0, running.environment, folder, folder / "daytwo.yaml")
            (week,) = asyncio.run(live(stage, 7, lambda _now: None)).weeks
        return week

    return lived
