"""The paths, modules, and names in the documentation exist: `ops/policy/rings.py::next_progress`, `tests/crash`, `ops/facts/`."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.test_examples import GUIDES, ROOT

PAGES = [*GUIDES, *(ROOT / f"{name}.md" for name in ("CONTRIBUTING", "CHANGELOG", "SECURITY"))]
# Code blocks in the recipes show files that do not exist yet; other pages only mention existing ones.
BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
# `NAME`, `<name>` and `*` are placeholders.
PATH = re.compile(
    r"`(?P<path>(?:ops|simulator|tests|tools|infra|bench|docs)/[\w./-]*)(?:::(?P<name>[\w.:]+))?`",
)


def named_paths(page: Path) -> Iterator[tuple[str, str]]:
    """Each path with the name that follows it, which is empty if there is none. pytest writes `Class::method`."""
    for found in PATH.finditer(BLOCK.sub("", page.read_text())):
        if not re.search(r"\b[A-Z]{3,}\b", found["path"]):
            yield found["path"], (found["name"] or "").replace("::", ".")


def names_in(file: Path) -> set[str]:
    """The functions, classes, methods (`Class.method`), and constants at the top level of a file."""
    found = set[str]()
    for node in ast.parse(file.read_text()).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name, body=body):
                methods = [each.name for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
                found |= {name, *(f"{name}.{method}" for method in methods)}
            case ast.Assign(targets=targets):
                found |= {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case _:
                pass
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_and_name_exists(page: Path) -> None:
    missing = [path for path, _ in named_paths(page) if not (ROOT / path).exists()]
    assert missing == []
    unknown = [f"{path}::{name}" for path, name in named_paths(page) if name and name not in names_in(ROOT / path)]
    assert unknown == []


def test_the_pattern_finds_paths_with_and_without_a_name() -> None:
    """A pattern that finds nothing proves nothing."""
    found = list(named_paths(ROOT / "docs" / "architecture.md"))
    assert ("ops/policy/rings.py", "next_progress") in found
    assert ("ops/facts/", "") in found or ("ops/settings/", "") in found
    assert sum(bool(name) for _, name in found) > 50


def test_every_question_in_bold_is_answered_with_a_path_or_a_link() -> None:
    questions = (ROOT / "docs" / "architecture.md").read_text().partition("## Questions a new owner asks")[2]
    entries = re.split(r"^\*\*", questions, flags=re.MULTILINE)[1:]
    assert len(entries) >= 30
    assert [entry.partition("?")[0] for entry in entries if "](" not in entry and not PATH.search(entry)] == []


def test_the_documented_layers_are_those_that_import_linter_checks_in_the_same_order() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["name"] == "Imports point inward")
    table = (ROOT / "docs" / "architecture.md").read_text().partition("| room | contains |")[2].partition("\n\n")[0]
    rows = [re.findall(r"`(\w+)`", row.split("|")[1]) for row in table.splitlines() if row.startswith("| `")]
    assert rows == [re.findall(r"\w+", layer) for layer in layers]


def test_the_documented_test_layers_match_the_folders_under_tests() -> None:
    section = (ROOT / "docs" / "architecture.md").read_text().partition("## Test layers")[2].partition("\n## ")[0]
    # Code that the tests share.
    shared = {"fakes"}
    folders = {each.name for each in (ROOT / "tests").iterdir() if each.is_dir() and not each.name.startswith("_")}
    assert set(re.findall(r"`tests/(\w+)`", section)) == folders - shared
