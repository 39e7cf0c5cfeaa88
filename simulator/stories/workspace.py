"""What a person can do in the simulated Slack: type commands, and select any button that any message shows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from simulator.control.api import Control
from simulator.http_types import HttpRequest, JsonObject
from simulator.slack.bot_client import InteractionError


@dataclass(frozen=True, slots=True)
class Button:
    """A button as a channel shows it, with the text of its message."""

    channel: str
    ts: str
    action: str
    text: str


@dataclass(frozen=True, slots=True)
class Workspace:
    """Slack as its users see it. `origin` is the address of the control API."""

    control: Control
    origin: str

    async def type_command(self, user: str, text: str, channel: str, deliveries: int = 1) -> None:
        """Type `/daytwo` with a text. With several deliveries, Slack sends the same command more than once."""
        document: JsonObject = {"user": user, "text": text, "channel": channel, "deliveries": deliveries}
        await self._try("/slack/command", document)

    async def select(self, user: str, button: Button, reason: str = "") -> None:
        """Select a button, and submit the form that opens, if one does."""
        place: JsonObject = {"channel": button.channel, "ts": button.ts, "action_id": button.action, "user": user}
        await self._try("/slack/click", place)
        if button.action.startswith("reject"):
            await self._try("/slack/submit", {"user": user, "text": reason})

    async def buttons(self) -> tuple[Button, ...]:
        """Return every button for a decision that is shown now."""
        response = await self.control.handle(HttpRequest("GET", "/slack", {}, {}, b"", self.origin))
        channels = cast("list[JsonObject]", (response.document or {})["channels"])
        return tuple(button for channel in channels for button in _buttons_in(channel))

    async def _try(self, path: str, document: JsonObject) -> None:
        """Perform an action; one that Slack's own client does not offer, or that no bot receives, has no effect."""
        try:
            await self.control.post(path, document, self.origin)
        except InteractionError:
            return


def _buttons_in(channel: Mapping[str, object]) -> Iterator[Button]:
    for message in cast("list[JsonObject]", channel["messages"]):
        for block in cast("list[JsonObject]", message["blocks"]):
            for element in cast("list[JsonObject]", block.get("elements") or []):
                action = str(element.get("action_id", ""))
                if action.startswith(("approve", "reject")):
                    yield Button(str(channel["id"]), str(message["ts"]), action, str(message["text"]))
