"""A message as Slack blocks: its first line, the limits, and the escaping of external names."""

import re
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.chats.slack.renderer import escape, plainly, privately, render, with_picture
from ops.model.approval import Choice
from ops.model.message import Button, Message, Moment, Picture, Row
from ops.model.people import Person
from ops.model.run import State
from simulator.slack.blocks import fault_of

RUNNING = Message(
    subject="node-image.shop-prod.2026-w47",
    state=State.RUNNING,
    what="Node images",
    where="shop-prod",
    progress_text="1 of 3 pools",
    lines=("user2: 202611.05.0 → 202611.12.0",),
    rows=(
        Row("user2", "12 of 12 nodes run 202611.12.0 and are Ready in 21 min", State.DONE),
        Row("user3", "7 of 16 nodes", State.RUNNING, 7, 16, datetime(2026, 11, 17, 3, 40, tzinfo=UTC)),
        Row("gpu", "waits", State.WAITING),
    ),
    footer="node-image.shop-prod.2026-w47",
)


def texts(message: Message) -> list[str]:
    blocks = cast("list[dict[str, Any]]", render(message)["blocks"])
    return [block["text"]["text"] for block in blocks if block["type"] == "section"]


def test_the_first_line_is_sufficient_on_its_own() -> None:
    assert texts(RUNNING)[0] == "● *Node images · shop-prod · 1 of 3 pools* · running"


def test_a_row_shows_progress_and_the_deadline_in_the_readers_time_zone() -> None:
    assert texts(RUNNING)[2].splitlines()[1] == (
        "●  *user3*  7 of 16 nodes  ▮▮▮▮▯▯▯▯  ends about "
        "<!date^1794886800^{date_short_pretty} {time}|2026-11-17 03:40 UTC>"
    )


def test_a_channel_mention_in_a_name_is_escaped() -> None:
    assert escape("<!channel> & *bold*") == "&lt;!channel&gt; &amp; *\u200bbold*\u200b"


def test_a_colon_in_a_time_or_name_does_not_become_an_emoji() -> None:
    assert escape("22:00: the window, :fire:") == "22:\u200b00: the window, :\u200bfire:"


def test_long_content_is_shortened_with_a_note() -> None:
    many = Message(
        "x", State.RUNNING, "Node images", "shop", lines=tuple(f"line {number} " * 20 for number in range(200))
    )
    assert texts(many)[1].splitlines()[-1].startswith("and 1")


ASKED = Message(
    subject="approval.1",
    state=State.NEEDS_YOU,
    what="Node images",
    where="shop-prod",
    tag="approval wanted",
    mentions=(Person("ana", {"slack": "U0ANA"}), Person("dan"), Person("<!here>")),
    buttons=(
        Button("Approve", "token-1", Choice.APPROVE),
        Button("Reject", "token-1", Choice.REJECT),
        Button("Plan", url="https://daytwo.example/api/approvals/token-1"),
    ),
)


def blocks(message: Message, kind: str) -> list[dict[str, Any]]:
    return [block for block in cast("list[dict[str, Any]]", render(message)["blocks"]) if block["type"] == kind]


def test_a_request_is_identified_in_its_first_line_and_mentions_the_approvers() -> None:
    assert texts(ASKED)[:2] == ["◆ *Node images · shop-prod* · approval wanted", "<@U0ANA>, dan, &lt;!here&gt;"]


def test_an_invalid_slack_id_is_not_mentioned() -> None:
    message = Message("x", State.DONE, "a", "b", mentions=(Person("eve", {"slack": "U1> <!channel"}),))
    assert texts(message)[1] == "eve"


def test_the_buttons_carry_the_request_token() -> None:
    (actions,) = blocks(ASKED, "actions")
    approve, reject, plan = actions["elements"]
    assert (approve["action_id"], approve["value"], approve["style"]) == ("approve.0", "token-1", "primary")
    assert (reject["action_id"], reject["value"], reject["style"]) == ("reject.1", "token-1", "danger")
    assert (plan["action_id"], plan["url"]) == ("open.2", "https://daytwo.example/api/approvals/token-1")
    assert "value" not in plan


def test_a_button_that_slack_would_reject_is_omitted_from_the_message() -> None:
    wrong = Message("x", State.DONE, "a", "b", buttons=(Button("Go", url="javascript:alert(1)"), Button("Go")))
    assert blocks(wrong, "actions") == []
    assert len(texts(wrong)) == 1


def test_a_picture_becomes_an_image_block_with_its_alternative_text() -> None:
    digest = Message("x", State.DONE, "Digest", "the week", picture=Picture("content/1", "nine clusters, all well"))
    (image,) = blocks(digest, "image")
    assert image == {"type": "image", "block_id": "picture", "alt_text": "nine clusters, all well"}
    assert blocks(ASKED, "image") == []


