"""Slack's messages as the page shows them: each with its thread, its buttons live, what is private marked as that."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast
from zoneinfo import ZoneInfo

from markupsafe import Markup

from ops.ports import Json
from simulator.chatlook.drawn import Drawer
from simulator.demo.world import ChatMessage

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


def _view(message: ChatMessage, drawer: Drawer, zone: ZoneInfo, replies: Iterable[MessageView] = ()) -> MessageView:
    when = f"{message.posted.astimezone(zone):%a %H:%M}"
    posted = Markup('<time datetime="{}">{}</time>').format(message.posted.isoformat(), when)
    blocks = cast("Json", list(message.blocks))
    drawn = [
        Markup('<div class="look {}">{}</div>').format(theme, _live(drawer.draw("slack", blocks, theme), message))
        for theme in drawer.themes
    ]
    return MessageView(posted, message.edits, Markup("").join(drawn), message.only_for, tuple(replies))


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
