"""Modals: opened for one person by a trigger, filled in, sent or closed; what the app answers decides whether they stay.

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
from simulator.slack.viewlimits import LARGEST_VIEW_BYTES, fault_of_view, inputs_of
from simulator.slack.workspace import TEAM

#: What Slack shows in a modal whose app did not answer as it should.
TROUBLE = "We had some trouble connecting. Try again?"


class ViewError(Exception):
    """What Slack answers with ``ok: false``: its own word, and ``why`` where it says more."""

    def __init__(self, word: str, why: str = "") -> None:
        super().__init__(word)
        self.why = why


@dataclass(slots=True)
class View:
    """A modal before one person. ``errors`` stand beside its fields, under an empty name what is wrong with all of it."""

    id: str
    user: str
    opened: datetime
    content: JsonObject
    is_open: bool = True
    errors: dict[str, str] = field(default_factory=dict)

    def document(self) -> JsonObject:
        """Return it for a viewer."""
        errors: JsonObject = dict(self.errors)
        return {**self.content, "id": self.id, "user": self.user, "open": self.is_open, "errors": errors}

    def told(self) -> JsonObject:
        """Return it as Slack tells the app of it."""
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
    """Every modal, oldest first."""

    def __init__(self, now: Callable[[], datetime], triggers: Triggers) -> None:
        self.all: list[View] = []
        self._now = now
        self._triggers = triggers

    def open(self, arguments: JsonObject) -> JsonObject:
        """Answer ``views.open``. Raises ViewError."""
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
        return {"view": view.told()}

    def find(self, identity: str) -> View | None:
        """Return an open modal."""
        return next((view for view in self.all if view.id == identity and view.is_open), None)

    def last_of(self, user: str) -> View | None:
        """Return the modal that stands before somebody."""
        return next((view for view in reversed(self.all) if view.user == user and view.is_open), None)


def answered(view: View, status: int, text: str) -> None:
    """Do with a sent modal what the app's answer says; what is no such answer leaves it open, with a word of Slack's."""
    view.errors = {}
    if status != HTTPStatus.OK:
        view.errors = {"": TROUBLE}
        return
    answer = _read(text) if text.strip() else {}
    match answer.get("response_action") if answer is not None else "nonsense":
        case None | "clear":
            view.is_open = False
        case "errors" if errors := _errors(view, (answer or {}).get("errors")):
            view.errors = errors
        case "update" if fault_of_view((answer or {}).get("view")) is None:
            view.content = cast("JsonObject", (answer or {})["view"])
        case _:
            view.errors = {"": TROUBLE}


def _content(given: object) -> JsonObject:
    """Return a view that Slack shows. Raises ViewError."""
    if isinstance(given, str):
        given = _read(given)
    fault = fault_of_view(given)
    if fault is not None:
        raise ViewError("invalid_arguments", fault)
    if len(json.dumps(given)) > LARGEST_VIEW_BYTES:
        raise ViewError("view_too_large")
    return cast("JsonObject", given)


def _read(text: str) -> JsonObject | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _errors(view: View, given: object) -> dict[str, str]:
    """Return what stands beside which field; nothing where one is none of the view's."""
    if not isinstance(given, Mapping):
        return {}
    known = {str(block.get("block_id")) for block in inputs_of(view.content)}
    errors = {str(name): str(why) for name, why in given.items()}
    return errors if errors.keys() <= known else {}
