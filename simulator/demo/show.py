"""Implements `daytwo demo`: the world in a child process, the bot in this one, then the summary."""

import asyncio
import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from rich.console import Console

from simulator.chat_preview.official_renderer import drawer
from simulator.demo.approvals import ApprovalDesk
from simulator.demo.overrides import DEMO_OVERRIDES
from simulator.demo.page import Page
from simulator.demo.summary import Summary
from simulator.demo.week import Stage, simulate
from simulator.fleets import demo_fleet
from simulator.running import simulation_process

CONFIG = Path(__file__).with_name("daytwo.yaml")
_WIDTH = 80
_INTERRUPTED = 130  # the exit code that shells use after Ctrl-C


def show(*, days: int, headless: bool, json_file: Path | None, seed: int) -> None:
    """Simulate the days and print the summary. The exit code is 1 if the result is not as expected.

    In a terminal, and without `headless`, a page shows the days live and stays until Ctrl-C.
    """
    # If an orchestrator wakes up before its timer fires, the timer remains. The engine's library warns about this,
    # which is harmless here.
    logging.getLogger("azure.durable_functions.worker").setLevel(logging.ERROR)
    with_page = not headless and sys.stdin.isatty() and sys.stdout.isatty()
    arguments = ("--fleet", "demo", "--seed", str(seed))
    with simulation_process(*arguments) as world, tempfile.TemporaryDirectory(prefix="daytwo-demo-") as folder:
        stage = Stage(demo_fleet(), seed, world, Path(folder), CONFIG, DEMO_OVERRIDES)
        desk = ApprovalDesk(world, stage.state, _print, with_page)
        if not with_page:
            sys.exit(_exit_code(asyncio.run(_run(stage, desk, days, json_file))))
        with drawer() as found:
            page = Page(stage, found, desk)
            with suppress(KeyboardInterrupt):
                asyncio.run(_run_with_page(stage, desk, days, json_file, page))
        sys.exit(_exit_code(page.summary))


def _exit_code(summary: Summary | None) -> int:
    """Return the exit code. A missing summary means that the demonstration was interrupted."""
    if summary is None:
        return _INTERRUPTED
    return 0 if summary.good else 1


async def _run_with_page(stage: Stage, desk: ApprovalDesk, days: int, json_file: Path | None, page: Page) -> None:
    async with page.open() as address:
        _print(f"The page: {address}\n")
        page.summary = await _run(stage, desk, days, json_file)
        _print(f"\nThe page is at {address} until Ctrl-C.\n")
        await asyncio.Event().wait()


async def _run(stage: Stage, desk: ApprovalDesk, days: int, json_file: Path | None) -> Summary:
    """Simulate the days, then print and write the summary."""
    began = time.monotonic()
    summary = Summary.of(await simulate(stage, days, _progress(began), desk), time.monotonic() - began)
    console = Console()
    summary.show(console if console.is_terminal else Console(width=_WIDTH, no_color=True))
    if json_file is not None:
        await asyncio.to_thread(json_file.write_text, json.dumps(summary.document(), indent=1) + "\n")
    return summary


def _progress(began: float) -> Callable[[datetime], None]:
    def report_progress(now: datetime) -> None:
        if now.hour == 0:
            _print(f"{now:%a %d %b}  {time.monotonic() - began:5.1f} s\n")

    return report_progress


def _print(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
