"""Every runbook is killed (with SIGKILL, in a real process) before and after each activity and during each effect.

A second process then continues to the same end. The following must be equal: the operations in the world, every message
in Slack, and the end of each run and step. No lease is left over, and the ledger's hash chain is intact.
Run `python -m tests.crash.crash_runner` to debug a single execution.
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


SCENARIOS_BY_RUNBOOK = [
    (runbook, scenario) for runbook in runbooks() if has_scenario(runbook) for scenario in scenarios_of(runbook)
]
each_scenario = pytest.mark.parametrize(
    ("runbook", "scenario"), SCENARIOS_BY_RUNBOOK, ids=lambda value: getattr(value, "name", value)
)


def execute(runbook: str, scenario: Scenario, folder: Path, *more: str, within_s: int = WITHIN_S) -> dict[str, Any]:
    """The crash runner's report."""
    command = [sys.executable, "-m", "tests.crash.crash_runner", runbook, scenario.name, str(folder), *more]
    # The processes import little, but they compile a lot if no bytecode may be written.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    ended = subprocess.run(  # noqa: S603 - this project's own module
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=within_s
    )
    path = folder / "report.json"
    assert path.exists(), ended.stderr[-3_000:]
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def reported(problems: dict[str, list[str]]) -> str:
    return "\n".join(f"killed {where}:\n  " + "\n  ".join(lines) for where, lines in problems.items())


@pytest.mark.parametrize("runbook", runbooks())
def test_every_runbook_has_a_crash_scenario(runbook: str) -> None:
    assert has_scenario(runbook), f"write tests/crash/scenarios/{runbook.replace('-', '_')}.py with its SCENARIOS"


@pytest.mark.timeout(WITHIN_S)
@each_scenario
def test_a_killed_bot_continues_to_the_same_outcome(runbook: str, scenario: Scenario, tmp_path: Path) -> None:
    found = execute(runbook, scenario, tmp_path, "--every", str(scenario.every))
    assert not found["problems"], reported(found["problems"])
    assert found["runs"] == -(-found["boundaries"] // scenario.every) > 0


@pytest.mark.soak
@pytest.mark.timeout(SOAK_WITHIN_S)
@pytest.mark.parametrize("seed", [1, 2, 3])
@each_scenario
def test_a_bot_killed_twice_continues_to_the_same_outcome(
    runbook: str, scenario: Scenario, seed: int, tmp_path: Path
) -> None:
    found = execute(runbook, scenario, tmp_path, "--twice", str(seed), within_s=SOAK_WITHIN_S)
    assert not found["problems"], reported(found["problems"])


@pytest.mark.soak
@pytest.mark.timeout(SOAK_WITHIN_S)
@each_scenario
def test_every_boundary_leads_to_the_same_outcome(runbook: str, scenario: Scenario, tmp_path: Path) -> None:
    found = execute(runbook, scenario, tmp_path, within_s=SOAK_WITHIN_S)
    assert not found["problems"], reported(found["problems"])
    assert found["runs"] == found["boundaries"]


def test_the_node_image_scenario_covers_all_operations(tmp_path: Path) -> None:
    """Checks the precondition for the other tests: the scenario performs the operations during which the bot is killed."""
    (scenario,) = [
        each for runbook, each in SCENARIOS_BY_RUNBOOK if (runbook, each.name) == ("node-image", "a-sleeper")
    ]
    found = execute("node-image", scenario, tmp_path, "--every", "1000")["undisturbed"]
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
