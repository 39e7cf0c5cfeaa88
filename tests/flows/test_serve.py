"""`daytwo serve` in a real process: after SIGKILL, it continues where it left off when it is restarted in the same folder."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from ops.adapters.file_ledger import FileLedger
from ops.adapters.sqlite_store import SqliteStore
from ops.model.run import State
from ops.tables.runs import runs
from simulator.running import Running, running_simulation
from simulator.slack.api import TOKEN
from tests.flows.bot import started_operations, target_of
from tests.flows.fleet import CONFIG, TWO_POOLS, fleet

# Ten minutes per second: an upgrade takes about one second. The window is open for a minute and a half of real time,
# which is enough for a bot to start twice on a busy machine.
SPEED = 300


@dataclass(frozen=True, slots=True)
class Served:
    """A bot that is serving."""

    process: subprocess.Popen[str]
    url: str
    state: Path

    def ask(self, path: str, body: object = None) -> Any:
        """Send a GET request, or a POST if there is a body, with the key that the bot wrote to its folder."""
        key = (self.state / "function-key").read_text()
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}/api/{path}", data=data, headers={"x-functions-key": key})  # noqa: S310 - our own address
        with urlopen(request, timeout=30) as response:  # noqa: S310 - our own address
            return json.load(response)

    def wait_for(self, run: str, state: State) -> None:
        """Poll until the run reaches this state."""
        while self.ask(f"runs/{run}")["state"] != state:
            assert self.process.poll() is None
            time.sleep(0.1)  # The bot needs CPU time too.


@contextmanager
def serving(environment: Mapping[str, str], folder: Path, stderr: int | None = None) -> Iterator[Served]:
    (folder / "daytwo.yaml").write_text(CONFIG)
    state = folder / "state"
    command = [sys.executable, "-m", "ops.cli", "serve", "--state", str(state), "--config", str(folder / "daytwo.yaml")]
    with subprocess.Popen(  # noqa: S603 - our own command
        command,
        env={**os.environ, **environment, "SLACK_TOKEN": TOKEN},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    ) as process:
        assert process.stdout is not None
        name, _, url = process.stdout.readline().strip().partition("=")
        assert name == "DAYTWO_URL"
        try:
            yield Served(process, url, state)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


@pytest.fixture
def simulation() -> Iterator[Running]:
    with running_simulation(fleet(), speed=SPEED) as running:
        yield running


def test_a_killed_bot_continues_where_it_left_off(simulation: Running, tmp_path: Path) -> None:
    with serving(simulation.environment, tmp_path) as bot:
        run = bot.ask("runbooks/node-image", {"target": target_of(TWO_POOLS), "by": "ana"})["run"]
        bot.wait_for(run, State.RUNNING)
        bot.process.kill()
        assert bot.process.wait(30) == -signal.SIGKILL
    with serving(simulation.environment, tmp_path) as bot:
        bot.wait_for(run, State.DONE)
        assert bot.ask(f"runs/{run}")["by"] == "a holder of the function key (says: ana)"
    ours = [what for what in started_operations(simulation) if what.startswith("upgrade")]
    assert ours == ["upgrade-node-image shop-dev system", "upgrade-node-image shop-dev user1"]
    store = SqliteStore(tmp_path / "state" / "store.sqlite")
    assert runs(store).must_get(run).value.state is State.DONE


def test_a_stopped_bot_exits_cleanly(simulation: Running, tmp_path: Path) -> None:
    with serving(simulation.environment, tmp_path) as bot:
        assert [book["name"] for book in bot.ask("runbooks")][:1] != []
        bot.process.send_signal(signal.SIGTERM)
        assert bot.process.wait(30) == 0


def test_a_bot_without_a_configuration_reports_that_and_keeps_serving(simulation: Running, tmp_path: Path) -> None:
    """The endpoints respond with 503 until there is a configuration. The output states the reason."""
    command = [sys.executable, "-m", "ops.cli", "serve", "--state", str(tmp_path), "--config", "none.yaml"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, env={**os.environ, **simulation.environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("DAYTWO_URL=")
        reported = process.stderr.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert reported == (
        "the configuration is not valid, so nothing new starts until it is: "
        "none.yaml cannot be read: No such file or directory\n"
    )


def refused_start(environment: Mapping[str, str], folder: Path) -> str:
    """What `serve` says when it cannot start: one sentence, and exit code 1."""
    command = [sys.executable, "-m", "ops.cli", "serve", "--state", str(folder / "state")]
    ended = subprocess.run(  # noqa: S603 - our own command
        [*command, "--config", str(folder / "daytwo.yaml")],
        env={**os.environ, **environment, "SLACK_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    return ended.stderr


def test_a_second_bot_in_the_same_folder_is_refused_and_the_first_continues(
    simulation: Running, tmp_path: Path
) -> None:
    with serving(simulation.environment, tmp_path) as bot:
        assert "state/lock: another process uses this folder. Stop that process" in refused_start(
            simulation.environment, tmp_path
        )
        assert bot.ask("runs") == []


@pytest.mark.parametrize("file", ["store.sqlite", "engine/engine.db"])
def test_a_broken_file_is_named_and_nothing_is_lost_once_it_is_restored(
    simulation: Running, tmp_path: Path, file: str
) -> None:
    with serving(simulation.environment, tmp_path) as bot:
        run = bot.ask("runbooks/node-image", {"target": target_of(TWO_POOLS), "by": "ana"})["run"]
        bot.wait_for(run, State.RUNNING)
    path = tmp_path / "state" / file
    backup = path.read_bytes()
    path.write_bytes(b"this is not a database " * 100)
    assert f"state/{file}: file is not a database" in refused_start(simulation.environment, tmp_path)
    path.write_bytes(backup)
    with serving(simulation.environment, tmp_path) as bot:
        bot.wait_for(run, State.DONE)


def test_a_full_disk_ends_the_bot_with_a_sentence_and_nothing_is_lost(simulation: Running, tmp_path: Path) -> None:
    """A limit on the size of its files stops the process from writing, as a full disk does."""
    # A pipe, since the limit would apply to a file that captures the output as well.
    with serving(simulation.environment, tmp_path, subprocess.PIPE) as bot:
        run = bot.ask("runbooks/node-image", {"target": target_of(TWO_POOLS), "by": "ana"})["run"]
        bot.wait_for(run, State.RUNNING)
        resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
        _, errors = bot.process.communicate(timeout=60)
        assert bot.process.returncode == 1
        assert "Free space on the disk" in errors
    with serving(simulation.environment, tmp_path) as bot:
        bot.wait_for(run, State.DONE)
    ours = [what for what in started_operations(simulation) if what.startswith("upgrade")]
    assert ours == ["upgrade-node-image shop-dev system", "upgrade-node-image shop-dev user1"]


def test_every_file_of_the_bot_is_readable_by_its_owner_only(simulation: Running, tmp_path: Path) -> None:
    with serving(simulation.environment, tmp_path) as bot:
        bot.ask("runbooks/node-image", {"target": target_of(TWO_POOLS), "by": "ana"})
        files = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
        assert {path.stat().st_mode & 0o077 for path in files} == {0}
        assert {path.name for path in files} >= {
            "lock",
            "function-key",
            "store.sqlite-wal",
            "engine.db",
            "engine.db-wal",
        }


def test_a_damaged_ledger_ends_nothing_and_becomes_a_condition(simulation: Running, tmp_path: Path) -> None:
    with serving(simulation.environment, tmp_path) as bot:
        run = bot.ask("runbooks/node-image", {"target": target_of(TWO_POOLS), "by": "ana"})["run"]
        bot.wait_for(run, State.RUNNING)
        (file,) = (tmp_path / "state" / "ledger").glob("*.jsonl")
        with file.open("ab") as damaged:
            damaged.write(b"\xff torn by another program\n")
        bot.wait_for(run, State.DONE)
        while not (found := [each for each in bot.ask("conditions") if each["what"] == "Ledger"]):
            assert bot.process.poll() is None
            time.sleep(0.1)  # until the hourly timer has fired
    ledger = FileLedger(tmp_path / "state" / "ledger")
    kinds = [entry.kind for entry in ledger.entries(file.stem)]
    assert kinds.count("ledger-part") == 1
    assert kinds.index("ledger-part") < kinds.index("condition")
    assert f"{file.name} has a line" in found[0]["text"]
