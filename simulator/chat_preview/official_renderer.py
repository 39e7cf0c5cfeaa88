"""Renders messages as HTML: in one Node process with the chats' own renderers, or plainly if Node is not installed."""

import json
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from markupsafe import Markup

from ops.model.json import Json
from simulator import npm
from simulator.chat_preview.plain_renderer import plain_card, plain_slack
from simulator.people import PEOPLE

type Look = Literal["slack", "card"]
type Theme = Literal["light", "dark"]

_HERE = Path(__file__).parent
_END_WITHIN_S = 5
_INSTALL_WITHIN_S = 90.0
_USERS: Sequence[Mapping[str, Json]] = tuple(
    {"id": person.slack, "name": person.name} for person in PEOPLE if person.slack
)


class DrawingError(RuntimeError):
    """A renderer rejected a message, or its process has ended. The text contains the renderer's error."""


class Drawer(Protocol):
    """Renders chat messages, which are lists of Slack blocks or Adaptive Cards."""

    #: A description, for people, of how messages are rendered.
    by: str
    #: The themes that this renderer supports.
    themes: Sequence[Theme]

    def style(self) -> Markup:
        """The CSS that rendered Slack messages require."""
        ...

    def draw(self, look: Look, content: Json, theme: Theme) -> Markup:
        """Render a message.

        Raises:
            DrawingError: the renderer rejects the message.
        """
        ...


@dataclass
class PlainDrawer:
    """Renders plain HTML that does not imitate any chat."""

    by: str = "rendered plainly: install Node to see messages as in Slack"
    themes: Sequence[Theme] = ("light",)

    def style(self) -> Markup:
        """Plain messages do not require CSS."""
        return Markup()

    def draw(self, look: Look, content: Json, theme: Theme) -> Markup:
        """Return the message's texts and buttons in order."""
        del theme  # Plain messages use the page's colors.
        return plain_slack(content) if look == "slack" else plain_card(content)


@dataclass
class NodeDrawer:
    """Renders with the chats' renderers, one request at a time, and caches each result."""

    process: "subprocess.Popen[str]"
    by: str = "rendered with a Block Kit renderer"
    themes: Sequence[Theme] = ("light", "dark")
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _known: dict[str, str] = field(default_factory=dict)

    def style(self) -> Markup:
        """The CSS for the Block Kit renderer."""
        return self._send({"chat": "style"})

    def draw(self, look: Look, content: Json, theme: Theme) -> Markup:
        """Render a message as its chat shows it.

        Raises:
            DrawingError: the renderer rejects the message.
        """
        request: dict[str, Json] = {"chat": look, "content": content, "theme": theme, "users": _USERS}
        return self._send(request)

    def _send(self, request: Mapping[str, Json]) -> Markup:
        line = json.dumps(request)
        with self._lock:
            if line not in self._known:
                self._known[line] = self._answer(line)
            return Markup(self._known[line])  # noqa: S704 - output of React and Adaptive Cards, which escape every text; tests/simulator/test_chat_preview.py checks it

    def _answer(self, line: str) -> str:
        if self.process.stdin is None or self.process.stdout is None:
            raise DrawingError("the renderer's pipes are not open")
        try:
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()
            response = json.loads(self.process.stdout.readline() or "{}")
        except (OSError, ValueError) as error:
            raise DrawingError(f"the renderer has ended: {error}") from error
        if "html" not in response:
            raise DrawingError(f"the renderer rejected a message: {response.get('error', 'it has ended')}")
        return str(response["html"])


@contextmanager
def node_drawer() -> Iterator[NodeDrawer]:
    """Start a renderer process that ends with the block. The first call installs its npm packages.

    Raises:
        subprocess.SubprocessError: npm could not install the packages.
    """
    folder = npm.installed(_HERE)
    command = ["node", str(_HERE / "draw.mjs")]
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - no shell and no input: `node` with the script in this folder
    try:
        yield NodeDrawer(process)
    finally:
        with suppress(BrokenPipeError):  # The process has already ended.
            if process.stdin is not None:
                process.stdin.close()
        process.wait(_END_WITHIN_S)


@contextmanager
def drawer() -> Iterator[Drawer]:
    """Return the chats' renderers if Node is available, otherwise the plain one."""
    if npm.missing():
        yield PlainDrawer()
        return
    try:
        npm.installed(_HERE, _INSTALL_WITHIN_S)
    except subprocess.SubprocessError:
        yield PlainDrawer("rendered plainly: npm could not install the renderers")
        return
    with node_drawer() as found:
        yield found
