"""Messages are rendered as in their chats: by the chats' own renderers if Node is available, otherwise plainly."""

from collections.abc import Iterator

import pytest

from ops.model.json import Json
from simulator import npm
from simulator.chat_preview.official_renderer import DrawingError, NodeDrawer, PlainDrawer, drawer, node_drawer
from tests.skip_unless import need

BLOCKS: Json = [
    {
        "type": "section",
        "text": {
            "type": "mrkdwn",
            "verbatim": True,
            "text": "◆ *shop-prod* &lt;script&gt; <@U0ANA> until <!date^1795028700^{date_short_pretty} {time}|Wed 19:05 UTC>",
        },
    },
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "approve.0",
                "value": "word",
                "text": {"type": "plain_text", "text": "Approve"},
            },
            {
                "type": "button",
                "action_id": "open.1",
                "url": "https://daytwo.example/api/approvals/word",
                "text": {"type": "plain_text", "text": "Details"},
            },
        ],
    },
]
CARD: Json = {
    "type": "AdaptiveCard",
    "version": "1.4",
    "body": [{"type": "TextBlock", "text": "✓ **shop\\_prod** <b>x</b> {{DATE(2026-11-18T19:05:00Z,SHORT)}}"}],
    "actions": [{"type": "Action.OpenUrl", "title": "Details", "url": "https://daytwo.example/"}],
}


@pytest.fixture(scope="module")
def node() -> Iterator[NodeDrawer]:
    need(not npm.missing(), f"the chats' renderers: {npm.missing()}")
    with node_drawer() as found:
        yield found


def test_slack_markup_is_rendered_and_names_are_shown_as_text(node: NodeDrawer) -> None:
    html = node.draw("slack", BLOCKS, "light")
    assert "<strong>" in html
    assert "@ana" in html
    assert '="2026-11-18T19:05:00.000Z"' in html
    assert "<script" not in html


def test_a_button_with_a_url_becomes_a_link(node: NodeDrawer) -> None:
    html = node.draw("slack", BLOCKS, "dark")
    assert 'data-action="approve.0"' in html
    assert html.count("<button") == 1
    assert 'href="https://daytwo.example/api/approvals/word"' in html


def test_a_card_is_rendered(node: NodeDrawer) -> None:
    html = node.draw("card", CARD, "dark")
    assert "<strong>shop_prod</strong>" in html
    assert "<b>x</b>" not in html
    assert "{{DATE" not in html
    assert "Details" in html


def test_an_invalid_message_is_rejected_and_the_next_one_is_rendered(node: NodeDrawer) -> None:
    with pytest.raises(DrawingError, match="rejected a message"):
        node.draw("slack", "nonsense", "light")
    assert "Approve" in node.draw("slack", BLOCKS, "light")


def test_a_renderer_process_that_has_ended_is_reported() -> None:
    need(not npm.missing(), f"the chats' renderers: {npm.missing()}")
    with node_drawer() as ended:
        ended.process.terminate()
        ended.process.wait(10)
        with pytest.raises(DrawingError):
            ended.draw("slack", BLOCKS, "light")


def test_messages_are_rendered_plainly_without_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with drawer() as found:
        assert isinstance(found, PlainDrawer)


def test_the_plain_renderer_shows_every_text_and_button() -> None:
    html = PlainDrawer().draw("slack", BLOCKS, "light")
    assert "<strong>shop-prod</strong>" in html
    assert "<script" not in html
    assert 'data-action="approve.0"' in html
    assert 'href="https://daytwo.example/api/approvals/word"' in html
    card = PlainDrawer().draw("card", CARD, "light")
    assert "&lt;b&gt;x&lt;/b&gt;" in card
    assert "shop_prod" in card
    assert "Wed 19:05 UTC" in card
