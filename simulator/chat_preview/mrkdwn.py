"""Pure: converts Slack's mrkdwn to HTML that looks like the message in Slack."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape

from markupsafe import Markup

from simulator.people import PEOPLE

type ShowTime = Callable[[datetime], str]

# https://docs.slack.dev/messaging/formatting-message-text: a mark opens and closes at a word boundary, on one line.
_TOKENS = re.compile(
    r"<!date\^(?P<at>\d+)\^[^|>]*\|[^>]*>"
    r"|<@(?P<user>[UW][A-Z0-9]{1,20})>"
    r"|<(?P<url>https?://[^|>\s]+)(?:\|(?P<label>[^>]*))?>"
    r"|(?<!\w)\*(?![\s\u200b])(?P<bold>[^*\n]+)\*(?!\w)"
    r"|(?<!\w)_(?![\s\u200b])(?P<italic>[^_\n]+)_(?!\w)"
    r"|(?<!\w)~(?![\s\u200b])(?P<struck>[^~\n]+)~(?!\w)"
    r"|`(?!\u200b)(?P<code>[^`\n]+)`"
)
_NAMES = {person.slack: person.name for person in PEOPLE if person.slack}
# Invisible characters that Daytwo puts after marks that must not form a pair. The HTML does not contain them.
_SILENT = "\u200b"
_TAGS = {
    "bold": Markup("<strong>{}</strong>"),
    "italic": Markup("<em>{}</em>"),
    "struck": Markup("<s>{}</s>"),
    "code": Markup("<code>{}</code>"),
}


def to_html(text: str, show_time: ShowTime) -> Markup:
    """Convert the text in a section or a context element. Everything except Slack's markup is shown as text."""
    parts: list[Markup] = []
    end = 0
    for token in _TOKENS.finditer(text):
        parts += [_plain(text[end : token.start()]), _marked(token, show_time)]
        end = token.end()
    return Markup("").join([*parts, _plain(text[end:])])


def plain(text: str) -> str:
    """Return the plain text, with entities such as `&amp;` decoded and invisible characters removed."""
    return unescape(text).replace(_SILENT, "")


def _plain(text: str) -> Markup:
    return Markup("<br>").join(Markup.escape(line) for line in plain(text).split("\n"))


def _marked(token: re.Match[str], show_time: ShowTime) -> Markup:
    groups = token.groupdict()
    if groups["at"]:
        at = datetime.fromtimestamp(int(groups["at"]), UTC)
        return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), show_time(at))
    if groups["user"]:
        return Markup('<span class="mention">@{}</span>').format(_NAMES.get(groups["user"], groups["user"]))
    if groups["url"]:
        return Markup('<a href="{}">{}</a>').format(unescape(groups["url"]), plain(groups["label"] or groups["url"]))
    name = next(name for name in _TAGS if groups[name] is not None)
    inner = _plain(groups[name]) if name == "code" else to_html(groups[name], show_time)
    return _TAGS[name].format(inner)
