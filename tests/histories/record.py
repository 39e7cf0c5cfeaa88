"""Records the histories anew: `python -m tests.histories.record`, after a change that is meant to change what runs do.

A change that would break runs in flight becomes a new version instead (`ops.engine.operation.VERSION`): then the old
recordings stay, and new ones are added beside them.
"""

import asyncio
import tempfile
from pathlib import Path

from simulator.executor.recording import Recording
from simulator.running import running_simulation
from tests.crash.scenario import scenarios_of
from tests.flows.bot import Bot

HERE = Path(__file__).parent
RUN = "node-image.shop-dev-085876.2026-w47"
ROLLOUT = "rollout.node-image.2026-w47"


async def record(folder: Path, into: Path) -> None:
    """Live each story of node images on the engine that keeps its state in a file, and keep its run's and rollout's history."""
    for story in scenarios_of("node-image"):
        with running_simulation(story.fleet) as simulation:
            state = folder / story.name
            state.mkdir()
            async with Bot(simulation, state, story.config, engine_on_disk=True) as bot:
                await bot.until(story.end)
            for kind, instance in (("operation", RUN), ("rollout", ROLLOUT)):
                recording = Recording.of_file(state / "engine" / "engine.db", instance)
                recording.save(into / f"{kind}.{story.name}.json")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(record(Path(temporary), HERE))
