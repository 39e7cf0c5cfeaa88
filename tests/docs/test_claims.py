"""The commands, pages, and headings that the documentation mentions exist."""

import re
from pathlib import Path

import pytest

from ops.cli import main
from tests.docs.test_examples import ROOT
from tests.docs.test_paths import PAGES


def control_row() -> str:
    (row,) = (line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| Control |"))
    return row


def test_the_command_line_has_the_commands_from_the_readme() -> None:
    named = set(re.findall(r"`(\w+)`", control_row().split("On the command line:")[1]))
    assert named == {"plan", "why", "run", "awake", "skip"}
    assert named <= set(main.commands)


def headings(page: Path) -> set[str]:
    """Anchors as GitHub generates them: lower case, dashes for blanks, and no other punctuation."""
    titles = [line.lstrip("# ").strip().lower() for line in page.read_text().splitlines() if line.startswith("#")]
    return {re.sub(r"[^\w -]", "", title).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_another_page_has_a_target(page: Path) -> None:
    for target, _, heading in re.findall(r"\]\((?!https?://)([^)#]*)(#([^)]*))?\)", page.read_text()):
        linked = page.parent / target if target else page
        assert linked.exists(), target
        assert not heading or heading in headings(linked), f"{target}#{heading}"
