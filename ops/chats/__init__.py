"""Chats, one package each. A package in this folder that exports CHAT is discovered as a chat."""

import pkgutil
from functools import cache
from importlib import import_module
from typing import Any

from ops.chats.contract import ChatKind, Renderer


@cache
def chat_kinds() -> dict[str, ChatKind[Any]]:
    """Returns all chats by name."""
    modules = (import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__) if found.ispkg)
    kinds: list[ChatKind[Any]] = [module.CHAT for module in modules if hasattr(module, "CHAT")]
    return {kind.name: kind for kind in sorted(kinds, key=lambda kind: kind.name)}


def renderer(name: str) -> Renderer:
    """Renders a message in the same way as the chat with this name (`Chat.name`).

    Raises:
        KeyError: there is no such chat.
    """
    return {name: render for kind in chat_kinds().values() for name, render in kind.renderers().items()}[name]
