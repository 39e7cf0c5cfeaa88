"""Modals: a trigger opens one for a person, who fills it in and submits or closes it. The app's response decides whether it closes.

Sources: https://docs.slack.dev/reference/methods/views.open, https://docs.slack.dev/surfaces/modals.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import cast

from simulator.http_types import JsonObject
from simulator.slack.triggers import TriggerError, Triggers
from simulator.slack.viewlimits import MAX_VIEW_BYTES, fault_of_view, inputs_of
from simulator.slack.workspace import TEAM

#: The text that Slack shows in a modal if the app's response is invalid.
TROUBLE = "We had some trouble connecting. Try again?"


class ViewError(Exception):
    """A response with ``ok: false``, with Slack's error code and with details in ``why``."""

    def __init__(self, word: str, why: str = "") -> None:
        super().__init__(word)
        self.why = why


@dataclass(slots=True)
class View:
    """A modal that one person sees. ``errors`` are keyed by field; the empty key is an error for the whole modal."""

    id: str
    user: str
    opened: datetime
    content: JsonObject
    is_open: bool = True
    errors: dict[str, str] = field(default_factory=dict)

    def document(self) -> JsonObject:
        """Return the modal as JSON for a viewer."""
        errors: JsonObject = dict(self.errors)
        return {**self.content, "id": self.id, "user": self.user, "open": self.is_open, "errors": errors}

    def payload(self) -> JsonObject:
        """Return the modal as Slack sends it to the app."""
        return {
            "callback_id": "",
            "external_id": "",
            "private_metadata": "",
            "clear_on_close": False,
            "notify_on_close": False,
            **self.content,
            "id": self.id,
            "team_id": TEAM,
            "root_view_id": self.id,
            "previous_view_id": None,
            "hash": f"{int(self.opened.timestamp())}.{self.id.lower()}",
        }


class Views:
    """All modals, oldest first."""

    def __init__(self, now: Callable[[], datetime], triggers: Triggers) -> None:
        self.all: list[View] = []
        self._now = now
        self._triggers = triggers

    def open(self, arguments: JsonObject) -> JsonObject:
        """Handle ``views.open``.

        Raises:
            ViewError: the trigger or the view is invalid.
        """
        content = _content(arguments.get("view"))
        trigger = arguments.get("trigger_id")
        if not isinstance(trigger, str) or not trigger:
            raise ViewError("invalid_arguments", "missing required field: trigger_id")
        try:
            user = self._triggers.check(trigger)
        except TriggerError as error:
            raise ViewError(str(error)) from error
        name = content.get("external_id")
        if name and any(view.content.get("external_id") == name for view in self.all):
            raise ViewError("duplicate_external_id")
        self._triggers.use(trigger)
        view = View(f"V0DAYTWO{len(self.all) + 1:04d}", user, self._now(), content)
        self.all.append(view)
        return {"view": view.payload()}

    def find(self, identity: str) -> View | None:
        """Return a modal that is open."""
        return next((view for view in self.all if view.id == identity and view.is_open), None)

    def last_of(self, user: str) -> View | None:
        """Return the modal that is open for a person."""
        return next((view for view in reversed(self.all) if view.user == user and view.is_open), None)


def apply_response(view: View, status: int, text: str) -> None:
    """Apply the app's response to a submission. After an invalid response, the modal stays open and shows Slack's error."""
    view.errors = {}
    if status != HTTPStatus.OK:
        view.errors = {"": TROUBLE}
        return
    response = _read(text) if text.strip() else {}
    match response.get("response_action") if response is not None else "nonsense":
        case None | "clear":
            view.is_open = False
        case "errors" if errors := _errors(view, (response or {}).get("errors")):
            view.errors = errors
        case "update" if fault_of_view((response or {}).get("view")) is None:
            view.content = cast("JsonObject", (response or {})["view"])
        case _:
            view.errors = {"": TROUBLE}


def _content(given: object) -> JsonObject:
    """Validate a view and return it.

    Raises:
        ViewError: Slack would not show it.
    """
    if isinstance(given, str):
        given = _read(given)
    fault = fault_of_view(given)
    if fault is not None:
        raise ViewError("invalid_arguments", fault)
    if len(json.dumps(given)) > MAX_VIEW_BYTES:
        raise ViewError("view_too_large")
    return cast("JsonObject", given)


def _read(text: str) -> JsonObject | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _errors(view: View, given: object) -> dict[str, str]:
    """Return the errors by field. If any field is not in the view, return none."""
    if not isinstance(given, Mapping):
        return {}
    known = {str(block.get("block_id")) for block in inputs_of(view.content)}
    errors = {str(name): str(why) for name, why in given.items()}
    return errors if errors.keys() <= known else {}
