"""The payloads that Slack sends for a selected button, a submitted modal, or a slash command, field by field.

Sources: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload,
https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload,
https://docs.slack.dev/interactivity/implementing-slash-commands#app_command_handling.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from urllib.parse import urlencode

from simulator.http_types import JsonObject
from simulator.slack.messages import BOT_ID, Message
from simulator.slack.workspace import APP, DOMAIN, TEAM, VERIFICATION_TOKEN, User


@dataclass(frozen=True, slots=True)
class Interaction:
    """The data in every payload: user, time, the id of the interaction, and the response URL."""

    user: User
    at: datetime
    number: int
    response_url: str

    @property
    def trigger_id(self) -> str:
        """Slack's id for the interaction, which is unique and valid for three seconds."""
        return f"{self.number}.{int(self.at.timestamp())}.{self.user.id.lower()}"


@dataclass(frozen=True, slots=True)
class ButtonPosition:
    """A button with the block that contains it."""

    block_id: str
    element: JsonObject


def button_of(message: Message, action_id: str) -> ButtonPosition | None:
    """Return a button from a message: one of its actions or the accessory of a section."""
    return next((found for found in _buttons(message) if found.element.get("action_id") == action_id), None)


def click_payload(message: Message, button: ButtonPosition, interaction: Interaction) -> bytes:
    """Return the payload for a selected button."""
    user = interaction.user
    action: JsonObject = {
        "action_id": button.element.get("action_id"),
        "block_id": button.block_id,
        "text": button.element.get("text"),
        "type": "button",
        "action_ts": f"{interaction.at.timestamp():.6f}",
    }
    # The payload has a value only if the button has one. A payload is also sent for a button with a URL.
    action |= {name: button.element[name] for name in ("value", "style", "url", "confirm") if name in button.element}
    payload: JsonObject = {
        "type": "block_actions",
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM},
        "api_app_id": APP,
        "token": VERIFICATION_TOKEN,
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": False,
        },
        "trigger_id": interaction.trigger_id,
        "team": {"id": TEAM, "domain": DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": message.channel, "name": message.channel.lower()},
        "message": message.document() | {"app_id": APP, "bot_id": BOT_ID, "team": TEAM},
        "state": {"values": {}},
        "response_url": interaction.response_url,
        "actions": [action],
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


def submission_payload(view: JsonObject, values: Mapping[str, Mapping[str, str]], interaction: Interaction) -> bytes:
    """Return the payload for a submitted modal. ``values`` has the content of its fields, by block and action."""
    user = interaction.user
    state: JsonObject = {
        block: {action: {"type": "plain_text_input", "value": typed or None} for action, typed in fields.items()}
        for block, fields in values.items()
    }
    payload: JsonObject = {
        "type": "view_submission",
        "team": {"id": TEAM, "domain": DOMAIN},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM},
        "api_app_id": APP,
        "token": VERIFICATION_TOKEN,
        "trigger_id": interaction.trigger_id,
        "view": {**view, "state": {"values": state}, "app_id": APP, "bot_id": BOT_ID},
        "response_urls": [],
        "is_enterprise_install": False,
        "enterprise": None,
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


def command_form(command: str, text: str, channel: str, interaction: Interaction) -> bytes:
    """Return the form that Slack sends for a slash command."""
    return urlencode(
        {
            "token": VERIFICATION_TOKEN,
            "team_id": TEAM,
            "team_domain": DOMAIN,
            "channel_id": channel,
            "channel_name": channel.lower(),
            "user_id": interaction.user.id,
            "user_name": interaction.user.name,
            "command": command,
            "text": text,
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": interaction.response_url,
            "trigger_id": interaction.trigger_id,
        }
    ).encode()


def _buttons(message: Message) -> Iterator[ButtonPosition]:
    for number, block in enumerate(message.blocks):
        # Slack generates names for blocks that do not have one.
        block_id = str(block.get("block_id") or f"b{number}")
        elements = [*cast("list[object]", block.get("elements") or ()), block.get("accessory")]
        for element in elements:
            if isinstance(element, dict) and element.get("type") == "button":
                yield ButtonPosition(block_id, cast("JsonObject", element))
