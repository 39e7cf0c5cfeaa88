"""Renders a message as Slack blocks, within Slack's limits, with every external name escaped."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from ops.chats.slack.settings import IDENTITY
from ops.model.approval import Choice
from ops.model.json import Json
from ops.model.message import Button, Message, Row
from ops.model.people import Person
from ops.model.wording import visible
from ops.render.phrases import SIGNS

# Slack's documentation: at most 50 blocks and about 13,200 characters per message, 3,000 per section, 75 per button text,
# 2,000 per button value, 3,000 per button URL. The sum of the limits below is less.
_SECTION = 2_700
_HEAD = 1_000
_MENTIONED = 10
_NAME = 60
_REMEDY = 1_200
_FOOTER = 500
_LINES = 30
# A table can be longer than text, because people only look for one row.
_ROWS = 50
_ROWS_LENGTH = 8_000
_MESSAGE = 13_000
_LINE = 400
_BUTTONS = 6
_BUTTON_TEXT = 75
_VALUE = 2_000
_URL = 3_000
_ALT = 1_000
_BAR = 8
#: The block that the client fills with the uploaded picture, or omits.
PICTURE_BLOCK = "picture"
#: The action of a button that opens a page. Slack reports when such a button is used.
OPENS = "open"
# Only the sender sees the reply, and the message with the buttons remains.
_PRIVATE: Mapping[str, Json] = {"response_type": "ephemeral", "replace_original": False}
_READ = frozenset({"text", "elements", "alt_text"})
_BREAK = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# Slack replaces `:fire:` with an emoji; clients also look for one in `22:00: the window`.
_EMOJI = re.compile(r":(?=[\w+'-]+:)")
_USER = re.compile(r"[UW][A-Z0-9]{1,20}")
_PAGE = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[^\s<>|\"]*)?")


def render(message: Message) -> Mapping[str, Json]:
    """Returns `text` for notifications and `blocks` for the message itself."""
    first = escape(" · ".join(part for part in (message.what, message.where, message.progress_text) if part), _HEAD)
    sign, word = SIGNS[message.state], escape(message.tag or str(message.state), _BUTTON_TEXT)
    blocks: list[Json] = [section(f"{sign} *{first}* · {word}")]
    mentions = _mentions(message.mentions)
    if mentions:
        blocks.append(section(mentions))
    body = [escape(line) for line in message.lines if line.strip()]
    body += [f"{escape(moment.text)} {_when(moment.at)}" for moment in message.moments]
    if message.until is not None:
        body.append(f"{escape(message.until_text)} {_when(message.until)}")
    if body:
        blocks.append(section("\n".join(_cut(body))))
    after: list[Json] = []
    if message.remedy.strip():
        after.append(section(f"*What to do:* {escape(message.remedy, _REMEDY)}"))
    if message.picture is not None:
        alt = message.picture.alt[:_ALT] or "picture"
        after.append({"type": "image", "block_id": PICTURE_BLOCK, "alt_text": alt})
    buttons = _buttons(message)
    if buttons:
        after.append({"type": "actions", "elements": buttons})
    if message.footer.strip():
        after.append({"type": "context", "elements": [_text(escape(message.footer, _FOOTER))]})
    # Rows get the remaining space.
    rows = _sections([_row(row) for row in message.rows], _MESSAGE - _length((*blocks, *after)))
    return {"text": f"{sign} {first} · {word}", "blocks": [*blocks, *rows, *after]}


def plainly(text: str) -> Mapping[str, Json]:
    """Returns a sentence as a private reply."""
    shown = escape(text, _SECTION) or "…"
    return {"text": shown, "blocks": [section(shown)]}


def escape(text: str, most: int = _LINE) -> str:
    """Puts external text on one line, truncates it to `most` characters and escapes what Slack interprets (`<!channel>`, `&`, `*`)."""
    shown: list[str] = []
    length = 0
    for character in _EMOJI.sub(":\u200b", visible(_BREAK.sub(" ", text))):
        # Measured as it is sent, so that no entity is cut in two.
        sent = _SENT.get(character, character)
        if length + len(sent) > most - 1:
            return f"{''.join(shown)}…"
        shown.append(sent)
        length += len(sent)
    return "".join(shown)


# An invisible zero-width space keeps marks from forming a pair.
_SENT = {"&": "&amp;", "<": "&lt;", ">": "&gt;"} | {mark: f"{mark}\u200b" for mark in "*_~`"}


def _mention(person: Person) -> str:
    own = person.ids.get(IDENTITY.name, "")
    return f"<@{own}>" if _USER.fullmatch(own) else escape(person.name, _NAME)


def _mentions(people: Sequence[Person]) -> str:
    """Returns mentions, which notify people; a person without a Slack id is only named."""
    called = (_mention(each) for each in people)
    named = [name for name in called if name.strip()]
    more = len(named) - _MENTIONED
    return ", ".join(named[:_MENTIONED]) + (f" and {more} more" if more > 0 else "")


def _buttons(message: Message) -> list[Json]:
    made: list[Json] = []
    for number, button in enumerate(message.buttons):
        element = _button(number, button)
        if element is not None and len(made) < _BUTTONS:
            made.append(element)
    return made


def _button(number: int, button: Button) -> Json:
    """Returns one button; None if Slack would reject the whole message because of it. `action_id` begins with the action."""
    element: dict[str, Json] = {"type": "button"}
    match button.choice:
        case None:
            if len(button.url) > _URL or not _PAGE.fullmatch(button.url):
                return None
            return element | {
                "text": plain(button.text or "Open"),
                "action_id": f"{OPENS}.{number}",
                "url": button.url,
            }
        case Choice.APPROVE:
            element["style"] = "primary"
        case Choice.REJECT:
            element["style"] = "danger"
    if not 0 < len(button.token) <= _VALUE:
        return None
    text = plain(button.text or str(button.choice))
    return element | {"text": text, "action_id": f"{button.choice}.{number}", "value": button.token}


def plain(text: str, most: int = _BUTTON_TEXT) -> Json:
    """Returns plain text on one line, shortened to `most` characters."""
    shown = visible(" ".join(text.split())) or "…"
    return {
        "type": "plain_text",
        "text": shown if len(shown) <= most else f"{shown[: most - 1]}…",
        "emoji": False,
    }


def _row(row: Row) -> str:
    # A mark followed by a space has no effect, so the indent precedes it.
    name = row.name.strip()
    indent = row.name[: len(row.name) - len(row.name.lstrip())]
    parts = [SIGNS[row.state], f"{indent}*{escape(name)}*" if name else "", escape(row.text)]
    if row.at is not None:
        parts.insert(0, _when(row.at))
    if row.done is not None and row.total:
        filled = round(_BAR * max(0, min(row.done, row.total)) / row.total)
        parts.append("▮" * filled + "▯" * (_BAR - filled))
    if row.until is not None:
        parts.append(f"ends about {_when(row.until)}")
    return "  ".join(parts)


def _when(at: datetime) -> str:
    """Formats an instant in the reader's time zone; the text after the bar is for clients that cannot convert it."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{at:%Y-%m-%d %H:%M} UTC>"


