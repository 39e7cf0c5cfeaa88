"""Who decides in the demonstration: whoever looks at the page, else ana by herself; always by a press that Slack signs."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ops.adapters.sqlite_store import SqliteStore
from ops.model.approval import Approval, ApprovalState, Choice
from ops.tables.approvals import approvals
from simulator.demo.world import ChatMessage, read_chat
from simulator.http_types import JsonObject
from simulator.running import control
from simulator.slack.workspace import USERS

BY_HERSELF = "ana"
#: Real seconds without anybody at the page, after which nobody is waited for.
_GONE_AFTER_S = 20.0
_LOOK_S = 0.5
_USER_IDS = {user.name: user.id for user in USERS.values()}


class VoteError(ValueError):
    """Nobody could press that; the text says why."""


@dataclass(frozen=True, slots=True)
class ShownButton:
    """A button of a message in Slack: where it stands, and what it is called there."""

    channel: str
    ts: str
    action: str


@dataclass
class ApprovalDesk:
    """Where requests wait for a viewer. `seen` is when the page was last looked at, on the machine's own clock."""

    world: Mapping[str, str]
    state: Path
    say: Callable[[str], None] = lambda _text: None
    with_page: bool = False
    waiting: tuple[Approval, ...] = ()
    seen: float = field(default_factory=time.monotonic)
    _called: frozenset[str] = frozenset()

    def look(self) -> None:
        """Somebody looks at the page."""
        self.seen = time.monotonic()

    async def clear(self, settle: Callable[[], Any]) -> None:
        """Returns when no request waits that people have before them; until then no time passes in the world."""
        while True:
            shown = await self._asked()
            self.waiting = tuple(approval for approval, _ in shown)
            if not shown:
                return
            if self._somebody_is_there():
                self._call(self.waiting)
                await asyncio.sleep(_LOOK_S)
            else:
                for _, button in shown:
                    await self.press(button, BY_HERSELF)
            await settle()

    async def press(self, button: ShownButton, person: str) -> int:
        """A press in Slack by somebody of the workspace; the status that the bot answered. Raises PressError."""
        asked: JsonObject = {"channel": button.channel, "ts": button.ts, "action_id": button.action}
        return await self._do("/slack/press", asked, person)

    async def send(self, form: str, text: str, person: str) -> int:
        """Fills in the form that stands before somebody in Slack, and sends it; the bot's status. Raises PressError."""
        return await self._do("/slack/submit", {"view": form, "text": text}, person)

    async def close(self, form: str, person: str) -> int:
        """Goes back: the form decides nothing. Raises PressError."""
        return await self._do("/slack/close", {"view": form}, person)

    async def _do(self, path: str, asked: JsonObject, person: str) -> int:
        if person not in _USER_IDS:
            raise VoteError(f"nobody is called {person}: use one of {', '.join(_USER_IDS)}")
        try:
            outcome: Any = await asyncio.to_thread(control, self.world, path, {**asked, "user": _USER_IDS[person]})
        except OSError as error:
            raise VoteError(f"that is not there any more: {error}") from error
        return int(outcome["status"])

    def _somebody_is_there(self) -> bool:
        return self.with_page and time.monotonic() - self.seen < _GONE_AFTER_S

    def _call(self, waiting: tuple[Approval, ...]) -> None:
        """Once for each request: whoever reads the terminal is told where to look."""
        names = frozenset(approval.id for approval in waiting)
        if not names <= self._called:
            self.say("Somebody has to approve, on the page. Time stands still until then.\n")
        self._called |= names

    async def _asked(self) -> list[tuple[Approval, ShownButton]]:
        """Every pending request whose message is in Slack, with its button to approve."""
        pending = await asyncio.to_thread(pending_in, self.state)
        if not pending:
            return []
        chat = await read_chat(self.world)
        found = [(approval, _button_of(approval, chat)) for approval in pending]
        return [(approval, button) for approval, button in found if button is not None]


def pending_in(state: Path) -> tuple[Approval, ...]:
    """The requests in the bot's records that people are asked and have not decided."""
    return tuple(one for one in requests_in(state) if one.state is ApprovalState.PENDING and one.asked)


def requests_in(state: Path) -> tuple[Approval, ...]:
    """All requests in the bot's records, oldest first."""
    file = state / "store.sqlite"
    if not file.exists():
        return ()
    with closing(SqliteStore(file)) as store, suppress(FileNotFoundError):
        found = [stored.value for stored in approvals(store).scan()]
    return tuple(sorted(found, key=lambda approval: approval.created))


def _button_of(approval: Approval, chat: tuple[ChatMessage, ...]) -> ShownButton | None:
    """Where the request is approved; None before it is posted, and where its present words are not shown yet."""
    for message in (message for message in chat if message.subject == approval.id and not message.thread):
        for block in message.blocks:
            elements = block.get("elements")
            for element in elements if isinstance(elements, list) else ():
                action = str(element.get("action_id", "")) if isinstance(element, dict) else ""
                is_present = isinstance(element, dict) and element.get("value") == approval.token
                if is_present and action.startswith(Choice.APPROVE):
                    return ShownButton(message.channel, message.ts, action)
    return None
