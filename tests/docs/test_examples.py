"""Every configuration in a guide is valid when combined with the guide's earlier ones and a minimal one for the rest."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from ruamel.yaml import YAML

from ops.config import load
from tests.fakes import CONFIG

ROOT = Path(__file__).resolve().parents[2]
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^(?P<indent> *)```yaml\n(?P<text>.*?)^ *```", re.DOTALL | re.MULTILINE)


def read(text: str) -> dict[str, Any]:
    document: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return document


def examples() -> Iterator[tuple[str, dict[str, Any]]]:
    """The examples by guide and number. A repeated section replaces the earlier one."""
    for guide in GUIDES:
        whole = read(CONFIG)
        for number, found in enumerate(BLOCK.finditer(guide.read_text()), 1):
            whole = whole | read(dedent(found["text"]))
            yield f"{guide.relative_to(ROOT)}-{number}", whole


@pytest.mark.parametrize("example", [pytest.param(whole, id=name) for name, whole in examples()])
def test_every_example_is_valid(example: dict[str, Any]) -> None:
    assert load(json.dumps(example), "example").fleet.rings


def test_every_example_is_found() -> None:
    """A pattern that finds nothing proves nothing, so the number of blocks found must equal the number of blocks in the guides."""
    assert len(list(examples())) == sum(guide.read_text().count("```yaml") for guide in GUIDES) >= 5
