"""The processes of one execution: a world that outlives the bot, and a bot that can be killed. Both are forked after all imports.

The forking process has a single thread, so a child never inherits a lock held by a thread that does not exist in it.
"""

import asyncio
import os
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from ops.adapters import sqlite_store
from ops.adapters.sqlite_store import SqliteStore
from ops.model.json import Json
from simulator.host.clock import RemoteClock
from simulator.host.host import Host
from simulator.running import control
from simulator.simulation import Simulation
from simulator.slack.api import TOKEN
from simulator.slack.signing import SIGNING_SECRET
from tests.crash.kill_points import PID, KillPoints
from tests.crash.scenario import ButtonClick, Scenario

APP = Path(__file__).resolve().parents[2]
CONFIG = "daytwo.yaml"
MODULES = "modules.txt"
ADDRESS = "port.txt"
KEY = "crash-key"
BUDGET_KEY = "budget-key-of-a-crashing-bot-1234"
# Each process's host loads this as its app and shares its imports. Writes of requests, votes, and decisions are
# boundaries.
_DECISIONS = ("approval", "asked-word", "open-request", "attempt", "approval-news", "slack-form")
_PER_PROCESS = ("function_app", "__main__", "__mp_main__")


@dataclass(frozen=True, slots=True)
class World:
    """A simulated world in a separate process."""

    pid: int
    environment: dict[str, str]

    def end(self) -> None:
        """Stop the world."""
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)


def preload(folder: Path) -> None:
    """Import the modules that a process had imported when it ended, so that processes forked from now on start with them."""
    for name in (folder / MODULES).read_text().splitlines():
        if name not in sys.modules and name not in _PER_PROCESS:
            with suppress(ImportError):  # Its package generates it at run time, and the child does the same.
                import_module(name)


def begin_world(scenario: Scenario, folder: Path, kills: tuple[str, ...]) -> World:
    """Fork the world. Return once it is serving.

    Raises:
        RuntimeError: the world did not start.
    """
    readable, writable = os.pipe()
    pid = fork(folder / "world.log", lambda: asyncio.run(_serve(scenario, KillPoints(folder, kills), writable)))
    os.close(writable)
    with os.fdopen(readable) as reported:
        pairs = [line.rstrip("\n").partition("=") for line in reported]
    if not pairs:
        raise RuntimeError(f"the world of {scenario.name} did not start: see {folder / 'world.log'}")
    return World(pid, {name: value for name, _, value in pairs})


async def _serve(scenario: Scenario, kill_points: KillPoints, output: int) -> None:
    simulation = Simulation(scenario.fleet)
    simulation.faults = kill_points
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await simulation.start()
    with os.fdopen(output, "w") as pipe:
        pipe.writelines(f"{name}={value}\n" for name, value in simulation.environment().items())
    await stopped.wait()
    await simulation.stop()


def run_bot(scenario: Scenario, world: World, folder: Path, number: int, kill_at: str) -> int:
    """Run one process of the bot until the scenario ends or until the boundary at which the process kills itself.

    Returns:
        The exit code as from `os.waitstatus_to_exitcode`: 0, or -9 if the process was killed.
    """
    (folder / CONFIG).write_text(scenario.config)
    settings = {
        "DAYTWO_STATE": str(folder),
        "DAYTWO_CONFIG": str(folder / CONFIG),
        "SLACK_TOKEN": TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "DAYTWO_BUDGET_KEY": BUDGET_KEY,
    }
    path = folder / f"boundaries-{number}.txt"

    def child() -> None:
        (folder / PID).write_text(str(os.getpid()))
        os.environ.update({**world.environment, **settings})
        boundaries = Boundaries(path, kill_at)
        KillPointStore.boundaries = boundaries
        sqlite_store.SqliteStore = KillPointStore  # type: ignore[misc]  # what the wiring of this process finds
        asyncio.run(_run_bot(scenario, folder, boundaries))

    pid = fork(folder / f"bot-{number}.log", child)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


