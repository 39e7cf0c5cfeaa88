"""The command that serves a simulated fleet on 127.0.0.1.

``python -m simulator.serve`` prints the settings for clients as KEY=value lines, then serves until it is stopped.
"""

import argparse
import asyncio
import os
import signal
import sys
from functools import partial
from pathlib import Path

from simulator.faults import PROFILES, Surface
from simulator.fleets import START, demo_fleet, random_fleet
from simulator.simulation import Simulation
from simulator.stories.attacker import ATTACKER
from simulator.untidy_fleets import untidy_fleet
from simulator.world.specs import FleetSpec

_SIGNING = "Slack signs its requests at virtual time: a bot accepts them only if CLOCK_URL is set, so that it follows the same clock.\n"
STORIES = {"attacker": ATTACKER}


def _surfaces(text: str) -> tuple[Surface, ...]:
    return tuple(Surface(name) for name in text.split(","))


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.story is not None and chosen.clusters is not None:
        parser.error("a story has its own fleet: omit --clusters")
    asyncio.run(_serve(_fleet(chosen), chosen))
    return 0


def _fleet(chosen: argparse.Namespace) -> FleetSpec:
    if chosen.story is not None:
        return STORIES[chosen.story].fleet
    if chosen.fleet == "demo" and chosen.clusters is None:
        return demo_fleet()
    if chosen.fleet == "untidy":
        return untidy_fleet(chosen.seed, START, chosen.clusters or 6)
    return random_fleet(chosen.seed, chosen.clusters or 6)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator.serve", description="Serve a simulated AKS fleet.")
    fleets = parser.add_mutually_exclusive_group()
    fleets.add_argument(
        "--fleet", choices=("demo", "random", "untidy"), default="demo", help="which fleet (default: demo)"
    )
    fleets.add_argument("--story", choices=tuple(STORIES), help="a fleet in which people and systems act by themselves")
    parser.add_argument("--clusters", type=_count, help="a random fleet with this many clusters")
    parser.add_argument("--seed", type=int, default=0, help="the seed of all random choices")
    parser.add_argument("--speed", type=float, default=0, help="virtual seconds per second; 0: only on request")
    parser.add_argument("--faults", choices=tuple(PROFILES), default="none", help="how often the services fail")
    surfaces = ", ".join(Surface)
    parser.add_argument("--faults-on", type=_surfaces, default=tuple(Surface), help=f"any of {surfaces} (default: all)")
    parser.add_argument("--retry-after", type=int, help="the Retry-After of long-running operations, in seconds")
    parser.add_argument("--state", type=Path, help="a folder that keeps the world; a later simulation continues it")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    return parser


def _count(text: str) -> int:
    """Parse a number of clusters.

    Raises:
        ValueError: the number is too small. The parser prints the message.
    """
    count = int(text)
    if count < 1:
        raise ValueError(f"a fleet needs at least one cluster, not {count}")
    return count


async def _serve(fleet: FleetSpec, chosen: argparse.Namespace) -> None:
    simulation = Simulation(
        fleet,
        chosen.seed,
        chosen.speed,
        chosen.faults,
        fault_surfaces=chosen.faults_on,
        retry_after_s=chosen.retry_after,
    )
    if chosen.story is not None:
        simulation.perform(STORIES[chosen.story])
    if chosen.state is not None:
        simulation.keep_in(chosen.state)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if chosen.with_parent:
        loop.add_reader(sys.stdin, partial(_end_with_input, stopped))
    await simulation.start()
    try:
        for name, value in simulation.environment().items():
            print(f"{name}={value}")  # noqa: T201  # the command's output
        print(flush=True)  # noqa: T201  # an empty line ends it
        sys.stderr.write(_SIGNING)
        await stopped.wait()
    finally:
        await simulation.stop()


def _end_with_input(stopped: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        stopped.set()


if __name__ == "__main__":
    sys.exit(main())
