"""Records, once, the histories of the orchestrators' current version: `python -m tests.histories.record`.

Recorded histories are never replaced, because runs in progress may have histories like them. A change that breaks their
replay raises `ops.engine.VERSION` and keeps the old code for the old version; this module then records the new version.
"""

import asyncio
import tempfile
from pathlib import Path

from ops.engine import VERSION
from simulator.executor.recording import Recording
from simulator.running import running_simulation
from tests.crash.scenario import scenarios_of
from tests.flows.bot import Bot

HERE = Path(__file__).parent
RUN = "node-image.shop-dev-085876.2026-w47"
ROLLOUT = "rollout.node-image.2026-w47"


async def record(folder: Path, into: Path) -> None:
    """Run each node image scenario on the engine with a state file, and save the histories of its run and rollout."""
    for story in scenarios_of("node-image"):
        with running_simulation(story.fleet) as simulation:
            state = folder / story.name
            state.mkdir()
            async with Bot(simulation, state, story.config, engine_on_disk=True) as bot:
                await bot.run_until(story.end)
            for kind, instance in (("operation", RUN), ("rollout", ROLLOUT)):
                recording = Recording.of_file(state / "engine" / "engine.db", instance)
                recording.save(into / f"{kind}.{story.name}.json")


if __name__ == "__main__":
    folder = HERE / f"v{VERSION}"
    if folder.exists():
        raise SystemExit(
            f"{folder} exists: runs in progress may have such histories. Raise VERSION in ops/engine first."
        )
    folder.mkdir()
    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(record(Path(temporary), folder))