def _cut(lines: list[str], most_lines: int = _LINES, most: int = _SECTION) -> list[str]:
    """Returns as many lines as fit, and the number of omitted lines."""
    fitting: list[str] = []
    length = 0
    for line in lines:
        if len(fitting) == most_lines or length + len(line) > most - 20:
            return [*fitting, f"and {len(lines) - len(fitting)} more"]
        fitting.append(line)
        length += len(line) + 1
    return fitting


def _sections(lines: list[str], room: int) -> list[Json]:
    """Distributes the lines across as few blocks as possible; each line is shorter than a block."""
    blocks: list[list[str]] = [[]]
    length = 0
    for line in _cut(lines, _ROWS, min(room, _ROWS_LENGTH)):
        if length + len(line) > _SECTION:
            blocks.append([])
            length = 0
        blocks[-1].append(line)
        length += len(line) + 1
    return [section("\n".join(block)) for block in blocks if block]


def _length(value: Json) -> int:
    """Counts the visible characters in blocks."""
    if isinstance(value, Mapping):
        return sum(
            len(each) if isinstance(each, str) else _length(each) for name, each in value.items() if name in _READ
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        return sum(_length(each) for each in value)
    return 0


def section(text: str) -> Json:
    """Returns a block of text. Its marks must be Daytwo's own: escape external text first."""
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> Json:
    """Returns verbatim text: Slack does not turn names that resemble addresses or channels into links; Daytwo's own marks still work."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def privately(content: Mapping[str, Json]) -> Mapping[str, Json]:
    """Returns a message as a private reply. It does not have a picture, since none is uploaded for it."""
    return {**content, "blocks": with_picture(content, ""), **_PRIVATE}


def with_picture(content: Mapping[str, Json], file_id: str) -> list[Json]:
    """Returns the blocks with the uploaded file as their picture; without the picture block if `file_id` is empty."""
    blocks = cast("Sequence[Mapping[str, Json]]", content.get("blocks") or ())
    return [_filled(block, file_id) for block in blocks if file_id or not _is_picture(block)]


def _filled(block: Mapping[str, Json], file_id: str) -> Json:
    return {**block, "slack_file": {"id": file_id}} if _is_picture(block) else block


def _is_picture(block: Mapping[str, Json]) -> bool:
    return block.get("type") == "image" and block.get("block_id") == PICTURE_BLOCK
