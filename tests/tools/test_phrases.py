"""Which phrases the check finds and which ones it allows."""

from pathlib import Path

import pytest

from tools.phrases import NAMES, PHRASES, check, files


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Tell somebody.", "somebody"),
        ("Nobody answers.", "nobody"),
        ("A test is no proof.", "is no proof"),
        ("These are no packages.", "are no packages"),
        ("Mend the file.", "mend"),
        ("Time stands still.", "stands still"),
        ("The cluster stands in two rings.", "stands"),
        ("It is no more.", "no more"),
        ("What differs is brought about.", "brought about"),
        ("The chat hears of it.", "hears"),
        ("People are told.", "are told"),
        ("They are asked anew.", "anew"),
        ("The node is\nlet go.", "let go"),
        ("It is looked at\nagain.", "looked at"),
        ("Five messages a second.", "messages a second"),
        ("It waits for a yes.", "a yes"),
        ("The bot's yes counts.", "bot's yes"),
        ("It goes on where it was.", "goes on"),
    ],
)
def test_a_phrase_is_found_in_a_document(text: str, found: str) -> None:
    assert [each.found for each in check("docs/page.md", text)] == [found]


@pytest.mark.parametrize(
    "text",
    [
        "There is no cluster of this name.",
        "The run is no longer active.",
        "This is no more than a hint.",
        "No one has decided.",
        "It recommends a commander.",
        "The label stands for the pool.",
        "Use once a day, per week.",
        "Yesterday the handler let gossip through.",
        "Daytwo is a no-op there.",
        "where, when and while",
    ],
)
def test_plain_english_passes(text: str) -> None:
    assert check("docs/page.md", text) == []


PYTHON = '''"""The module.

Somebody reads it.
"""

# nobody
standing = 1
standing = 2
class PageDoor: ...
text = f"mend {standing} anew"
understanding = "upstanding"
'''


def test_names_comments_docstrings_and_strings_are_checked_in_python_files() -> None:
    assert [(each.line, each.found) for each in check("ops/page.py", PYTHON)] == [
        (3, "somebody"),
        (6, "nobody"),
        (7, "standing"),
        (9, "PageDoor"),
        (10, "mend"),
        (10, "anew"),
    ]


def test_a_finding_states_the_location_the_phrase_and_a_replacement() -> None:
    assert [str(each) for each in check("ops/facts/asking.py", "mishap = 1\n")] == [
        "ops/facts/asking.py:1: the file's name: asking -> write requests, query",
        "ops/facts/asking.py:1: mishap -> write fault",
    ]


def test_generated_and_hidden_files_are_not_checked(tmp_path: Path) -> None:
    for name in (
        "ops/a.py",
        "build/b.py",
        ".venv/c.py",
        ".ci/run",
        "Makefile",
        "docs/d.md",
        "docs/e.png",
        "requirements.txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert [file.relative_to(tmp_path).as_posix() for file in files(tmp_path)] == [
        ".ci/run",
        "Makefile",
        "docs/d.md",
        "ops/a.py",
    ]


def test_no_suggestion_is_itself_forbidden() -> None:
    suggestions = [instead for _, instead in PHRASES] + list(NAMES.values())
    assert [each for text in suggestions for each in check("x.md", text)] == []
