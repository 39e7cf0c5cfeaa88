"""Beside each rule of a rule page is the name of a test that shows it, and that test exists."""

import re

import pytest

from tests.docs.test_examples import ROOT
from tests.docs.test_paths import names_in

PAGES = ("node-image", "approvals", "tags", "ledger", "reboot", "power", "spot", "budget")
_HEADING = "## Tests of these rules"
_ROW = re.compile(r"^\| (\d+) \| (.+) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")


def page_of(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text()


def rules_of(name: str) -> list[str]:
    """Return the numbers of the rules on a page."""
    return re.findall(r"^(\d+)\. ", page_of(name).partition(_HEADING)[0], re.MULTILINE)


@pytest.mark.parametrize("name", PAGES)
def test_each_rule_has_a_test_beside_it(name: str) -> None:
    rows = _ROW.findall(page_of(name).partition(_HEADING)[2])
    assert [number for number, _ in rows] == rules_of(name)
    assert [number for number, cell in rows if not _TEST.search(cell)] == []


@pytest.mark.parametrize("name", PAGES)
def test_the_tests_beside_the_rules_exist(name: str) -> None:
    named = _TEST.findall(page_of(name).partition(_HEADING)[2])
    assert [f"{file}::{test}" for file, test in named if test.replace("::", ".") not in names_in(ROOT / file)] == []


def test_a_page_without_the_heading_has_no_rows() -> None:
    """A mistyped heading would make the checks above compare nothing, so it must fail them."""
    assert _ROW.findall("1. A rule.\n".partition(_HEADING)[2]) == []
    assert all(_HEADING in page_of(name) for name in PAGES)
