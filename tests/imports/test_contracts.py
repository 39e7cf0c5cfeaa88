"""The import contracts reject the forbidden imports, all of which once passed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The modules, the imports that are forbidden to them, and the contract that forbids each import.
FORBIDDEN = [
    ("ops/ports/runtime.py", "ops.adapters.clocks"),
    ("ops/scheduling/janitor.py", "ops.adapters.sqlite_store"),
    ("ops/engine/operation.py", "ops.engine.run_starter"),
    ("ops/messaging/outbox.py", "ops.messaging.message_sync"),
    ("ops/approvals/requests.py", "ops.engine.preview"),
    ("ops/policy/rings.py", "ops.config.read"),
    ("ops/render/run.py", "ops.chats.contract"),
    ("ops/chats/slack/client.py", "ops.chats.teams.bot"),
    ("ops/chats/teams/renderer.py", "ops.chats.teams.connector"),
    ("simulator/oracle/runs.py", "ops.policy.rings"),
    ("simulator/chat_preview/mrkdwn.py", "simulator.demo.page"),
    ("simulator/running.py", "simulator.demo.week"),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter reports on a copy of the tree that contains all of the forbidden imports."""
    folder = tmp_path_factory.mktemp("imports")
    for package in ("ops", "simulator"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for path, module in FORBIDDEN:
        with (folder / path).open("a") as file:
            file.write(f"\nimport {module}\n")
    (folder / "ops" / "shortcuts.py").write_text('"""A module in no layer."""\n')
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)  # noqa: S603 - our own tool
    assert done.returncode == 1, done.stdout[-2000:]
    return " ".join(done.stdout.split())


@pytest.mark.parametrize(("path", "module"), FORBIDDEN)
def test_a_forbidden_import_breaks_a_contract(report: str, path: str, module: str) -> None:
    importer = path.removesuffix(".py").replace("/", ".")
    assert f"{importer} -> {module}" in report


def test_a_module_outside_every_layer_breaks_the_contract(report: str) -> None:
    assert "shortcuts" in report
