"""`daytwo simulate --story attacker` and `daytwo serve` as processes: the attackers act by themselves, against any bot that listens."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ops.adapters.file_ledger import FileLedger
from simulator.running import control
from simulator.slack.api import TOKEN
from simulator.slack.signing import SIGNING_SECRET

ROOT = Path(__file__).resolve().parents[2]
# At two hours per second, the first attempts in the chat, on Monday at 10:00, come after five seconds.
STORY = ("simulate", "--story", "attacker", "--speed", "7200")


@contextmanager
def daytwo(
    *arguments: str, cwd: Path, environment: dict[str, str] | None = None
) -> Iterator[tuple[dict[str, str], subprocess.Popen[str]]]:
    """A command that prints KEY=value lines up to an empty line or a line with DAYTWO_URL, and then serves."""
    known = {**os.environ, **(environment or {}), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "ops.cli", *arguments]
    with subprocess.Popen(command, cwd=cwd, env=known, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command
        assert process.stdout is not None
        found: dict[str, str] = {}
        for line in process.stdout:
            name, _, value = line.strip().partition("=")
            if not name:
                break
            (found[name],) = shlex.split(value)
            if name == "DAYTWO_URL":
                break
        try:
            yield found, process
        finally:
            process.terminate()
            process.wait(30)


def test_the_attackers_act_by_themselves_and_their_attempts_are_on_record(tmp_path: Path) -> None:
    with daytwo(*STORY, cwd=tmp_path) as (world, _):
        assert world["CALENDAR_URL"].startswith("https://127.0.0.1:")
        secrets = {"SLACK_TOKEN": TOKEN, "SLACK_SIGNING_SECRET": SIGNING_SECRET}
        serve = ("serve", "--state", "state", "--config", world["STORY_CONFIG"])
        with daytwo(*serve, cwd=tmp_path, environment=world | secrets) as (bot, process):
            for kind in ("interactions", "commands"):
                url = f"{bot['DAYTWO_URL']}/api/slack/{kind}"
                control(world, "/subscribers", {"url": url, "schema": f"slack-{kind}"})
            deadline = time.monotonic() + 90
            while not replies(world) and time.monotonic() < deadline:
                assert process.poll() is None
                time.sleep(0.2)
            assert {"U0EVE", "U0MAL", "U0DAN"} >= replies(world) >= {"U0EVE"}
        ledger = FileLedger(tmp_path / "state" / "ledger")
        kinds = {entry.kind for day in range(16, 25) for entry in ledger.entries(f"2026-11-{day}")}
        assert {"condition", "command"} <= kinds


def replies(world: dict[str, str]) -> set[str]:
    """The people who got a private reply from the bot."""
    slack: Any = control(world, "/slack")
    return {each["user"] for each in slack["ephemeral"]}


def test_the_configuration_of_the_story_is_valid(tmp_path: Path) -> None:
    with daytwo(*STORY, cwd=tmp_path) as (world, _):
        command = [sys.executable, "-m", "ops.cli", "validate", world["STORY_CONFIG"]]
        ended = subprocess.run(  # noqa: S603 - our own command
            command,
            cwd=tmp_path,
            env={**os.environ, **world, "PYTHONPATH": str(ROOT)},
            check=False,
            capture_output=True,
            text=True,
        )
        assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "text"), [(("--clusters", "3"), "its own fleet"), (("--fleet", "demo"), "--story")]
)
def test_a_story_has_its_own_fleet(tmp_path: Path, arguments: tuple[str, ...], text: str) -> None:
    command = [sys.executable, "-m", "ops.cli", *STORY[:3], *arguments]
    ended = subprocess.run(  # noqa: S603 - our own command
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, capture_output=True, text=True
    )
    assert ended.returncode == 2
    assert text in ended.stderr
