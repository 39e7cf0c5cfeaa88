"""The commands as a person types them, run against `daytwo simulate`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.running import control
from simulator.slack.api import TOKEN
from tests.flows.fleet import CONFIG

# The demonstration's fleet starts at midnight on Monday, inside this window.
OPEN_NOW = CONFIG.replace('from: "21:10"', 'from: "00:00"').replace('to: "05:00"', 'to: "23:00"')
SPEED = 600


def daytwo(*arguments: str, cwd: Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).resolve().parents[2]
    known = {**os.environ, **(environment or {}), "PYTHONPATH": str(root), "COLUMNS": "80"}
    command = [sys.executable, "-m", "ops.cli", *arguments]
    return subprocess.run(  # noqa: S603 - our own command
        command, cwd=cwd, env=known, check=False, capture_output=True, text=True, timeout=120
    )


@pytest.fixture(scope="module")
def simulated() -> Iterator[dict[str, str]]:
    """`daytwo simulate` as a process. Its output is the environment for all other commands."""
    command = [sys.executable, "-m", "ops.cli", "simulate", "--fleet", "demo", "--speed", str(SPEED)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command
        assert process.stdout is not None
        found: dict[str, str] = {}
        for line in process.stdout:
            name, _, value = line.strip().partition("=")
            if not name:
                break
            found[name] = value
        try:
            yield {**found, "SLACK_TOKEN": TOKEN}
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "daytwo.yaml").write_text(OPEN_NOW)
    return tmp_path


def target(environment: dict[str, str], name: str = "shop-dev", group: str = "rg-shop") -> str:
    subscription = environment["SUBSCRIPTION"]
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.ContainerService/managedClusters/{name}"


def test_the_simulate_command_prints_all_settings_for_clients(simulated: dict[str, str]) -> None:
    wanted = "ARM_URL CA_FILE IDENTITY_ENDPOINT IDENTITY_HEADER SUBSCRIPTION RESOURCE_GROUP CLUSTER KUBECONFIG SLACK_URL CLOCK_URL"
    assert set(wanted.split()) <= set(simulated)


def test_a_plan_fits_80_columns(simulated: dict[str, str], folder: Path) -> None:
    ended = daytwo("plan", "--subscription", simulated["SUBSCRIPTION"], cwd=folder, environment=simulated)
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert [line for line in lines if len(line) > 80] == []
    assert any("shop-prod-we" in line for line in lines)


def test_a_plan_as_json_includes_every_pool(simulated: dict[str, str], folder: Path) -> None:
    ended = daytwo("plan", "--config", "daytwo.yaml", "--format", "json", cwd=folder, environment=simulated)
    assert ended.returncode == 0, ended.stderr
    pools = json.loads(ended.stdout)
    assert {pool["cluster"] for pool in pools} >= {"shop-dev", "shop-prod-we", "lab"}


def test_making_a_plan_does_not_change_anything(simulated: dict[str, str], folder: Path) -> None:
    daytwo("plan", "--subscription", simulated["SUBSCRIPTION"], cwd=folder, environment=simulated)
    seen: list[dict[str, str]] = control(simulated, "/requests")["requests"]  # type: ignore[assignment]  # JSON
    arguments = {each["action"] for each in seen if each["surface"] == "arm"}
    assert not {action for action in arguments if action.endswith(("write", "delete", "start/action", "stop/action"))}
    assert "Microsoft.ContainerService/managedClusters/agentPools/upgradeNodeImageVersion/action" not in arguments


def test_a_dry_run_shows_the_plan_and_changes_nothing(simulated: dict[str, str], folder: Path) -> None:
    ended = daytwo("run", "node-image", "--target", target(simulated), "--dry-run", cwd=folder, environment=simulated)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith(("Daytwo would act now on shop-dev", "Daytwo would wait until"))
    assert sorted(path.name for path in folder.iterdir()) == ["daytwo.yaml"]


def test_a_run_is_followed_to_its_end(simulated: dict[str, str], folder: Path) -> None:
    ended = daytwo("run", "node-image", "--target", target(simulated), cwd=folder, environment=simulated)
    assert ended.returncode == 0, ended.stderr
    assert ": done: " in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("run", "nonsense", "--target", "x", "--dry-run"), 2, "Runbook nonsense does not exist"),
        (("run", "node-image", "--target", "shop-dev"), 2, "target must be the ARM id of a managed cluster"),
        (("plan", "--subscription", "99999999-0000-0000-0000-000000000000"), 0, "reading 0 clusters"),
        (("validate", "daytwo.yaml"), 0, ""),
    ],
)
def test_a_failing_command_has_an_exit_code_and_a_message(
    simulated: dict[str, str], folder: Path, arguments: tuple[str, ...], code: int, text: str
) -> None:
    ended = daytwo(*arguments, cwd=folder, environment=simulated)
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert text in ended.stderr


def test_an_invalid_configuration_is_reported_with_the_line_and_the_remedy(folder: Path) -> None:
    (folder / "daytwo.yaml").write_text(OPEN_NOW.replace("node-image:", "node-imag:"))
    ended = daytwo("validate", "daytwo.yaml", cwd=folder)
    assert ended.returncode == 2
    assert ended.stderr.startswith("daytwo.yaml:8:")
    assert "node-image" in ended.stderr


def test_unusable_app_settings_are_reported(folder: Path) -> None:
    (folder / "daytwo.yaml").write_text(OPEN_NOW.replace("slack: {channel: C0123}", "teams: {}"))
    retired = {"TEAMS_WEBHOOK": "https://contoso.webhook.office.com/webhookb2/x"}
    ended = daytwo("validate", "daytwo.yaml", cwd=folder, environment=retired)
    assert ended.returncode == 0, ended.stderr
    assert "TEAMS_WEBHOOK is not usable" in ended.stderr
    assert "Create a Workflows webhook" in ended.stderr
    assert "contoso" not in ended.stderr


def test_the_why_command_shows_the_current_decision_for_each_runbook(simulated: dict[str, str], folder: Path) -> None:
    ended = daytwo("why", "shop-dev", cwd=folder, environment=simulated)
    assert ended.returncode == 0, ended.stderr
    reported = dict(line.split(": ", 1) for line in ended.stdout.splitlines())
    assert list(reported) == ["Budget", "Node images", "Power", "Reboots", "Spot evictions", "Tags"]
    assert reported["Power"] == "nothing to do: no schedule selects it"


def test_the_why_command_lists_the_clusters_if_the_name_is_unknown(simulated: dict[str, str], folder: Path) -> None:
    ended = daytwo("why", "unknown", cwd=folder, environment=simulated)
    assert (ended.returncode, "shop-dev" in ended.stderr) == (2, True)


@pytest.mark.parametrize("command", ["awake", "skip"])
def test_an_override_requires_a_running_bot(command: str, simulated: dict[str, str], folder: Path) -> None:
    arguments = [command, "--target", target(simulated), "--until", "2026-11-18T22:00+01:00"]
    without_bot = daytwo(*arguments, cwd=folder, environment={"DAYTWO_URL": ""})
    assert (without_bot.returncode, "DAYTWO_URL" in without_bot.stderr) == (2, True)
    unreached = daytwo(*arguments, cwd=folder, environment={"DAYTWO_URL": "http://127.0.0.1:9"})
    assert (unreached.returncode, "127.0.0.1:9" in unreached.stderr) == (1, True)


def test_a_plan_warns_about_a_ring_that_does_not_select_any_clusters(simulated: dict[str, str], folder: Path) -> None:
    (folder / "daytwo.yaml").write_text(OPEN_NOW.replace("env: dev", "env: nonsense"))
    ended = daytwo("plan", cwd=folder, environment=simulated)
    assert "this ring does not have any cluster in the fleet" in ended.stderr
