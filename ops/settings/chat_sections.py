"""The sections that the chats add to daytwo.yaml, discovered: each package in `ops/chats` has a module `settings`.

That module defines `SECTIONS`, the chat's sections under `chat`, and `IDENTITY`, how its people are identified. It imports
only `ops.settings`, so reading a configuration does not load a chat.
"""

import pkgutil
import re
from functools import cache
from importlib import import_module
from typing import Any

from ops.settings.identity import ENTRA, IdentityKind
from ops.settings.part import Section

_PACKAGE = "ops.chats"


@cache
def chat_names() -> frozenset[str]:
    """Returns the names of the chats. A run that a person starts in a chat has the chat's name as its source."""
    return frozenset(name for name, _ in _modules())


@cache
def chat_sections() -> tuple[Section[Any], ...]:
    """Returns the sections of all chats, in the order of the packages."""
    return tuple(section for _, module in _modules() for section in module.SECTIONS)


@cache
def identity_kinds() -> tuple[IdentityKind, ...]:
    """Returns the kinds of ids: Entra's, which the approval page uses, and those of the chats."""
    return tuple(dict.fromkeys((ENTRA, *(module.IDENTITY for _, module in _modules()))))


@cache
def secret_pattern() -> re.Pattern[str]:
    """Returns patterns of a chat's secrets (`FORBIDDEN`, optional), so that a configuration that contains one is refused."""
    patterns = [module.FORBIDDEN for _, module in _modules() if hasattr(module, "FORBIDDEN")]
    return re.compile("|".join(patterns) or r"(?!)", re.IGNORECASE)


def _modules() -> list[tuple[str, Any]]:
    chats = import_module(_PACKAGE)
    return [
        (found.name, import_module(f"{_PACKAGE}.{found.name}.settings"))
        for found in pkgutil.iter_modules(chats.__path__)
        if found.ispkg
    ]
