"""Slack's messages and forms as the page shows them: threads, buttons that are live, what is private marked as that."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import cast
from zoneinfo import ZoneInfo

from markupsafe import Markup

from ops.model.json import Json
from simulator.chat_preview.official_renderer import Drawer
from simulator.demo.world import ChatMessage, ShownForm
from simulator.http_types import JsonObject

_BUTTON = re.compile(r"<button\b[^>]*>")
_ACTION = re.compile(r'\sdata-action="([^"]*)"')
_TYPE = re.compile(r'\stype="button"')


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as people see it; `only_for` names who alone does."""

    posted: Markup
    edits: int
    html: Markup
    only_for: str
    replies: tuple["MessageView", ...] = ()


def threads(chat: Iterable[ChatMessage], drawer: Drawer, zone: ZoneInfo) -> list[MessageView]:
    """The messages that stand by themselves, oldest first, each with its answers."""
    answers: dict[tuple[str, str], list[ChatMessage]] = defaultdict(list)
    roots = []
    for message in chat:
        if message.thread and message.thread != message.ts:
            answers[message.channel, message.thread].append(message)
        else:
            roots.append(message)
    return [
        _view(root, drawer, zone, [_view(each, drawer, zone) for each in answers[root.channel, root.ts]])
        for root in roots
    ]


@dataclass(frozen=True, slots=True)
class FormView:
    """A form as its person sees it."""

    form: ShownForm
    html: Markup


def forms_before(forms: Iterable[ShownForm], drawer: Drawer) -> list[FormView]:
    """The forms that stand open, each with what it says above its field."""
    return [FormView(form, _drawn(form.blocks, drawer, lambda html: html)) for form in forms]


def _drawn(blocks: Iterable[JsonObject], drawer: Drawer, dress: Callable[[Markup], Markup]) -> Markup:
    content = cast("Json", list(blocks))
    each = [
        Markup('<div class="look {}">{}</div>').format(theme, dress(drawer.draw("slack", content, theme)))
        for theme in drawer.themes
    ]
    return Markup("").join(each)


def _view(message: ChatMessage, drawer: Drawer, zone: ZoneInfo, replies: Iterable[MessageView] = ()) -> MessageView:
    when = f"{message.posted.astimezone(zone):%a %H:%M}"
    posted = Markup('<time datetime="{}">{}</time>').format(message.posted.isoformat(), when)
    html = _drawn(message.blocks, drawer, lambda drawn: _live(drawn, message))
    return MessageView(posted, message.edits, html, message.only_for, tuple(replies))


def _live(html: Markup, message: ChatMessage) -> Markup:
    """Each button sends the form with where it stands; where nothing stands any more (a private answer), it is gone."""

    def live(found: re.Match[str]) -> str:
        tag = found.group()
        action = _ACTION.search(tag)
        if action is None:
            return tag
        place = Markup("{}|{}|").format(message.channel, message.ts) + Markup(action.group(1))  # noqa: S704 - escaped as it stood
        return f'{_TYPE.sub("", tag)[:-1]} type="submit" name="press" value="{place}">'

    return Markup(_BUTTON.sub(live, str(html)))  # noqa: S704 - the drawer's own HTML, with an attribute escaped here
