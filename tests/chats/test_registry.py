"""Chats are packages that register themselves. No code outside them mentions a specific chat."""

import re
from pathlib import Path

import pytest

from ops.chats import chat_kinds, renderer
from ops.config import load
from ops.model.message import Message
from ops.model.run import State
from tests.fakes import CONFIG

OPS = Path(__file__).resolve().parents[2] / "ops"


def test_every_package_with_a_chat_is_discovered() -> None:
    packages = {path.parent.name for path in (OPS / "chats").glob("*/__init__.py")}
    assert set(chat_kinds()) == packages >= {"slack", "teams"}


def test_no_code_outside_the_chat_packages_mentions_a_specific_chat() -> None:
    names = re.compile("|".join(chat_kinds()), re.IGNORECASE)
    found = [
        f"{path.relative_to(OPS)}:{number}: {line.strip()}"
        for path in sorted(each for each in OPS.rglob("*") if each.suffix in (".py", ".html", ".json"))
        if not path.relative_to(OPS).as_posix().startswith("chats/")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if names.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("name", sorted(chat_kinds()))
def test_ids_for_people_in_a_chat_can_be_configured(name: str) -> None:
    kind = chat_kinds()[name]
    known = {"slack": "slack-team: T0123ABCD", "entra": "entra-tenant: 11111111-1111-1111-1111-111111111111"}
    ids = {"slack": "U0123ABCD", "entra": "aaaaaaaa-0000-0000-0000-000000000001"}
    people = f"identity: {{{known[kind.identity]}}}\npeople: {{ana: {{{kind.identity}: {ids[kind.identity]}}}}}\n"
    (ana,) = load(f"{CONFIG}\n{people}", "daytwo.yaml").people.people
    assert ana.ids == {kind.identity: ids[kind.identity]}


@pytest.mark.parametrize("name", sorted(name for kind in chat_kinds().values() for name in kind.renderers()))
def test_every_chat_renders_a_message(name: str) -> None:
    message = Message("run-1", State.RUNNING, "Node images", "shop-dev", lines=("upgrading pool user1",))
    assert "upgrading pool user1" in str(renderer(name)(message))


def test_there_is_no_renderer_for_a_chat_that_does_not_exist() -> None:
    with pytest.raises(KeyError):
        renderer("irc")
