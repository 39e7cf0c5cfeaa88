"""The recipes in docs/adding work: applied to a copy of the tree, they pass mypy, import-linter, and the contract tests."""

import os
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "adding"
_BLOCK = re.compile(
    r'^```\w+ title="(?P<path>[^"]+)"(?: (?P<where>after|before)="(?P<anchor>[^"]+)")?\n(?P<text>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)
# What a newcomer changes in ops/, according to docs/adding/README.md, and the tests that check the result.
RECIPES = [
    (
        "runbook",
        1,
        ["tests/runbooks", "tests/config/test_agreement.py", "tests/infra/test_roles.py", "tests/docs/test_rules.py"],
    ),
    ("chat", 5, ["tests/chats", "tests/config/test_agreement.py"]),
    ("fact", 4, ["tests/facts", "tests/infra/test_roles.py"]),
    ("route", 2, ["tests/endpoints/test_typed_routes.py"]),
    ("setting", 2, ["tests/runbooks/test_reboot.py", "tests/config/test_agreement.py"]),
]


def copied(folder: Path) -> Path:
    """The tree as a newcomer would have it, including mypy's cache so that only the differences are checked."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git, as everywhere
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\n")
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    if (ROOT / ".mypy_cache").exists():
        shutil.copytree(ROOT / ".mypy_cache", folder / ".mypy_cache")
    return folder


def apply(page: str, folder: Path) -> set[str]:
    """Follow the page's instructions. Return the changed files. Raises AssertionError unless each anchor is found exactly once."""
    changed = set()
    for block in _BLOCK.finditer(page):
        path, text = folder / block["path"], block["text"]
        changed.add(block["path"])
        if block["where"] is None:
            assert not path.exists(), f"{block['path']} exists already"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            continue
        lines, anchor = path.read_text().splitlines(keepends=True), unescape(block["anchor"])
        found = [number for number, line in enumerate(lines) if anchor in line]
        assert len(found) == 1, f"{anchor!r} is {len(found)} times in {block['path']}"
        at = found[0] + (block["where"] == "after")
        path.write_text("".join([*lines[:at], text, *lines[at:]]))
    return changed


def run(folder: Path, *command: str) -> None:
    done = subprocess.run(  # noqa: S603 - this project's own tools
        [sys.executable, "-m", *command],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-3000:]}{done.stderr[-1500:]}"


@pytest.mark.parametrize(("name", "files", "contract_tests"), RECIPES, ids=[name for name, _, _ in RECIPES])
def test_a_recipe_works_as_documented(name: str, files: int, contract_tests: list[str], tmp_path: Path) -> None:
    folder = copied(tmp_path)
    changed = apply((PAGES / f"{name}.md").read_text(), folder)
    in_ops = sorted(path for path in changed if path.startswith("ops/"))
    assert len(in_ops) == files, in_ops
    tests = [path for path in changed if path.startswith("tests/")]
    run(folder, "mypy", "ops", *tests)
    run(folder, "importlinter.cli")
    run(folder, "pytest", "-q", "-x", "-p", "no:cacheprovider", *contract_tests)
    if name == "runbook":
        run(folder, "tests.crash.crash_runner", "expiry", "expires", str(folder / "crash"), "--every", "8")


def test_the_table_states_the_correct_number_of_files() -> None:
    table = (PAGES / "README.md").read_text()
    counted = dict(re.findall(r"\(([a-z]+)\.md\) \| (\d+)", table))
    assert counted == {name: "1" if name == "chat" else str(files) for name, files, _ in RECIPES}
