"""Every runbook is killed (SIGKILL, a real process) before and after each activity and in the middle of each effect.

A second life goes on to the same end.

Alike are: what was begun in the world, every message in Slack, how each run and step ended; and no lease is left held, the ledger's
chain holds. Each telling is `python -m tests.crash.crash_runner`, which says how to look at one.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ops.runbooks import runbooks
from tests.crash.scenario import Scenario, scenarios_of

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 580
SOAK_WITHIN_S = 3_000


def has_scenario(runbook: str) -> bool:
    try:
        return bool(scenarios_of(runbook))
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("tests.crash.scenarios"):
            raise
        return False


STORIES = [(runbook, story) for runbook in runbooks() if has_scenario(runbook) for story in scenarios_of(runbook)]
each_story = pytest.mark.parametrize(("runbook", "story"), STORIES, ids=lambda value: getattr(value, "name", value))


def tell(runbook: str, story: Scenario, folder: Path, *more: str, within_s: int = WITHIN_S) -> dict[str, Any]:
    """The nursery's report."""
    command = [sys.executable, "-m", "tests.crash.crash_runner", runbook, story.name, str(folder), *more]
    # Lives import little but compile much where no bytecode may be kept.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    ended = subprocess.run(  # noqa: S603 - this project's own module
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=within_s
    )
    path = folder / "report.json"
    assert path.exists(), ended.stderr[-3_000:]
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def said(problems: dict[str, list[str]]) -> str:
    return "\n".join(f"killed {where}:\n  " + "\n  ".join(lines) for where, lines in problems.items())


@pytest.mark.parametrize("runbook", runbooks())
def test_every_runbook_has_a_story_to_be_killed_in(runbook: str) -> None:
    assert has_scenario(runbook), f"write tests/crash/scenarios/{runbook.replace('-', '_')}.py with its SCENARIOS"


@pytest.mark.timeout(WITHIN_S)
@each_story
def test_a_killed_bot_goes_on_to_the_same_end(runbook: str, story: Scenario, tmp_path: Path) -> None:
    found = tell(runbook, story, tmp_path, "--every", str(story.every))
    assert not found["problems"], said(found["problems"])
    assert found["told"] == -(-found["boundaries"] // story.every) > 0


@pytest.mark.soak
@pytest.mark.timeout(SOAK_WITHIN_S)
@pytest.mark.parametrize("seed", [1, 2, 3])
@each_story
def test_a_bot_that_is_killed_twice_goes_on_to_the_same_end(
    runbook: str, story: Scenario, seed: int, tmp_path: Path
) -> None:
    found = tell(runbook, story, tmp_path, "--twice", str(seed), within_s=SOAK_WITHIN_S)
    assert not found["problems"], said(found["problems"])


@pytest.mark.soak
@pytest.mark.timeout(SOAK_WITHIN_S)
@each_story
def test_no_boundary_is_left_out(runbook: str, story: Scenario, tmp_path: Path) -> None:
    found = tell(runbook, story, tmp_path, within_s=SOAK_WITHIN_S)
    assert not found["problems"], said(found["problems"])
    assert found["told"] == found["boundaries"]


def test_the_night_crosses_start_upgrade_undo_rollout_and_messages(tmp_path: Path) -> None:
    """The precondition of all of the above: the undisturbed story does what is to be killed."""
    (story,) = [each for runbook, each in STORIES if (runbook, each.name) == ("node-image", "a-sleeper")]
    found = tell("node-image", story, tmp_path, "--every", "1000")["undisturbed"]
    assert found["operations"] == {
        "start shop-dev None": 1,
        "stop shop-dev None": 1,
        "upgrade-node-image shop-dev spot": 1,
        "upgrade-node-image shop-dev system": 1,
    }
    assert {subject: len(shown) for subject, shown in found["messages"].items()} == {
        "node-image.shop-dev-085876.2026-w47": 1,
        "node-image.shop-dev-085876.2026-w47.details": 1,
        "rollout.node-image.2026-w47": 1,
    }
    assert (found["leases_held"], found["unsent"]) == ([], [])
