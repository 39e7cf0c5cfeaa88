"""Renders a message as an Adaptive Card: 1.4 for a Workflows webhook, 1.5 with buttons, mentions and a picture for the bot."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from ops.chats.teams.settings import IDENTITY
from ops.model.approval import LONGEST_REASON, Choice
from ops.model.json import Json
from ops.model.message import Button, Message, Row
from ops.model.people import Person
from ops.model.run import State
from ops.model.wording import visible
from ops.render.phrases import SIGNS

_LINES = 20
_LINE = 300
_BAR = 8
_MENTIONS = 20
# Teams shows six actions and moves the others into a menu.
_BUTTONS = 6
_BUTTON = 60
_COLOURS = {
    State.WAITING: "Default",
    State.NEEDS_YOU: "Warning",
    State.RUNNING: "Accent",
    State.DONE: "Good",
    State.HALTED: "Warning",
    State.FAILED: "Attention",
    State.SKIPPED: "Default",
}
#: The input for the reason for a rejection; Teams adds it to the button's data.
REASON = "reason"
# The placeholder for the picture in a card until it is sent (`with_picture`).
_PICTURE = "attached:picture"
# A bot's message can be 80 KB in size, including its envelope; the webhook's adapter refuses more than 20 kB.
_MOST_BYTES_WITH_PICTURE = 78_000


@dataclass(frozen=True, slots=True)
class _Way:
    """The limits of one of the two ways to send to Teams."""

    version: str
    most_bytes: int
    is_bot: bool


_WEBHOOK = _Way("1.4", 18_000, is_bot=False)
_BOT = _Way("1.5", 60_000, is_bot=True)


def render(message: Message) -> Mapping[str, Json]:
    """Returns the card for the webhook. It cannot receive votes, so only buttons that open a page remain."""
    return _fitting(message, _WEBHOOK)


def render_bot(message: Message) -> Mapping[str, Json]:
    """Returns the card for the bot. Pass it through `with_picture` before sending it."""
    return _fitting(message, _BOT)


def with_picture(card: Mapping[str, Json], png: bytes | None) -> Mapping[str, Json]:
    """Returns the card with its picture, or with the picture's text if there is no PNG or it would make the card too large."""
    body = card.get("body")
    if not isinstance(body, Sequence) or isinstance(body, str):
        return card
    if png is not None:
        data = f"data:image/png;base64,{base64.b64encode(png).decode()}"
        drawn = {**card, "body": [_drawn(element, data) for element in body]}
        if _size(drawn) <= _MOST_BYTES_WITH_PICTURE:
            return drawn
    return {**card, "body": [_said(element) for element in body]}


def escape(text: str) -> str:
    """Returns external text with everything that Adaptive Cards interpret escaped (Markdown, `{{DATE()}}`, mentions)."""
    text = visible(text)
    for mark in ("\\", "*", "_", "[", "]", "`", "#"):
        text = text.replace(mark, f"\\{mark}")
    # A zero-width space makes `<at>` and `{{` plain text.
    return re.sub(r"\{(?=\{)", "{\u200b", text).replace("<", "<\u200b")


def _fitting(message: Message, way: _Way) -> Mapping[str, Json]:
    """Returns the card within the size limit: surplus lines are omitted and counted."""
    most = _LINES
    card = _card(message, most, way)
    while most > 1 and _size(card) > way.most_bytes:
        most //= 2
        card = _card(message, most, way)
    return card


def _size(card: Mapping[str, Json]) -> int:
    # With escapes, as the bot's client sends it.
    return len(json.dumps(card))


def _card(message: Message, most: int, way: _Way) -> Mapping[str, Json]:
    first = " · ".join(part for part in (message.what, message.where, message.progress_text) if part)
    headline = f"{SIGNS[message.state]} {first} · {message.tag or message.state}"
    body: list[Json] = [_text(headline, weight="Bolder", size="Medium", colour=message.state)]
    body += [_text(line) for line in _cut([line for line in message.lines if line.strip()], most)]
    body += [_text(f"{_escaped(moment.text)} {_stamped(moment.at)}", raw=True) for moment in message.moments]
    if message.until is not None:
        body.append(_text(f"{_escaped(message.until_text)} {_stamped(message.until)}", raw=True))
    # A table can be longer than text, because people only look for one row.
    body += [_row(row) for row in message.rows[: 2 * most]]
    if len(message.rows) > 2 * most:
        body.append(_text(f"and {len(message.rows) - 2 * most} more"))
    if message.picture is not None:
        body.append(_picture(message.picture.alt) if way.is_bot else _text(message.picture.alt))
    if message.remedy:
        body.append(_text(f"What to do: {message.remedy}", weight="Bolder"))
    if message.mentions:
        body.append(_mentions(message.mentions, way))
    if message.footer:
        body.append(_text(message.footer, subtle=True))
    card: dict[str, Json] = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": way.version,
        "fallbackText": _plain(headline),
        "body": body,
    }
    actions = [action for action in (_action(button, way) for button in message.buttons) if action is not None]
    if actions:
        card["actions"] = actions[:_BUTTONS]
    if way.is_bot:
        card["msteams"] = {"width": "Full", "entities": [_entity(person) for person in _mentioned(message.mentions)]}
    return card


