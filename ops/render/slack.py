"""A message as Slack blocks, within Slack's limits, with every outside name escaped."""

from collections.abc import Mapping
from datetime import datetime

from ops.model.message import Message, Row
from ops.model.run import State
from ops.ports import Json

# 50 blocks a message, 3,000 characters a section, 150 a header: Slack's documentation.
_SECTION = 2_900
_LINES = 30
_LINE = 400
_BAR = 8

SIGNS = {
    State.WAITING: "○",
    State.NEEDS_YOU: "◆",
    State.RUNNING: "●",
    State.DONE: "✓",
    State.HALTED: "■",
    State.FAILED: "✗",
    State.SKIPPED: "\u2013",
}


def render(message: Message) -> Mapping[str, Json]:
    """`text` for notifications and `blocks` for the message itself."""
    first = " · ".join(part for part in (message.what, message.where, message.how_far) if part)
    sign = SIGNS[message.state]
    blocks: list[Json] = [_section(f"{sign} *{escape(first)}* · {message.state}")]
    body = [escape(line) for line in message.lines if line.strip()]
    if message.until is not None:
        body.append(f"{message.until_text} {_when(message.until)}")
    if body:
        blocks.append(_section("\n".join(_cut(body))))
    if message.rows:
        blocks.append(_section("\n".join(_cut([_row(row) for row in message.rows]))))
    if message.remedy:
        blocks.append(_section(f"*What to do:* {escape(message.remedy)}"))
    if message.footer:
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": escape(message.footer)[:_SECTION]}]})
    return {"text": f"{sign} {escape(first)} · {message.state}", "blocks": blocks}


def escape(text: str) -> str:
    """Outside names stay text: Slack reads `<!channel>`, `&` and its own marks. What is too long for a line is cut first."""
    text = text if len(text) <= _LINE else f"{text[:_LINE]}…"
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # A zero-width space keeps marks from pairing up without changing what is read.
    return text.replace("*", "*\u200b").replace("_", "_\u200b").replace("~", "~\u200b").replace("`", "`\u200b")


def _row(row: Row) -> str:
    parts = [SIGNS[row.state], f"*{escape(row.name)}*", escape(row.text)]
    if row.done is not None and row.total:
        filled = round(_BAR * row.done / row.total)
        parts.append("▮" * filled + "▯" * (_BAR - filled))
    if row.until is not None:
        parts.append(f"ends about {_when(row.until)}")
    return "  ".join(parts)


def _when(at: datetime) -> str:
    """In the reader's own zone; the text behind the bar is for clients that cannot."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{at:%Y-%m-%d %H:%M} UTC>"


def _cut(lines: list[str]) -> list[str]:
    kept: list[str] = []
    length = 0
    for line in lines:
        if len(kept) == _LINES or length + len(line) > _SECTION - 20:
            return [*kept, f"and {len(lines) - len(kept)} more"]
        kept.append(line)
        length += len(line) + 1
    return kept


def _section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:_SECTION]}}
