"""Draws messages as HTML: by the chats' own renderers in a Node process that is started once, plainly where there is no Node."""

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
    """A renderer refused a message, or is no more; the text says what it said."""


class Drawer(Protocol):
    """Draws what a chat was sent: Slack's list of blocks, or an Adaptive Card."""

    #: In the words of a person: by what it draws.
    by: str
    #: Those in which it draws differently.
    themes: Sequence[Theme]

    def style(self) -> str:
        """The CSS that drawn Slack messages need."""
        ...

    def draw(self, look: Look, content: Json, theme: Theme) -> Markup:
        """The message. Raises DrawingError."""
        ...


@dataclass
class PlainDrawer:
    """Draws by itself, without anybody's looks."""

    by: str = "drawn plainly: with Node on this machine it looks as in Slack"
    themes: Sequence[Theme] = ("light",)

    def style(self) -> str:
        """None is needed."""
        return ""

    def draw(self, look: Look, content: Json, theme: Theme) -> Markup:
        """The message's texts and buttons, one under the other."""
        del theme  # plain messages take the page's colours
        return plain_slack(content) if look == "slack" else plain_card(content)


@dataclass
class NodeDrawer:
    """Draws by the chats' renderers; one request at a time, each drawn message is kept."""

    process: "subprocess.Popen[str]"
    by: str = "drawn by a renderer of Slack's blocks"
    themes: Sequence[Theme] = ("light", "dark")
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _known: dict[str, str] = field(default_factory=dict)

    def style(self) -> str:
        """The CSS of the renderer of Slack's blocks."""
        return self._ask({"chat": "style"})

    def draw(self, look: Look, content: Json, theme: Theme) -> Markup:
        """The message, as that chat shows it. Raises DrawingError."""
        asked: dict[str, Json] = {"chat": look, "content": content, "theme": theme, "users": _USERS}
        # React and the Adaptive Cards renderer make this HTML, and escape every text of a message: tests/simulator/test_chat_preview.py.
        return Markup(self._ask(asked))  # noqa: S704 - see above

    def _ask(self, asked: Mapping[str, Json]) -> str:
        line = json.dumps(asked)
        with self._lock:
            if line not in self._known:
                self._known[line] = self._answer(line)
            return self._known[line]

    def _answer(self, line: str) -> str:
        if self.process.stdin is None or self.process.stdout is None:
            raise DrawingError("the renderer's pipes were not opened")
        try:
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()
            told = json.loads(self.process.stdout.readline() or "{}")
        except (OSError, ValueError) as error:
            raise DrawingError(f"the renderer is no more: {error}") from error
        if "html" not in told:
            raise DrawingError(f"the renderer refused a message: {told.get('error', 'it has ended')}")
        return str(told["html"])


@contextmanager
def node_drawer() -> Iterator[NodeDrawer]:
    """A renderer in a child process that ends with the block; what it needs is installed first, once.

    Raises:
        subprocess.SubprocessError: npm could not install it.
    """
    folder = npm.installed(_HERE)
    command = ["node", str(_HERE / "draw.mjs")]
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - a constant command: the script beside this file
    try:
        yield NodeDrawer(process)
    finally:
        with suppress(BrokenPipeError):  # it has ended by itself
            if process.stdin is not None:
                process.stdin.close()
        process.wait(_END_WITHIN_S)


@contextmanager
def drawer() -> Iterator[Drawer]:
    """The chats' own renderers where they can be had, else plain ones."""
    if npm.missing():
        yield PlainDrawer()
        return
    try:
        npm.installed(_HERE, _INSTALL_WITHIN_S)
    except subprocess.SubprocessError:
        yield PlainDrawer("drawn plainly: npm did not get the renderers")
        return
    with node_drawer() as found:
        yield found
