"""The forms that ask for the reason for a rejection: Slack's modal, and the card that opens below the Reject button in Teams."""

from collections.abc import Mapping
from typing import cast

from markupsafe import Markup

from ops.chats import renderer
from ops.chats.slack.dialogs import rejection_form
from ops.model.json import Json
from simulator.chat_preview.official_renderer import Drawer, Theme
from simulator.gallery.requests import SEVERAL, request
from simulator.gallery.samples import request_message

_MODAL = Markup(
    '<div class="modal"><p class="title">{title}</p>{above}<p class="label">{label} <span>(optional)</span></p>'
    '<textarea rows="3" tabindex="-1" aria-label="{label}"></textarea><p class="hint">{hint}</p>'
    '<p class="buttons"><button tabindex="-1">{close}</button> <button tabindex="-1" class="danger">{send}</button></p></div>'
)


def draw_modal(drawer: Drawer, theme: Theme) -> Markup:
    """Slack's modal for a request that concerns several clusters."""
    view = rejection_form(request(*SEVERAL), "Node images", "slack-form")
    blocks = cast("list[Mapping[str, Json]]", view["blocks"])
    (field,) = (block for block in blocks if block["type"] == "input")
    above = cast("Json", [block for block in blocks if block["type"] != "input"])
    return _MODAL.format(
        title=_text(view["title"]),
        above=drawer.draw("slack", above, theme),
        label=_text(field["label"]),
        hint=_text(field["hint"]),
        close=_text(view["close"]),
        send=_text(view["submit"]),
    )


def draw_unfolded(drawer: Drawer, theme: Theme) -> Markup:
    """The card that appears below the buttons on the bot's card after Reject is selected."""
    card = renderer("teams-bot")(request_message(request(*SEVERAL)))
    actions = cast("list[Mapping[str, Json]]", card["actions"])
    (reject,) = (action for action in actions if action["type"] == "Action.ShowCard")
    return drawer.draw("card", {"version": card["version"], **cast("Mapping[str, Json]", reject["card"])}, theme)


def _text(value: Json) -> str:
    return str(cast("Mapping[str, Json]", value)["text"])
