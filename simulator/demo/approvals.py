"""Who approves requests in the demonstration: the person viewing the page, or Ana if there is none. Votes are signed Slack requests."""

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

DEFAULT_APPROVER = "ana"
#: After this many real seconds without a request for the page, the viewer is considered gone.
_VIEWER_TIMEOUT_S = 20.0
_POLL_S = 0.5
_USER_IDS = {user.name: user.id for user in USERS.values()}


class VoteError(ValueError):
    """The vote is not possible. The text states why."""


@dataclass(frozen=True, slots=True)
class ButtonReference:
    """A button in a Slack message: its channel, message and action id."""

    channel: str
    ts: str
    action: str


@dataclass
class ApprovalDesk:
    """Holds pending requests for a viewer. `seen` is when the page was last requested (on the machine's monotonic clock)."""

    world: Mapping[str, str]
    state: Path
    print_line: Callable[[str], None] = lambda _text: None
    with_page: bool = False
    waiting: tuple[Approval, ...] = ()
    seen: float = field(default_factory=time.monotonic)
    _notified: frozenset[str] = frozenset()

    def record_view(self) -> None:
        """Record that a viewer requested the page."""
        self.seen = time.monotonic()

    async def wait_until_decided(self, settle: Callable[[], Any]) -> None:
        """Wait until every request with a message in Slack is decided. Meanwhile, simulated time does not advance."""
        while True:
            shown = await self._requests_with_buttons()
            self.waiting = tuple(approval for approval, _ in shown)
            if not shown:
                return
            if self._has_viewer():
                self._notify_viewer(self.waiting)
                await asyncio.sleep(_POLL_S)
            else:
                for _, button in shown:
                    await self.click(button, DEFAULT_APPROVER)
            await settle()

    async def click(self, button: ButtonReference, person: str) -> int:
        """Select a button in Slack as a person in the workspace. Return the HTTP status of the bot's response.

        Raises:
            VoteError: the person or the button does not exist.
        """
        arguments: JsonObject = {"channel": button.channel, "ts": button.ts, "action_id": button.action}
        return await self._post_action("/slack/click", arguments, person)

    async def submit(self, form: str, text: str, person: str) -> int:
        """Fill in and submit the form that is open for a person in Slack. Return the HTTP status of the bot's response.

        Raises:
            VoteError: the person or the form does not exist.
        """
        return await self._post_action("/slack/submit", {"view": form, "text": text}, person)

    async def close(self, form: str, person: str) -> int:
        """Close the form without a decision.

        Raises:
            VoteError: the person or the form does not exist.
        """
        return await self._post_action("/slack/close", {"view": form}, person)

    async def _post_action(self, path: str, arguments: JsonObject, person: str) -> int:
        if person not in _USER_IDS:
            raise VoteError(f"unknown person {person}: use one of {', '.join(_USER_IDS)}")
        try:
            outcome: Any = await asyncio.to_thread(control, self.world, path, {**arguments, "user": _USER_IDS[person]})
        except OSError as error:
            raise VoteError(f"the button or form no longer exists: {error}") from error
        return int(outcome["status"])

    def _has_viewer(self) -> bool:
        return self.with_page and time.monotonic() - self.seen < _VIEWER_TIMEOUT_S

    def _notify_viewer(self, waiting: tuple[Approval, ...]) -> None:
        """Tell the person at the terminal to open the page, once per request."""
        names = frozenset(approval.id for approval in waiting)
        if not names <= self._notified:
            self.print_line("A request needs your approval on the page. Simulated time is paused until you decide.\n")
        self._notified |= names

    async def _requests_with_buttons(self) -> list[tuple[Approval, ButtonReference]]:
        """Every pending request whose message is in Slack, with its Approve button."""
        pending = await asyncio.to_thread(pending_in, self.state)
        if not pending:
            return []
        chat = await read_chat(self.world)
        found = [(approval, _button_of(approval, chat)) for approval in pending]
        return [(approval, button) for approval, button in found if button is not None]


def pending_in(state: Path) -> tuple[Approval, ...]:
    """The requests that have been sent but not decided yet."""
    return tuple(one for one in requests_in(state) if one.state is ApprovalState.PENDING and one.asked)


def requests_in(state: Path) -> tuple[Approval, ...]:
    """All requests in the bot's records, oldest first."""
    file = state / "store.sqlite"
    if not file.exists():
        return ()
    with closing(SqliteStore(file)) as store, suppress(FileNotFoundError):
        found = [stored.value for stored in approvals(store).scan()]
    return tuple(sorted(found, key=lambda approval: approval.created))


def _button_of(approval: Approval, chat: tuple[ChatMessage, ...]) -> ButtonReference | None:
    """The request's Approve button; None until the request's message is posted with the current text."""
    for message in (message for message in chat if message.subject == approval.id and not message.thread):
        for block in message.blocks:
            elements = block.get("elements")
            for element in elements if isinstance(elements, list) else ():
                action = str(element.get("action_id", "")) if isinstance(element, dict) else ""
                is_present = isinstance(element, dict) and element.get("value") == approval.token
                if is_present and action.startswith(Choice.APPROVE):
                    return ButtonReference(message.channel, message.ts, action)
    return None
