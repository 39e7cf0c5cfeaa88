"""The commands, pages and headings that the documentation names exist."""

import re
from pathlib import Path

import pytest

from ops.cli import main
from tests.docs.test_examples import GUIDES, ROOT


def control() -> str:
    (row,) = (line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| Control |"))
    return row


def test_the_commands_in_the_readme_exist() -> None:
    documented = set(re.findall(r"`(\w+)`", control().split("On the command line:")[1]))
    assert documented == {"plan", "why", "run", "awake", "skip"}
    assert documented <= set(main.commands)


def headings(page: Path) -> set[str]:
    """The anchors that GitHub makes: lower case, dashes for blanks, no other signs."""
    titles = [line.lstrip("# ").strip().lower() for line in page.read_text().splitlines() if line.startswith("#")]
    return {re.sub(r"[^\w -]", "", title).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_internal_links_of_the_documentation_resolve(guide: Path) -> None:
    for target, _, heading in re.findall(r"\]\((?!https?://)([^)#]*)(#([^)]*))?\)", guide.read_text()):
        page = guide.parent / target if target else guide
        assert page.exists(), target
        assert not heading or heading in headings(page), f"{target}#{heading}"
