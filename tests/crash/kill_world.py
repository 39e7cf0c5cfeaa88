"""The world of the kill rounds, as a process that can be killed: `python -m tests.crash.kill_world FOLDER SPEED SEED`."""

import asyncio
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from simulator.simulation import Simulation
from simulator.world.scripted_faults import RebootRequired
from simulator.world.specs import ClusterSpec, PoolSpec
from simulator.world.workloads import PdbSpec, WorkloadSpec
from tests.configurations import PAIRED_RINGS, TO_SLACK
from tests.staging import in_west_europe

START = datetime(2026, 11, 16, 21, 40, tzinfo=UTC)
END = datetime(2026, 11, 17, 9, tzinfo=UTC)
# One night, so that every run ends with it.
CONFIG = (
    PAIRED_RINGS
    + """\
windows:
  nights: {days: mon, from: "22:00", to: "05:00", zone: UTC}
node-image: {window: nights, proven-for: 1h, proven-awake: 1h, proven-nodes: 1, start-stopped-clusters: true}
reboot: {window: nights, drain-timeout: 20m}
power:
  - {select: {names: ["pay-dev"]}, awake: "mon-fri 08:00-19:00", zone: UTC}
"""
    + TO_SLACK
)
_SHOP = (WorkloadSpec("shop", "web", 3, PdbSpec(min_available=2), pool="user1"),)
FLEET = in_west_europe(
    "kill-rounds",
    START,
    ClusterSpec(
        "shop-dev",
        "westeurope",
        (PoolSpec("system", 1, mode="System"), PoolSpec("user1", 2)),
        tags=(("env", "dev"),),
        workloads=_SHOP,
    ),
    ClusterSpec("pay-dev", "westeurope", (PoolSpec("system", 1, mode="System"),), tags=(("env", "dev"),), stopped=True),
    ClusterSpec(
        "shop-test",
        "westeurope",
        (PoolSpec("system", 1, mode="System", releases_behind=0), PoolSpec("user1", 2, releases_behind=0)),
        tags=(("env", "test"),),
        workloads=_SHOP,
    ),
    ClusterSpec("shop-prod", "westeurope", (PoolSpec("system", 2, mode="System"),), tags=(("env", "prod"),)),
    scripted_faults=(
        RebootRequired("shop-test", "user1", START + timedelta(minutes=2), 1),
        RebootRequired("shop-dev", "user1", START + timedelta(minutes=2), 2),
    ),
)


def world(folder: Path, speed: float, seed: int, faults: str) -> Simulation:
    """The world that is kept in the folder."""
    simulation = Simulation(FLEET, seed, speed, faults)
    simulation.keep_in(folder)
    return simulation


async def _serve(folder: Path, speed: float, seed: int) -> None:
    simulation = world(folder, speed, seed, "calm")
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await simulation.start()
    lines = [f"{name}={value}" for name, value in simulation.environment().items()]
    sys.stdout.write("\n".join([*lines, "", ""]))
    sys.stdout.flush()
    await stopped.wait()
    await simulation.stop()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
