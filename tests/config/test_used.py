"""Every setting is used: one that is accepted and has no effect would deceive anyone who sets it."""

import ast
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import pytest

import ops
from ops.settings.part import Part

# Their classes must be loaded before they can be listed.
from tests.configurations import ALL_OPERATIONS, settings

settings(ALL_OPERATIONS)
# Made at run time from what the chats and runbooks declare, and read by the names that those declare.
_MADE_FROM_DECLARATIONS = {"Chat", "Daytwo", "IdentitySettings", "PersonEntry"}
_OPS = Path(ops.__file__).parent


def parts() -> list[type[Part]]:
    """Return every part of the configuration that the package defines."""
    found: list[type[Part]] = []
    waiting = [Part]
    while waiting:
        subclasses = waiting.pop().__subclasses__()
        own = (each for each in subclasses if each.__module__.startswith("ops."))
        found += [each for each in own if each.__qualname__ not in _MADE_FROM_DECLARATIONS]
        waiting += subclasses
    return sorted(set(found), key=lambda each: each.__qualname__)


@cache
def attributes_used() -> frozenset[str]:
    """Return the name of every attribute that the package reads."""
    trees = (ast.parse(file.read_text()) for file in _OPS.rglob("*.py"))
    nodes = chain.from_iterable(map(ast.walk, trees))
    return frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load))


def _has_one_value(hint: object) -> bool:
    return get_origin(hint) is Literal and len(get_args(hint)) == 1


@pytest.mark.parametrize("part", parts(), ids=lambda part: part.__qualname__)
def test_every_setting_is_read_somewhere(part: type[Part]) -> None:
    hints = get_type_hints(part)
    # A setting with one possible value only says what is done in any case.
    chosen = [name for name in part.__struct_fields__ if not _has_one_value(hints[name])]
    assert [name for name in chosen if name not in attributes_used()] == []


def test_the_parts_are_found() -> None:
    assert len(parts()) > 20  # enough to show that the search works