def test_an_entity_is_never_split() -> None:
    assert escape("&" * 10, 13) == "&amp;&amp;…"


def test_a_line_break_in_a_name_does_not_start_a_new_line() -> None:
    assert escape("shop\r\n✓ done") == "shop ✓ done"


def test_an_ephemeral_text_is_escaped() -> None:
    assert plainly("ana approved <!channel>")["text"] == "ana approved &lt;!channel&gt;"


def test_an_ephemeral_reply_is_marked_as_ephemeral_and_has_no_picture() -> None:
    digest = Message("x", State.DONE, "Digest", "the week", picture=Picture("content/1", "all well"))
    private = privately(render(digest))
    assert (private["response_type"], private["replace_original"]) == ("ephemeral", False)
    assert [block["type"] for block in cast("list[dict[str, Any]]", private["blocks"])] == ["section"]


PEOPLE = st.builds(
    Person, name=st.text(max_size=200), ids=st.fixed_dictionaries({"slack": st.just("U0ANA") | st.text(max_size=30)})
)
ADDRESSES = st.one_of(st.text(max_size=60).map("https://{}".format), st.text(max_size=3_500), st.just("https://a.b/c"))
BUTTONS = st.builds(
    Button,
    text=st.text(max_size=200),
    token=st.text(max_size=2_500),
    choice=st.sampled_from([None, *Choice]),
    url=ADDRESSES,
)
MESSAGES = st.builds(
    Message,
    subject=st.text(),
    state=st.sampled_from(State),
    what=st.text(max_size=3_000),
    where=st.text(max_size=3_000),
    progress_text=st.text(max_size=3_000),
    lines=st.lists(st.text(max_size=4_000), max_size=60).map(tuple),
    rows=st.lists(
        st.builds(
            Row,
            name=st.text(max_size=300),
            text=st.text(max_size=4_000),
            state=st.sampled_from(State),
            done=st.integers(-5, 500),
            total=st.integers(0, 100),
        )
    ).map(tuple),
    until=st.one_of(st.none(), st.datetimes(timezones=st.just(UTC))),
    until_text=st.text(max_size=3_000),
    footer=st.text(max_size=5_000),
    remedy=st.text(max_size=5_000),
    tag=st.text(max_size=300),
    mentions=st.lists(PEOPLE, max_size=30).map(tuple),
    buttons=st.lists(BUTTONS, max_size=40).map(tuple),
    picture=st.one_of(st.none(), st.builds(Picture, st.text(), st.text(max_size=3_000))),
    moments=st.lists(st.builds(Moment, st.text(max_size=3_000), st.datetimes(timezones=st.just(UTC))), max_size=40).map(
        tuple
    ),
)
FULLEST = "&" * 5_000


def sendable(message: Message) -> list[dict[str, Any]]:
    """The blocks as the adapter sends them, with the picture's file."""
    rendered = render(message)
    return cast("list[dict[str, Any]]", with_picture(rendered, "F0PICTURE1"))


@given(MESSAGES)
def test_slack_accepts_every_rendered_message(message: Message) -> None:
    assert fault_of(sendable(message)) is None


@given(MESSAGES)
def test_external_names_cannot_create_mentions_or_links(message: Message) -> None:
    marks = re.findall(r"<([^>]*)>", "".join(texts(message)) + str(render(message)["text"]))
    ids = [person.ids.get("slack", "") for person in message.mentions]
    ours = {f"@{own}" for own in ids if re.fullmatch(r"[UW][A-Z0-9]{1,20}", own)}
    assert all(mark in ours or mark.startswith("!date^") for mark in marks)


@pytest.mark.parametrize("state", State)
def test_the_longest_possible_message_in_every_state_fits(state: State) -> None:
    message = Message(
        FULLEST,
        state,
        FULLEST,
        FULLEST,
        FULLEST,
        tuple(f"{number} {FULLEST}" for number in range(200)),
        tuple(Row(FULLEST, FULLEST, state, 1, 2, datetime(2026, 1, 1, tzinfo=UTC)) for _ in range(200)),
        datetime(2026, 1, 1, tzinfo=UTC),
        FULLEST,
        FULLEST,
        FULLEST,
        FULLEST,
        (Person(FULLEST),) * 50,
        tuple(Button(FULLEST, "w" * 2_000, choice) for choice in (*Choice, *Choice, *Choice) * 6),
        Picture("x", FULLEST),
    )
    assert fault_of(sendable(message)) is None
    assert any("and 1" in text for text in texts(message))
