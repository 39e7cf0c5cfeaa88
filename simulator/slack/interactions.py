"""What Slack tells an app when somebody presses a button, sends a modal or gives a command: the forms, field by field.

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
class Happened:
    """What every form says: who, when, the id of this one event, where to answer."""

    user: User
    at: datetime
    number: int
    response_url: str

    @property
    def trigger_id(self) -> str:
        """Slack's id of the event: good for three seconds, and never the same twice."""
        return f"{self.number}.{int(self.at.timestamp())}.{self.user.id.lower()}"


@dataclass(frozen=True, slots=True)
class Found:
    """A button and the block that it stands in."""

    block_id: str
    element: JsonObject


def button_of(message: Message, action_id: str) -> Found | None:
    """Return a button of a message: in its actions, or beside one of its sections."""
    return next((found for found in _buttons(message) if found.element.get("action_id") == action_id), None)


def press_form(message: Message, pressed: Found, happened: Happened) -> bytes:
    """Return the form of a pressed button."""
    user = happened.user
    action: JsonObject = {
        "action_id": pressed.element.get("action_id"),
        "block_id": pressed.block_id,
        "text": pressed.element.get("text"),
        "type": "button",
        "action_ts": f"{happened.at.timestamp():.6f}",
    }
    # A button without a value is told without one; one with an url is told all the same.
    action |= {name: pressed.element[name] for name in ("value", "style", "url", "confirm") if name in pressed.element}
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
        "trigger_id": happened.trigger_id,
        "team": {"id": TEAM, "domain": DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": message.channel, "name": message.channel.lower()},
        "message": message.document() | {"app_id": APP, "bot_id": BOT_ID, "team": TEAM},
        "state": {"values": {}},
        "response_url": happened.response_url,
        "actions": [action],
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


def submission_form(view: JsonObject, values: Mapping[str, Mapping[str, str]], happened: Happened) -> bytes:
    """Return the form of a modal that was sent: ``values`` are what its fields hold, by block and action."""
    user = happened.user
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
        "trigger_id": happened.trigger_id,
        "view": {**view, "state": {"values": state}, "app_id": APP, "bot_id": BOT_ID},
        "response_urls": [],
        "is_enterprise_install": False,
        "enterprise": None,
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


def command_form(command: str, text: str, channel: str, happened: Happened) -> bytes:
    """Return the form of a slash command."""
    return urlencode(
        {
            "token": VERIFICATION_TOKEN,
            "team_id": TEAM,
            "team_domain": DOMAIN,
            "channel_id": channel,
            "channel_name": channel.lower(),
            "user_id": happened.user.id,
            "user_name": happened.user.name,
            "command": command,
            "text": text,
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": happened.response_url,
            "trigger_id": happened.trigger_id,
        }
    ).encode()


def _buttons(message: Message) -> Iterator[Found]:
    for number, block in enumerate(message.blocks):
        # Slack names blocks that have no name.
        block_id = str(block.get("block_id") or f"b{number}")
        elements = [*cast("list[object]", block.get("elements") or ()), block.get("accessory")]
        for element in elements:
            if isinstance(element, dict) and element.get("type") == "button":
                yield Found(block_id, cast("JsonObject", element))
