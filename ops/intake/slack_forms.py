"""What Slack's forms say, read exactly: a form that lacks something is refused, and nothing of it is acted on.

Sources: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload,
https://docs.slack.dev/interactivity/implementing-slash-commands.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl

from ops.intake.refusals import RefusedError
from ops.model.approval import Choice
from ops.model.people import Identity
from ops.ports import Json

_MOST_FIELDS = 100
_DECIDING = tuple(f"{choice}." for choice in Choice)


@dataclass(frozen=True, slots=True)
class Press:
    """One pressed button. `event` is the same for the same press, however often Slack tells it; `address` takes private answers."""

    action: str
    value: str
    identity: Identity
    event: str
    address: str


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody typed after the slash command."""

    text: str
    identity: Identity
    event: str
    address: str


def read_form(body: bytes) -> Mapping[str, str]:
    """The fields of a form. Raises RefusedError."""
    try:
        text = body.decode()
        return dict(parse_qsl(text, keep_blank_values=True, strict_parsing=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "no-form", "the body is no form as Slack sends it") from None


def read_presses(form: Mapping[str, str], team: str) -> tuple[Press, ...]:
    """What was pressed; nothing where the form tells of something else. Raises RefusedError, also where the workspace is not `team`."""
    try:
        payload = json.loads(form.get("payload", ""))
    except (ValueError, RecursionError):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "no-json", "the form's payload is missing, or no JSON") from None
    _check_team(_text(payload, "team", "id"), team)
    if _text(payload, "type") != "block_actions":
        return ()
    actions = payload.get("actions")
    if not isinstance(actions, list) or not actions:
        raise _missing("actions")
    return tuple(_press(payload, action) for action in actions)


def read_command(form: Mapping[str, str], team: str) -> Command:
    """The command. Raises RefusedError, also where the workspace is not `team`."""
    where = _text(form, "team_id")
    _check_team(where, team)
    user, trigger = _text(form, "user_id"), _text(form, "trigger_id")
    text = form.get("text", "")
    event = _event(trigger, user, form.get("command", ""), text)
    return Command(text, Identity("slack", where, user, form.get("user_name", "")), event, form.get("response_url", ""))


def _press(payload: Mapping[str, Json], action: Json) -> Press:
    name, pressed_at = _text(action, "action_id"), _text(action, "action_ts")
    # A button without a value opens a page, or is none of ours.
    value = _text(action, "value") if name.startswith(_DECIDING) else ""
    user = _text(payload, "user", "id")
    # In a shared channel the one who presses may be of another workspace: that is their tenant then, and nobody's here.
    home = _optional(payload, "user", "team_id") or _text(payload, "team", "id")
    shown = _optional(payload, "user", "name") or _optional(payload, "user", "username")
    event = _event(_text(payload, "trigger_id"), pressed_at, user, name, value)
    return Press(name, value, Identity("slack", home, user, shown), event, _optional(payload, "response_url"))


def _check_team(found: str, team: str) -> None:
    if not team or found != team:
        why = "the request comes from another Slack workspace than the configuration names (identity: slack-team)"
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "wrong-team", why)


def _event(*parts: str) -> str:
    """A name for what happened, of a length that any record takes."""
    return "slack-" + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _text(value: Json | Mapping[str, str], *path: str) -> str:
    """A text that has to be there. Raises RefusedError."""
    text = _optional(value, *path)
    if not text:
        raise _missing(".".join(path))
    return text


def _optional(value: Json | Mapping[str, str], *path: str) -> str:
    found: Json | Mapping[str, str] = value
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else ""


def _missing(name: str) -> RefusedError:
    return RefusedError(HTTPStatus.BAD_REQUEST, "missing-field", f"the request lacks {name}")
