"""Kills the bot, the world, or both at random moments of a night, then lets the night end and reports what must not have happened."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import IO, cast

from ops.adapters.sqlite_store import SqliteStore
from ops.model.fleet import CORDON_STAMP
from ops.model.run import State
from ops.policy.leases import alive
from ops.tables.leases import leases
from ops.tables.runs import rollouts, runs
from simulator.oracle import judge
from simulator.running import Running, control, running
from simulator.slack.api import TOKEN
from simulator.slack.signing import SIGNING_SECRET
from simulator.world.journal import Kind
from simulator.world.specs import PRINCIPAL
from tests.crash.kill_world import CONFIG, END, FLEET, START, world
from tests.flows.bot import Bot
from tests.flows.rough_week import wrong_messages

ROOT = Path(__file__).resolve().parents[2]
# Virtual seconds per second: a process takes two to four seconds to start, during which up to ten virtual minutes pass.
_SPEED = 150.0
# If processes start so slowly that the night has passed, the rest of the rounds is left out.
_LAST_KILL = END - timedelta(hours=3)
_INTERVAL_S = (1.0, 5.0)
_STARTS_WITHIN_S = 60
_LOST = 0.4
# What may happen at most once per night to one pool or node.
_ONCE = ("upgrade-node-image", "restart")


@dataclass(frozen=True, slots=True)
class Night:
    """How the night ended. The first four must be empty; `begun` counts the bot's operations."""

    violations: tuple[str, ...]
    messages_wrong: tuple[str, ...]
    left_behind: tuple[str, ...]
    not_justified: tuple[str, ...]
    begun: Counter[str]
    kills: Counter[str]


@dataclass
class KillRounds:
    """The two processes, and what has happened to them."""

    folder: Path
    seed: int
    kills: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)  # noqa: S311 - chooses moments, not secrets
        self._world: subprocess.Popen[str] | None = None
        self._bot: subprocess.Popen[str] | None = None
        self._environment: dict[str, str] = {}
        (self.folder / "bot").mkdir()
        (self.folder / "bot" / "daytwo.yaml").write_text(CONFIG)

    def run(self, rounds: int) -> Night:
        """Kill something in each round, then let the night end without faults."""
        self._start_missing()
        for _ in range(rounds):
            if datetime.fromisoformat(str(control(self._environment, "/clock")["now"])) > _LAST_KILL:
                break
            time.sleep(self._random.uniform(*_INTERVAL_S))  # a random moment of the processes' lives
            self._kill(self._random.choice(("bot", "bot", "world", "both")))
            self._start_missing()
        self._end()
        return asyncio.run(self._last_hours())

    def _kill(self, which: str) -> None:
        self.kills[which] += 1
        for name, process in (("world", self._world), ("bot", self._bot)):
            if process is not None and which in (name, "both"):
                process.send_signal(signal.SIGKILL)
                process.wait()
        if which in ("bot", "both"):
            self.kills["lost instances"] += self._lose_instances()

    def _lose_instances(self) -> int:
        """Delete some of the engine's instances, as an engine that loses its storage would. Return how many."""
        path = self.folder / "bot" / "engine" / "engine.db"
        if not path.exists():
            return 0
        with closing(sqlite3.connect(path)) as database, database:
            ids = [row[0] for row in database.execute("select id from instance order by id")]
            lost = [each for each in ids if self._random.random() < _LOST]
            for table in ("instance", "history"):
                database.executemany(f"delete from {table} where id = ?", [(each,) for each in lost])  # noqa: S608 - our own names
        return len(lost)

    def _start_missing(self) -> None:
        if self._world is None or self._world.poll() is not None:
            arguments = [str(self.folder / "world"), str(_SPEED), str(self.seed)]
            self._world = self._spawn("world", ["-m", "tests.crash.kill_world", *arguments], {})
            self._environment = dict(_lines(self._world))
        if self._bot is None or self._bot.poll() is not None:
            state = self.folder / "bot"
            arguments = ["--state", str(state), "--config", str(state / "daytwo.yaml")]
            chat = {"SLACK_TOKEN": TOKEN, "SLACK_SIGNING_SECRET": SIGNING_SECRET}
            self._bot = self._spawn("bot", ["-m", "ops.cli", "serve", *arguments], {**self._environment, **chat})

    def _spawn(self, name: str, arguments: list[str], settings: dict[str, str]) -> "subprocess.Popen[str]":
        with (self.folder / f"{name}.log").open("a") as log:
            return subprocess.Popen(  # noqa: S603 - our own programs
                [sys.executable, *arguments],
                stdout=subprocess.PIPE if name == "world" else log,
                stderr=log,
                text=True,
                cwd=ROOT,
                env={**os.environ, **settings},
            )

    def _end(self) -> None:
        """Stop both processes as a person would."""
        for process in (self._bot, self._world):
            if process is not None:
                process.terminate()
                process.wait(_STARTS_WITHIN_S)

    async def _last_hours(self) -> Night:
        """Run both in this process until the night is over and every run had time to end."""
        simulation = world(self.folder / "world", 0, self.seed, "none")
        with running(simulation) as served:
            async with Bot(served, self.folder / "bot", CONFIG, engine_on_disk=True) as bot:
                await bot.run_until(END)
            return self._judge(served)

    def _judge(self, served: Running) -> Night:
        store, journal = SqliteStore(self.folder / "bot" / "store.sqlite"), served.world.journal
        verdict = judge(CONFIG, FLEET, journal.entries, START, END, seed=self.seed)
        begun = Counter(
            f"{entry.detail['what']} {entry.cluster} {entry.pool}"
            for entry in journal.of(Kind.OPERATION_BEGUN)
            if entry.detail["who"] == PRINCIPAL
        )
        restarts = [e for e in journal.of(Kind.MACHINE_RESTART) if e.detail["status"] == "InProgress"]
        begun.update(f"restart {entry.cluster} {entry.node}" for entry in restarts)
        ended = [stored.value for table in (runs(store), rollouts(store)) for stored in table.scan()]
        open_runs = [f"{each.id} does not end: {each.state}: {each.why}" for each in ended if not each.state.is_final]
        halted = [f"{each.id}: {each.why}" for each in ended if each.state in (State.HALTED, State.FAILED)]
        held = [
            f"{held.key}: {one.run}" for held in leases(store).scan() for one in alive(held.value, served.world.now)
        ]
        cordoned = [
            f"{node.name} is still cordoned"
            for cluster in served.world.clusters.values()
            for node in cluster.nodes.values()
            if node.unschedulable and CORDON_STAMP in node.annotations
        ]
        # A bot that is down does not get to every node; the next night does.
        harmful = [each for each in verdict.violations if not each.startswith("not-rebooted")]
        twice = [
            f"{what} was begun {count} times" for what, count in begun.items() if count > 1 and what.split()[0] in _ONCE
        ]
        return Night(
            (*harmful, *twice),
            tuple(wrong_messages(served, store)),
            (*open_runs, *held, *cordoned),
            tuple(halted),
            begun,
            self.kills,
        )


def _lines(process: "subprocess.Popen[str]") -> list[tuple[str, str]]:
    """The settings that the world prints before an empty line.

    Raises:
        RuntimeError: the world has ended without printing them.
    """
    pairs: list[tuple[str, str]] = []
    for line in cast("IO[str]", process.stdout):
        if not line.strip():
            return pairs
        name, _, value = line.rstrip("\n").partition("=")
        pairs.append((name, value))
    raise RuntimeError("the world did not start")
