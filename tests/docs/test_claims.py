"""What the documentation says that there is, there is: commands, pages, headings."""

import re
from pathlib import Path

import pytest

from ops.cli import main
from tests.docs.test_examples import GUIDES, ROOT


def control() -> str:
    (row,) = (line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| Control |"))
    return row


def test_the_command_line_has_what_the_readme_says() -> None:
    said = set(re.findall(r"`(\w+)`", control().split("On the command line:")[1]))
    assert said == {"plan", "why", "run", "awake", "skip"}
    assert said <= set(main.commands)


def headings(page: Path) -> set[str]:
    """As GitHub makes them: lower case, dashes for blanks, no other signs."""
    titles = [line.lstrip("# ").strip().lower() for line in page.read_text().splitlines() if line.startswith("#")]
    return {re.sub(r"[^\w -]", "", title).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_link_inside_of_the_documentation_leads_somewhere(guide: Path) -> None:
    for target, _, heading in re.findall(r"\]\((?!https?://)([^)#]*)(#([^)]*))?\)", guide.read_text()):
        page = guide.parent / target if target else guide
        assert page.exists(), target
        assert not heading or heading in headings(page), f"{target}#{heading}"
