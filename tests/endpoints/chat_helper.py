"""Sends a command the way Slack does."""

from ops.endpoints.chat_commands import ChatRequest, take_command
from ops.model.people import Identity
from tests.approvals.story import SLACK, TEAM
from tests.fakes import World


def send_command(world: World, person: str, text: str, event: str = "1") -> str:
    """The reply as a single text."""
    identity = Identity("slack", "slack", TEAM, SLACK[person])
    message = take_command(world.context, ChatRequest(identity, text, event, "https://hooks.slack.com/x"))
    until = (f"until {message.until:%Y-%m-%d %H:%M} UTC",) if message.until else ()
    rows = (f"{row.name}: {row.text}" for row in message.rows)
    return " | ".join([message.tag, message.where, *message.lines, *until, *rows])
