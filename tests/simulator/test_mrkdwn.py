"""How people see Slack's mrkdwn: its markup is rendered, and markup in external content is shown as text."""

from datetime import UTC, datetime
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from ops.chats.slack.renderer import escape
from simulator.chat_preview.mrkdwn import plain, to_html


def shown(text: str) -> str:
    return str(to_html(text, lambda at: f"{at:%H:%M}"))


def test_formatting_marks_become_html_elements() -> None:
    assert shown("✓ *done* _soon_ ~no~ `code`\nnext") == (
        "✓ <strong>done</strong> <em>soon</em> <s>no</s> <code>code</code><br>next"
    )


def test_a_formatting_mark_inside_a_word_is_shown_as_text() -> None:
    assert shown("a*b*c 2*3*4") == "a*b*c 2*3*4"


def test_a_date_becomes_a_time_element() -> None:
    at = int(datetime(2026, 11, 17, 3, 40, tzinfo=UTC).timestamp())
    assert shown(f"ends about <!date^{at}^{{date_short_pretty}} {{time}}|2026-11-17 03:40 UTC>") == (
        'ends about <time datetime="2026-11-17T03:40:00+00:00">03:40</time>'
    )


def test_a_link_keeps_its_label() -> None:
    assert (
        shown("<https://example.com/a?b=1&amp;c=2|the run>")
        == '<a href="https://example.com/a?b=1&amp;c=2">the run</a>'
    )


def test_a_mention_shows_the_persons_name() -> None:
    assert shown("<@U0ANA> <@U0NOBODY>") == '<span class="mention">@ana</span> <span class="mention">@U0NOBODY</span>'


def test_external_markup_is_shown_as_text() -> None:
    assert shown(escape("<script>alert(1)</script> & *bold*")) == ("&lt;script&gt;alert(1)&lt;/script&gt; &amp; *bold*")


class Tags(HTMLParser):
    """The elements in a text."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - as the parser calls it
        self.seen.add(tag)


@given(st.text(alphabet=st.sampled_from("<>&*_~`|^!ahtps:/ \n\u200b\"'"), max_size=80))
def test_escaped_text_does_not_become_html_elements(text: str) -> None:
    tags = Tags()
    tags.feed(shown(escape(text)))
    assert tags.seen <= {"br"}
    assert plain(escape(text)) == text.replace("\u200b", "").replace("\n", " ")
