"""Characters that a reader does not see are shown as their code, in every place where Daytwo shows text from outside."""

import json
import logging
from dataclasses import replace
from http import HTTPStatus

import pytest

from ops.adapters.ledger_lines import entry_of, line_of
from ops.chats.slack import renderer as slack
from ops.chats.teams import renderer as teams
from ops.cli.output import say
from ops.endpoints.http_types import HttpResponse
from ops.model.ledger import Entry
from ops.model.message import Message, Row
from ops.model.run import State
from ops.model.wording import visible
from ops.render.approval_page import _templates
from ops.telemetry.log_fields import install_log_fields
from tests.fakes import MONDAY

BIDI = [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C]
NAME = "ana\u202e\u2066nimda\u200f"
SHOWN = "ana<U+202E><U+2066>nimda<U+200F>"
MESSAGE = Message(
    "run", State.NEEDS_YOU, "Node image", NAME, NAME, (NAME,), (Row(NAME, NAME, State.DONE),), remedy=NAME, footer=NAME
)


def is_clean(text: str) -> bool:
    return not any(chr(code) in text for code in BIDI)


@pytest.mark.parametrize("code", [*BIDI, 0x1B, 0x00, 0x7F, 0x9B, 0xD83D])
def test_each_of_them_is_shown_as_its_code(code: int) -> None:
    assert visible(f"a{chr(code)}b") == f"a<U+{code:04X}>b"


@pytest.mark.parametrize("text", ["ana", "a\tb\nc\r\n", "zoë 😀 日本 العربية \u200b"])
def test_other_text_is_unchanged(text: str) -> None:
    assert visible(text) == text


def test_slack_shows_them_escaped() -> None:
    shown = json.dumps(slack.render(MESSAGE), ensure_ascii=False)
    assert is_clean(shown)
    assert slack.escape(NAME) == "ana&lt;U+202E&gt;&lt;U+2066&gt;nimda&lt;U+200F&gt;"


def test_teams_shows_them() -> None:
    assert all(is_clean(json.dumps(render(MESSAGE), ensure_ascii=False)) for render in (teams.render, teams.render_bot))
    assert "U+202E" in json.dumps(teams.render(MESSAGE))


def test_a_page_shows_them_escaped() -> None:
    page = _templates().from_string("<p>{{ name }}</p>").render(name=f"<b>{NAME}")
    assert page == "<p>&lt;b&gt;ana&lt;U+202E&gt;&lt;U+2066&gt;nimda&lt;U+200F&gt;</p>"


def test_the_command_line_and_the_api_show_them(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"\x1b[2J{NAME}")
    assert capsys.readouterr().out == f"<U+001B>[2J{SHOWN}\n"
    sent = HttpResponse(HTTPStatus.OK, {"name": NAME}).text()
    assert is_clean(sent)
    assert json.loads(sent) == {"name": NAME}


def test_a_log_shows_them(caplog: pytest.LogCaptureFixture) -> None:
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(logging.LogRecord)
    try:
        install_log_fields(visible)
        logging.getLogger("tests").warning("%s was rejected in %d", NAME, 7)
        logging.getLogger("tests").warning("100% plain")
    finally:
        logging.setLogRecordFactory(before)
    assert [record.getMessage() for record in caplog.records] == [f"{SHOWN} was rejected in 7", "100% plain"]


def test_a_line_of_the_ledger_shows_them_and_keeps_the_text() -> None:
    entry = replace(Entry("k", MONDAY, "plan", "run", NAME), by=NAME)
    line = line_of(entry)
    assert is_clean(line.decode())
    assert entry_of(line) == entry
