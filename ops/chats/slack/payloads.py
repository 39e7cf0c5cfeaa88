"""Parses Slack's payloads strictly: a payload without a required field is rejected as a whole.

Sources: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload,
https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload,
https://docs.slack.dev/interactivity/implementing-slash-commands.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl

from ops.chats.slack.dialogs import WHY
from ops.chats.slack.settings import IDENTITY
from ops.endpoints.json_reader import NotJsonError, read_json
from ops.endpoints.rejected_requests import RequestRejectedError
from ops.model.approval import Choice
from ops.model.json import Json
from ops.model.people import Identity

_MOST_FIELDS = 100
# The format of the names that `_event` creates. No other text can become a key in our records.
_EVENT = re.compile(r"slack-[0-9a-f]{32}")
_VOTES = tuple(f"{choice}." for choice in Choice)


@dataclass(frozen=True, slots=True)
class ButtonAction:
    """One use of a button. `event` is the same for every delivery of it; `address` is for private replies.

    `trigger` can open one dialog within three seconds.
    """

    id: str
    value: str
    identity: Identity
    event: str
    address: str
    trigger: str


@dataclass(frozen=True, slots=True)
class Submission:
    """A submitted dialog. `form` is its name, `token` the approval token in it; `event` identifies the dialog.

    A dialog that is submitted twice is one vote: Slack closes it after the first submission, so the second is a repeated
    delivery.
    """

    callback: str
    form: str
    token: str
    reason: str
    identity: Identity
    event: str


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command, with the text after it."""

    text: str
    identity: Identity
    event: str
    address: str


def read_form(body: bytes) -> Mapping[str, str]:
    """Parses form fields.

    Raises:
        RequestRejectedError: the body is not a form as Slack sends it.
    """
    try:
        text = body.decode()
        return dict(parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise RequestRejectedError(
            HTTPStatus.BAD_REQUEST, "no-form", "the body is not a form as Slack sends it"
        ) from None


def read_interaction(form: Mapping[str, str], team: str) -> tuple[ButtonAction, ...] | Submission:
    """Parses the used buttons or the submitted dialog; returns nothing for other interactions.

    Raises:
        RequestRejectedError: the payload is not JSON, a field is missing, or the workspace is not `team`.
    """
    try:
        payload = read_json(form.get("payload", ""))
    except NotJsonError:
        raise RequestRejectedError(
            HTTPStatus.BAD_REQUEST, "no-json", "the form's payload is missing or not JSON"
        ) from None
    if not isinstance(payload, Mapping):
        raise RequestRejectedError(HTTPStatus.BAD_REQUEST, "missing-field", "the form's payload is not an object")
    _check_team(_text(payload, "team", "id"), team)
    match _text(payload, "type"):
        case "block_actions":
            return _actions(payload)
        case "view_submission":
            return _submission(payload)
        case _:
            return ()


def _actions(payload: Mapping[str, Json]) -> tuple[ButtonAction, ...]:
    actions = payload.get("actions")
    if not isinstance(actions, list) or not actions:
        raise _MissingFieldError("actions")
    return tuple(_action(payload, action) for action in actions)


def read_command(form: Mapping[str, str], team: str) -> Command:
    """Parses the command. Raises RequestRejectedError, also if the workspace is not `team`."""
    where = _text(form, "team_id")
    _check_team(where, team)
    user, trigger = _text(form, "user_id"), _text(form, "trigger_id")
    text = form.get("text", "")
    event = _event(trigger, user, form.get("command", ""), text)
    return Command(
        text,
        Identity("slack", IDENTITY.name, where, user, form.get("user_name", "")),
        event,
        form.get("response_url", ""),
    )


def _action(payload: Mapping[str, Json], action: Json) -> ButtonAction:
    name, used_at = _text(action, "action_id"), _text(action, "action_ts")
    # A button without a value opens a page or belongs to another app.
    value = _text(action, "value") if name.startswith(_VOTES) else ""
    identity, trigger = _identity(payload), _text(payload, "trigger_id")
    event = _event(trigger, used_at, identity.user, name, value)
    return ButtonAction(name, value, identity, event, _optional(payload, "response_url"), trigger)


def _submission(payload: Mapping[str, Json]) -> Submission:
    identity, view, name = _identity(payload), _text(payload, "view", "id"), _optional(payload, "view", "external_id")
    return Submission(
        callback=_optional(payload, "view", "callback_id"),
        form=name if _EVENT.fullmatch(name) else "",
        token=_optional(payload, "view", "private_metadata"),
        # Null if the person wrote nothing.
        reason=_optional(payload, "view", "state", "values", WHY, WHY, "value"),
        identity=identity,
        event=_event("view", view, identity.user),
    )


def _identity(payload: Mapping[str, Json]) -> Identity:
    user = _text(payload, "user", "id")
    # In a shared channel, the user may belong to another workspace. That workspace becomes the tenant, which does not match any person.
    home = _optional(payload, "user", "team_id") or _text(payload, "team", "id")
    display_name = _optional(payload, "user", "name") or _optional(payload, "user", "username")
    return Identity("slack", IDENTITY.name, home, user, display_name)


def _check_team(found: str, team: str) -> None:
    if not team or found != team:
        why = "the request comes from a Slack workspace other than the configured one (identity: slack-team)"
        raise RequestRejectedError(HTTPStatus.UNAUTHORIZED, "wrong-team", why)


def _event(*parts: str) -> str:
    """Returns an event name that is short enough for a key."""
    return "slack-" + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _text(value: Json | Mapping[str, str], *path: str) -> str:
    """Returns a required text.

    Raises:
        _MissingFieldError: it is missing (400).
    """
    text = _optional(value, *path)
    if not text:
        raise _MissingFieldError(".".join(path))
    return text


def _optional(value: Json | Mapping[str, str], *path: str) -> str:
    current: Json | Mapping[str, str] = value
    for name in path:
        current = current.get(name) if isinstance(current, Mapping) else None
    return current if isinstance(current, str) else ""


class _MissingFieldError(RequestRejectedError):
    def __init__(self, name: str) -> None:
        super().__init__(HTTPStatus.BAD_REQUEST, "missing-field", f"the request lacks {name}")