async def _run_bot(scenario: Scenario, folder: Path, boundaries: "Boundaries") -> None:
    clock = RemoteClock(os.environ["CLOCK_URL"])
    address = folder / ADDRESS
    port = int(address.read_text()) if address.exists() else 0
    host = Host(APP, clock, folder / "engine", boundary=boundaries, port=port, function_key=KEY)
    base_url = await host.start()
    if scenario.receives_events and not port:
        # The world keeps sending to the first process's address, which the second one reuses.
        address.write_text(base_url.rsplit(":", 1)[1])
        await asyncio.to_thread(_subscribe, base_url)
    await asyncio.to_thread(_connect_slack, base_url)
    for click in scenario.clicks:
        await host.run_until(max(host.now(), click.at))
        await _click(click)
        await host.settle()
    await host.run_until(scenario.end)
    (folder / MODULES).write_text("\n".join(sys.modules))
    await host.stop()


def _subscribe(base_url: str) -> None:
    events = f"{base_url}/runtime/webhooks/eventgrid?functionName=events&code={KEY}"
    control(os.environ, "/subscribers", {"url": events, "schema": "cloudevents"})
    control(
        os.environ, "/subscribers", {"url": f"{base_url}/api/alerts/budget?key={BUDGET_KEY}", "schema": "action-group"}
    )


def _connect_slack(base_url: str) -> None:
    url = f"{base_url}/api/slack/interactions"
    control(os.environ, "/subscribers", {"url": url, "schema": "slack-interactions"})


async def _click(click: ButtonClick) -> None:
    """Act as a person who selects a button in Slack and submits the form that opens. Do nothing if there is no button."""
    channels: Any = (await asyncio.to_thread(control, os.environ, "/slack"))["channels"]
    for channel, message in ((each["id"], message) for each in channels for message in each["messages"]):
        elements = [e for block in message["blocks"] if block["type"] == "actions" for e in block["elements"]]
        found = next((e["action_id"] for e in elements if e["action_id"].startswith(click.action)), None)
        if found is not None:
            body = {"channel": channel, "ts": message["ts"], "action_id": found, "user": click.user}
            await asyncio.to_thread(control, os.environ, "/slack/click", body)
            views: Any = (await asyncio.to_thread(control, os.environ, "/slack"))["views"]
            for view in (each for each in views if each["open"] and each["user"] == click.user):
                form = {"view": view["id"], "user": click.user, "text": "the sale ends on Thursday"}
                await asyncio.to_thread(control, os.environ, "/slack/submit", form)


class KillPointStore(SqliteStore):
    """The bot's store. Writes of requests and votes are boundaries, so processes are also killed during a decision."""

    boundaries: "Boundaries"

    def insert(self, kind: str, key: str, value: Json) -> bool:
        """Insert a record. A process can be killed between two writes."""
        return self._around(kind, lambda: super(KillPointStore, self).insert(kind, key, value))

    def replace(self, kind: str, key: str, value: Json, etag: str) -> str:
        """Replace a record. A process can be killed between two writes."""
        return self._around(kind, lambda: super(KillPointStore, self).replace(kind, key, value, etag))

    def _around[T](self, kind: str, write: Callable[[], T]) -> T:
        if kind not in _DECISIONS:
            return write()
        self.boundaries("before", "write", kind)
        written = write()
        self.boundaries("after", "write", kind)
        return written


class Boundaries:
    """Writes the name of each boundary to disk, and kills its process at one of them."""

    def __init__(self, path: Path, kill_at: str) -> None:
        self._file = path.open("w", buffering=1)
        self._kill_at = kill_at
        self._seen: Counter[str] = Counter()

    def __call__(self, when: Literal["before", "after"], activity: str, instance_id: str, /) -> None:
        name = f"{when} {activity} of {instance_id}"
        self._seen[name] += 1
        boundary = f"{name} #{self._seen[name]}"
        self._file.write(boundary + "\n")
        if boundary == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def fork(log: Path, work: Callable[[], None]) -> int:
    """Run `work` in a child process with its output in `log`. Return the child's pid. Its exit code is 1 if `work` raised."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        with log.open("w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            work()
            code = 0
    except BaseException:  # noqa: BLE001 - the top level of a process: every error is shown by the log and the exit code
        traceback.print_exc()
    finally:
        with suppress(OSError):
            sys.stderr.flush()
        os._exit(code)
