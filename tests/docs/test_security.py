"""The threat model names every endpoint, port and tag of the code, and each of its tests exists."""

import ast
import inspect
import re
from pathlib import Path

import pytest

from ops import ports
from ops.functions import all_routes
from ops.ports import azure, chat, kubernetes, runtime, store
from tests.docs.test_examples import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
# Names of containers and formats, which do not come from outside.
OURS = frozenset({"daytwo-content", "daytwo-ledger", "daytwo-serve"})


def rows() -> list[str]:
    """The rows of all tables, without their headings."""
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    return [line for line in lines if not re.match(r"\| (actor|endpoint|port|name) \|", line)]


@pytest.mark.parametrize("path", sorted({route.path for route in all_routes()}))
def test_each_route_is_on_the_page(path: str) -> None:
    endpoints = PAGE.partition("## Endpoints")[2].partition("\n## ")[0]
    assert f"`{path}`" in endpoints


def test_each_port_is_on_the_page() -> None:
    modules = (azure, chat, kubernetes, runtime, store)
    found = {
        name
        for module in modules
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__ == module.__name__ and getattr(kind, "_is_protocol", False)
    }
    files = {path.stem for path in Path(ports.__path__[0]).glob("*.py")} - {"__init__", "bundle", "errors"}
    assert files == {module.__name__.rsplit(".", 1)[1] for module in modules}
    listed = PAGE.partition("## Ports")[2].partition("\n## ")[0]
    assert {name for name in found if f"`{name}`" not in listed} == set()


def test_each_tag_and_annotation_is_on_the_page() -> None:
    named: set[str] = set()
    for path in (ROOT / "ops").rglob("*.py"):
        if path.is_relative_to(ROOT / "ops" / "settings" / "fields.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named |= set(re.findall(r"^daytwo\.dev/[a-z-]+$|^daytwo-[a-z]+$", node.value))
    formats = set(re.findall(r'format_name = "(daytwo-[a-z-]+)"', _sources("settings")))
    listed = PAGE.partition("## Tags, labels and annotations")[2].partition("\n## ")[0]
    assert {name for name in named - formats - OURS if f"`{name}`" not in listed} == set()
    assert "`daytwo-awake`" in listed


def _sources(room: str) -> str:
    return "\n".join(path.read_text() for path in (ROOT / "ops" / room).rglob("*.py"))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.split("|")[1].strip()[:40])
def test_each_line_names_a_test_that_exists(row: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(?:Test\w+\.)?(test_\w+))?`", row)
    assert named, "the line names no test"
    for file, test in named:
        path = ROOT / file
        assert path.exists(), file
        assert not test or re.search(rf"def {test}\(", path.read_text()), f"{file}::{test}"
