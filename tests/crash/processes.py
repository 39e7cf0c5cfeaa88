"""The processes of one telling: a world that outlives the bot, and a bot that may be killed; both are forked, all imports done.

The forking process has one thread, so that a child finds no lock held by a thread that it does not have.
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
from simulator.serve import Simulation
from simulator.slack.api import TOKEN
from simulator.slack.signing import SIGNING_SECRET
from tests.crash.kill_points import PID, Deadly
from tests.crash.scenario import Press, Scenario

APP = Path(__file__).resolve().parents[2]
CONFIG = "daytwo.yaml"
MODULES = "modules.txt"
ADDRESS = "port.txt"
KEY = "crash-key"
# Loaded by each life's own host, which makes it its app; its imports are shared all the same.
# What is written when a request is made, pressed, decided.
_DECIDING = ("approval", "asked-word", "open-request", "attempt", "approval-news", "slack-form")
_OF_EACH_LIFE = ("function_app", "__main__", "__mp_main__")


@dataclass(frozen=True, slots=True)
class World:
    """A simulated world that serves from a process of its own."""

    pid: int
    environment: dict[str, str]

    def end(self) -> None:
        """Stop it."""
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)


def preload(folder: Path) -> None:
    """Import what a life had imported at its end: the lives that are forked from here on begin with it."""
    for name in (folder / MODULES).read_text().splitlines():
        if name not in sys.modules and name not in _OF_EACH_LIFE:
            with suppress(ImportError):  # made up by its package at run time, and made up again
                import_module(name)


def begin_world(scenario: Scenario, folder: Path, kills: tuple[str, ...]) -> World:
    """Fork the world; returns when it serves."""
    readable, writable = os.pipe()
    pid = fork(folder / "world.log", lambda: asyncio.run(_serve(scenario, Deadly(folder, kills), writable)))
    os.close(writable)
    with os.fdopen(readable) as said:
        pairs = [line.rstrip("\n").partition("=") for line in said]
    if not pairs:
        raise RuntimeError(f"the world of {scenario.name} did not begin: see {folder / 'world.log'}")
    return World(pid, {name: value for name, _, value in pairs})


async def _serve(scenario: Scenario, deadly: Deadly, told: int) -> None:
    simulation = Simulation(scenario.fleet)
    simulation.faults = deadly
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await simulation.start()
    with os.fdopen(told, "w") as pipe:
        pipe.writelines(f"{name}={value}\n" for name, value in simulation.environment().items())
    await stopped.wait()
    await simulation.stop()


def live(scenario: Scenario, world: World, folder: Path, number: int, kill_at: str) -> int:
    """One life of the bot, to the end of the story or to the boundary where it kills itself; returns how it ended.

    Returns:
        As `os.waitstatus_to_exitcode`: 0, or -9 for a life that was killed.
    """
    (folder / CONFIG).write_text(scenario.config)
    settings = {
        "DAYTWO_STATE": str(folder),
        "DAYTWO_CONFIG": str(folder / CONFIG),
        "SLACK_TOKEN": TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
    }
    path = folder / f"boundaries-{number}.txt"

    def life() -> None:
        (folder / PID).write_text(str(os.getpid()))
        os.environ.update({**world.environment, **settings})
        boundaries = Boundaries(path, kill_at)
        DeadlyStore.boundaries = boundaries
        sqlite_store.SqliteStore = DeadlyStore  # type: ignore[misc]  # what the wiring of this life will find
        asyncio.run(_live(scenario, folder, boundaries))

    pid = fork(folder / f"bot-{number}.log", life)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


async def _live(scenario: Scenario, folder: Path, boundaries: "Boundaries") -> None:
    clock = RemoteClock(os.environ["CLOCK_URL"])
    address = folder / ADDRESS
    port = int(address.read_text()) if address.exists() else 0
    host = Host(APP, clock, folder / "engine", boundary=boundaries, port=port, function_key=KEY)
    base_url = await host.start()
    if scenario.hears and not port:
        # The world goes on sending to where the first life was: the second takes its address over.
        address.write_text(base_url.rsplit(":", 1)[1])
        await asyncio.to_thread(_be_heard, base_url)
    await asyncio.to_thread(_be_pressed, base_url)
    for press in scenario.presses:
        await host.run_until(max(host.now(), press.at))
        await _press(press)
        await host.settle()
    await host.run_until(scenario.end)
    (folder / MODULES).write_text("\n".join(sys.modules))
    await host.stop()


def _be_heard(base_url: str) -> None:
    events = f"{base_url}/runtime/webhooks/eventgrid?functionName=events&code={KEY}"
    control(os.environ, "/subscribers", {"url": events, "schema": "cloudevents"})
    control(os.environ, "/subscribers", {"url": f"{base_url}/api/alerts/budget?code={KEY}", "schema": "action-group"})


def _be_pressed(base_url: str) -> None:
    url = f"{base_url}/api/slack/interactions"
    control(os.environ, "/subscribers", {"url": url, "schema": "slack-interactions"})


async def _press(press: Press) -> None:
    """Somebody who looks into Slack and sees a button presses it, and sends the form that opens; who sees none has nothing to do."""
    channels: Any = (await asyncio.to_thread(control, os.environ, "/slack"))["channels"]
    for channel, message in ((each["id"], message) for each in channels for message in each["messages"]):
        elements = [e for block in message["blocks"] if block["type"] == "actions" for e in block["elements"]]
        found = next((e["action_id"] for e in elements if e["action_id"].startswith(press.action)), None)
        if found is not None:
            body = {"channel": channel, "ts": message["ts"], "action_id": found, "user": press.user}
            await asyncio.to_thread(control, os.environ, "/slack/press", body)
            views: Any = (await asyncio.to_thread(control, os.environ, "/slack"))["views"]
            for view in (each for each in views if each["open"] and each["user"] == press.user):
                form = {"view": view["id"], "user": press.user, "text": "the sale ends on Thursday"}
                await asyncio.to_thread(control, os.environ, "/slack/submit", form)


class DeadlyStore(SqliteStore):
    """The bot's store; what is written of requests and presses is a boundary, so that a process also dies while it decides."""

    boundaries: "Boundaries"

    def insert(self, kind: str, key: str, value: Json) -> bool:
        """Between two of its writes a process may die too."""
        return self._around(kind, lambda: super(DeadlyStore, self).insert(kind, key, value))

    def replace(self, kind: str, key: str, value: Json, etag: str) -> str:
        """The same."""
        return self._around(kind, lambda: super(DeadlyStore, self).replace(kind, key, value, etag))

    def _around[T](self, kind: str, write: Callable[[], T]) -> T:
        if kind not in _DECIDING:
            return write()
        self.boundaries("before", "write", kind)
        written = write()
        self.boundaries("after", "write", kind)
        return written


class Boundaries:
    """Names each boundary as it comes by, on disk, and kills its process at one of them."""

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
    """Do `work` in a child whose output goes to `log`; returns its pid. Its exit code is 1 where it raised."""
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
    except BaseException:  # noqa: BLE001 - the top of a process: whatever it is, it is in the log and in the exit code
        traceback.print_exc()
    finally:
        with suppress(OSError):
            sys.stderr.flush()
        os._exit(code)
