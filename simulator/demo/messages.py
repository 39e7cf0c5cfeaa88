"""Slack's messages and forms as the page shows them, with threads, working buttons, and a mark on private messages."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import cast
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from ops.model.json import Json
from simulator.chat_preview.official_renderer import Drawer
from simulator.demo.world import ChatMessage, OpenForm
from simulator.http_types import JsonObject

_BUTTON = re.compile(r"<button\b[^>]*>")
_ACTION = re.compile(r'\sdata-action="([^"]*)"')
_TYPE = re.compile(r'\stype="button"')


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as people see it. `only_for` is the only person who can see a private message."""

    posted: Markup
    edits: int
    html: Markup
    only_for: str
    replies: tuple["MessageView", ...] = ()


def threads(chat: Iterable[ChatMessage], drawer: Drawer, zone: ZoneInfo) -> list[MessageView]:
    """The top-level messages, oldest first, each with its replies."""
    responses: dict[tuple[str, str], list[ChatMessage]] = defaultdict(list)
    roots = []
    for message in chat:
        if message.thread and message.thread != message.ts:
            responses[message.channel, message.thread].append(message)
        else:
            roots.append(message)
    return [
        _view(root, drawer, zone, [_view(each, drawer, zone) for each in responses[root.channel, root.ts]])
        for root in roots
    ]


@dataclass(frozen=True, slots=True)
class FormView:
    """A form as the person who opened it sees it."""

    form: OpenForm
    html: Markup


def form_views(forms: Iterable[OpenForm], drawer: Drawer) -> list[FormView]:
    """The open forms, each with the text above its field."""
    return [FormView(form, _render(form.blocks, drawer, lambda html: html)) for form in forms]


def _render(blocks: Iterable[JsonObject], drawer: Drawer, transform: Callable[[Markup], Markup]) -> Markup:
    content = cast("Json", list(blocks))
    each = [
        Markup('<div class="look {}">{}</div>').format(theme, transform(drawer.draw("slack", content, theme)))
        for theme in drawer.themes
    ]
    return Markup("").join(each)


def _view(message: ChatMessage, drawer: Drawer, zone: ZoneInfo, replies: Iterable[MessageView] = ()) -> MessageView:
    when = f"{message.posted.astimezone(zone):%a %H:%M}"
    posted = Markup('<time datetime="{}">{}</time>').format(message.posted.isoformat(), when)
    html = _render(message.blocks, drawer, lambda drawn: _with_live_buttons(drawn, message))
    return MessageView(posted, message.edits, html, message.only_for, tuple(replies))


def _with_live_buttons(html: Markup, message: ChatMessage) -> Markup:
    """Make each button submit the page's form with the button's location. Buttons in private replies have no location and are removed."""

    def live(found: re.Match[str]) -> str:
        tag = found.group()
        action = _ACTION.search(tag)
        if action is None:
            return tag
        # The action comes from an attribute of the drawn HTML, so it is escaped already.
        place = f"{escape(message.channel)}|{escape(message.ts)}|{action.group(1)}"
        return f'{_TYPE.sub("", tag)[:-1]} type="submit" name="button" value="{place}">'

    return Markup(_BUTTON.sub(live, str(html)))  # noqa: S704 - `html` is Markup, which the pattern's replacement would lose; `live` adds one attribute, escaped above
