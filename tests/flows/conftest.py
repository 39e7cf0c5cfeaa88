"""For each test, a world with one small cluster, and a bot with its own folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.running import Running, running_simulation
from tests.flows.bot import Bot
from tests.flows.fleet import CONFIG, fleet


@pytest.fixture
def simulation() -> Iterator[Running]:
    with running_simulation(fleet()) as running:
        yield running


@pytest.fixture
def bot(simulation: Running, tmp_path: Path) -> Bot:
    return Bot(simulation, tmp_path, CONFIG)
