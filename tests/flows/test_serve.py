"""`daytwo serve` in a real process: after SIGKILL, it continues where it left off when it is restarted in the same folder."""

import json
import os
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
def serving(environment: Mapping[str, str], folder: Path) -> Iterator[Served]:
    (folder / "daytwo.yaml").write_text(CONFIG)
    state = folder / "state"
    command = [sys.executable, "-m", "ops.cli", "serve", "--state", str(state), "--config", str(folder / "daytwo.yaml")]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, env={**os.environ, **environment, "SLACK_TOKEN": TOKEN}, stdout=subprocess.PIPE, text=True
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
