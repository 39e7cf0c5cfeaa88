"""A message as Slack blocks: its first line, its limits, outside names as text."""

from datetime import UTC, datetime
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from ops.model.message import Message, Row
from ops.model.run import State
from ops.render.slack import escape, render
from simulator.slack.blocks import fault_of

RUNNING = Message(
    subject="node-image.shop-prod.2026-w47",
    state=State.RUNNING,
    what="Node images",
    where="shop-prod",
    how_far="1 of 3 pools",
    lines=("user2: 202611.05.0 → 202611.12.0",),
    rows=(
        Row("user2", "12 of 12 nodes carry 202611.12.0 and are Ready in 21 min", State.DONE),
        Row("user3", "7 of 16 nodes", State.RUNNING, 7, 16, datetime(2026, 11, 17, 3, 40, tzinfo=UTC)),
        Row("gpu", "waits", State.WAITING),
    ),
    footer="node-image.shop-prod.2026-w47",
)


def texts(message: Message) -> list[str]:
    blocks = cast("list[dict[str, Any]]", render(message)["blocks"])
    return [block["text"]["text"] for block in blocks if block["type"] == "section"]


def test_the_first_line_alone_does() -> None:
    assert texts(RUNNING)[0] == "● *Node images · shop-prod · 1 of 3 pools* · running"


def test_a_row_shows_how_far_and_until_when_in_the_readers_zone() -> None:
    assert texts(RUNNING)[2].splitlines()[1] == (
        "●  *user3*  7 of 16 nodes  ▮▮▮▮▯▯▯▯  ends about "
        "<!date^1794886800^{date_short_pretty} {time}|2026-11-17 03:40 UTC>"
    )


def test_a_tag_of_channel_stays_text() -> None:
    assert escape("<!channel> & *bold*") == "&lt;!channel&gt; &amp; *\u200bbold*\u200b"


def test_long_content_is_cut_and_says_so() -> None:
    many = Message(
        "x", State.RUNNING, "Node images", "shop", lines=tuple(f"line {number} " * 20 for number in range(200))
    )
    assert texts(many)[1].splitlines()[-1].startswith("and 1")


@given(
    st.builds(
        Message,
        subject=st.text(),
        state=st.sampled_from(State),
        what=st.text(),
        where=st.text(),
        lines=st.lists(st.text(max_size=4_000), max_size=60).map(tuple),
        rows=st.lists(
            st.builds(Row, name=st.text(max_size=300), text=st.text(max_size=4_000), state=st.sampled_from(State))
        ).map(tuple),
        footer=st.text(max_size=5_000),
        remedy=st.text(max_size=5_000),
    )
)
def test_nothing_that_is_rendered_is_refused_by_slack(message: Message) -> None:
    rendered = render(message)
    assert fault_of(rendered["blocks"]) is None  # type: ignore[arg-type]  # JSON
