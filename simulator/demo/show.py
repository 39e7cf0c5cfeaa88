"""What `daytwo demo` does: the world in a child process, the bot in this one, then the summary."""

import asyncio
import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from rich.console import Console

from simulator.demo.summary import Summary
from simulator.demo.week import Stage, live
from simulator.fleets import demo_fleet
from simulator.testing import simulation_process

CONFIG = Path(__file__).with_name("daytwo.yaml")
_WIDTH = 80


def show(*, days: int, headless: bool, json_file: Path | None, seed: int) -> None:
    """Live the days and print what came of them; ends the process with 1 where something was not as it should be."""
    began = time.monotonic()
    # A hint that beats a timer leaves the timer behind, which the engine's library warns of: nothing to be seen here.
    logging.getLogger("azure.durable_functions.worker").setLevel(logging.ERROR)
    arguments = ("--fleet", "demo", "--seed", str(seed))
    with simulation_process(*arguments) as world, tempfile.TemporaryDirectory(prefix="daytwo-demo-") as folder:
        stage = Stage(demo_fleet(), seed, world, Path(folder), CONFIG)
        lived = asyncio.run(live(stage, days, _progress(began)))
    summary = Summary.of(lived, time.monotonic() - began)
    console = Console()
    summary.show(console if console.is_terminal else Console(width=_WIDTH, no_color=True))
    if json_file is not None:
        json_file.write_text(json.dumps(summary.document(), indent=1) + "\n")
    if not summary.good:
        sys.exit(1)


def _progress(began: float) -> Callable[[datetime], None]:
    def tell(now: datetime) -> None:
        if now.hour == 0:
            sys.stderr.write(f"{now:%a %d %b}  {time.monotonic() - began:5.1f} s\n")

    return tell
