"""A message as an Adaptive Card: within Teams' limits, with external names escaped."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ops.chats.teams.renderer import escape, render
from ops.model.message import Message, Row
from ops.model.run import State

FAILED = Message(
    subject="reboot.shop-dev.2026-11-16",
    state=State.FAILED,
    what="Reboots",
    where="shop_dev",
    progress_text="1 of 3 nodes",
    lines=("aks-user1-1: shop/web-1 has not left in time",),
    rows=(Row("aks-user1-0", "has rebooted", State.DONE), Row("aks-user1-1", "7 of 9 pods", State.RUNNING, 7, 9)),
    remedy="give its PDB room",
    footer="reboot.shop-dev.2026-11-16",
)


ROWS = st.builds(Row, name=st.text(max_size=300), text=st.text(max_size=3_000), state=st.sampled_from(State))


def texts(message: Message) -> list[str]:
    return [block["text"] for block in render(message)["body"]]  # type: ignore[union-attr,index,call-overload,misc]  # JSON


def test_the_first_line_is_sufficient_on_its_own_and_names_are_escaped() -> None:
    assert texts(FAILED)[0] == "✗ Reboots · shop\\_dev · 1 of 3 nodes · failed"


def test_a_failure_shows_its_remedy() -> None:
    assert "What to do: give its PDB room" in texts(FAILED)


def test_the_card_has_a_version_that_workflows_accept() -> None:
    card = render(FAILED)
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {block["type"] for block in card["body"]} == {"TextBlock"}  # type: ignore[union-attr,index,call-overload]  # JSON


def test_times_are_shown_in_the_readers_time_zone() -> None:
    waiting = Message(
        "x", State.WAITING, "Power", "dev", until=datetime(2026, 11, 17, 8, tzinfo=UTC), until_text="looks again"
    )
    assert "looks again {{DATE(2026-11-17T08:00:00Z,SHORT)}} {{TIME(2026-11-17T08:00:00Z)}}" in texts(waiting)


def test_a_name_cannot_call_a_card_function() -> None:
    assert "{{" not in escape("{{DATE(x)}} *bold* [link](http://x)")


@given(
    st.builds(
        Message,
        subject=st.text(),
        state=st.sampled_from(State),
        what=st.text(),
        where=st.text(),
        lines=st.lists(st.text(max_size=3_000), max_size=60).map(tuple),
        rows=st.lists(ROWS, max_size=60).map(tuple),
        remedy=st.text(max_size=3_000),
    )
)
def test_a_card_is_never_too_large(message: Message) -> None:
    assert len(json.dumps(render(message), ensure_ascii=False).encode()) <= 18_000