def _text(
    text: str,
    *,
    weight: str = "Default",
    size: str = "Default",
    colour: State | None = None,
    subtle: bool = False,
    raw: bool = False,
) -> Json:
    escaped = text if raw else _escaped(text)
    block: dict[str, Json] = {"type": "TextBlock", "text": escaped, "wrap": True, "spacing": "Small"}
    if weight != "Default":
        block["weight"] = weight
    if size != "Default":
        block["size"] = size
    if colour is not None:
        block["color"] = _COLOURS[colour]
    if subtle:
        block["isSubtle"] = True
    return block


def _escaped(text: str) -> str:
    return escape(text if len(text) <= _LINE else f"{text[:_LINE]}…")


def _row(row: Row) -> Json:
    # Markdown collapses spaces, so the name is bold instead of aligned.
    name = _escaped(row.name.strip())
    parts = [SIGNS[row.state], f"**{name}**" if name else "", _escaped(row.text)]
    if row.done is not None and row.total:
        filled = round(_BAR * max(0, min(row.done, row.total)) / row.total)
        parts.append("▮" * filled + "▯" * (_BAR - filled))
    ends = f" · ends about {_stamped(row.until)}" if row.until is not None else ""
    happened = f"{_stamped(row.at)} " if row.at is not None else ""
    return _text(happened + " ".join(part for part in parts if part) + ends, raw=True)


def _stamped(at: datetime) -> str:
    return _when(f"{at:%Y-%m-%dT%H:%M:%SZ}")


def _when(stamp: str) -> str:
    """Formats an instant in the reader's time zone, which Teams fills in."""
    return f"{{{{DATE({stamp},SHORT)}}}} {{{{TIME({stamp})}}}}"


def _picture(alt: str) -> Json:
    return {"type": "Image", "url": _PICTURE, "altText": alt[:_LINE], "size": "Stretch", "spacing": "Small"}


def _is_picture(element: Json) -> bool:
    return isinstance(element, Mapping) and element.get("url") == _PICTURE


def _drawn(element: Json, data: str) -> Json:
    return {**cast("Mapping[str, Json]", element), "url": data} if _is_picture(element) else element


def _said(element: Json) -> Json:
    return _text(str(cast("Mapping[str, Json]", element)["altText"])) if _is_picture(element) else element


def _mentions(people: Sequence[Person], way: _Way) -> Json:
    """Returns mentions, which notify people; a person whose id is not known is only named."""
    known = _mentioned(people) if way.is_bot else ()
    names = [_at(person) if person in known else _escaped(person.name) for person in people[:_MENTIONS]]
    more = f" and {len(people) - _MENTIONS} more" if len(people) > _MENTIONS else ""
    return _text(" ".join(names) + more, raw=True)


def _mentioned(people: Sequence[Person]) -> tuple[Person, ...]:
    return tuple(person for person in people[:_MENTIONS] if IDENTITY.name in person.ids)


def _entity(person: Person) -> Json:
    return {
        "type": "mention",
        "text": _at(person),
        "mentioned": {"id": person.ids[IDENTITY.name], "name": _plain(person.name)},
    }


def _at(person: Person) -> str:
    """Returns a name for a mention. Teams requires the exact text of the entity, so special characters are removed, not escaped."""
    return f"<at>{_plain(person.name)}</at>"


def _plain(text: str) -> str:
    """Removes the special characters of Markdown and mentions."""
    shortened = visible(text if len(text) <= _LINE else f"{text[:_LINE]}…")
    return "".join(character for character in shortened if character not in "<>[]{}*`#\\").strip() or "…"


def _action(button: Button, way: _Way) -> Json:
    """Returns a button; None if it cannot be used with this way of sending to Teams."""
    title = button.text[:_BUTTON]
    if button.choice is not None and not way.is_bot:
        return None
    match button.choice:
        case None if button.url.startswith(("https://", "http://")):
            return {"type": "Action.OpenUrl", "title": title, "url": button.url}
        case None:
            return None
        case Choice.REJECT:
            return {"type": "Action.ShowCard", "title": title, "style": "destructive", "card": _asks_why(button)}
        case Choice.APPROVE:
            return _vote_button(button)


def _asks_why(button: Button) -> Json:
    """Returns the form that opens below Reject; its button records the vote with the reason."""
    field: Json = {
        "type": "Input.Text",
        "id": REASON,
        "label": "Why (optional)",
        "placeholder": "Everyone sees it, in the message and in the ledger",
        "isMultiline": True,
        "maxLength": LONGEST_REASON,
    }
    ends = _text("One rejection decides, even if others have approved. Nothing is executed.")
    return {"type": "AdaptiveCard", "body": [ends, field], "actions": [_vote_button(button)]}


def _vote_button(button: Button) -> Json:
    return {
        "type": "Action.Execute",
        "title": button.text[:_BUTTON],
        "verb": str(button.choice),
        "style": "destructive" if button.choice is Choice.REJECT else "positive",
        "data": {"token": button.token},
    }


def _cut(lines: list[str], most: int) -> list[str]:
    return lines if len(lines) <= most else [*lines[:most], f"and {len(lines) - most} more"]
