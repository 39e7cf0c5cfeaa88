"""The dialog that asks for the reason for a rejection: its content, Slack's limits, and the escaping of external names."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.chats.slack.dialogs import dialog_error, dialog_result, rejection_form
from ops.model.approval import Approval, Part, PartState
from ops.model.plan import Plan
from simulator.slack.viewlimits import fault_of_view, inputs_of

AT = datetime(2026, 11, 16, 12, tzinfo=UTC)


def part(name: str) -> Part:
    return Part(f"node-image.{name}", "/id", name, Plan("node-image", "/id", ()))


def request(*parts: Part, ring: str = "production") -> Approval:
    return Approval("a1", "node-image", ring, parts, AT, AT, AT, AT, token="a-token")


def sections(view: Any) -> list[str]:
    return [block["text"]["text"] for block in view["blocks"] if block["type"] == "section"]


def test_the_dialog_names_the_operation_the_ring_and_the_pending_clusters() -> None:
    gone = replace(part("web-prod"), state=PartState.CANCELLED)
    view = rejection_form(request(part("shop-prod"), part("pay-prod"), gone), "Node images", "slack-1")
    assert sections(view) == [
        "*Node images · production · 2 clusters*\nshop-prod, pay-prod",
        "One rejection decides, even if others have approved. Nothing is executed, and their runs end.",
    ]


def test_the_first_of_many_clusters_are_named_and_the_others_are_counted() -> None:
    view = rejection_form(request(*(part(f"c{number:02}") for number in range(60))), "Node images", "slack-1")
    assert sections(view)[0].endswith("c10, c11 and 48 more")


def test_the_dialog_has_buttons_a_token_and_one_optional_field() -> None:
    view: Any = rejection_form(request(part("shop-prod"), ring=""), "Reboots", "slack-1")
    assert (view["submit"]["text"], view["close"]["text"]) == ("Reject", "Back")
    assert (view["callback_id"], view["private_metadata"], view["external_id"]) == ("reject", "a-token", "slack-1")
    (field,) = inputs_of(view)
    element: Any = field["element"]
    assert (field["optional"], element["multiline"], element["max_length"]) == (True, True, 300)
    assert sections(view)[0].startswith("*Reboots · in no ring · 1 cluster*")


NAMES = st.text(max_size=200) | st.sampled_from(["<!channel>", "&" * 100, "*_~`" * 30, "<@U0ANA>", "a\nb"])


@given(title=NAMES, ring=NAMES, names=st.lists(NAMES, min_size=1, max_size=80), result=st.text(max_size=9_000))
def test_slack_accepts_every_dialog_and_names_do_not_create_mentions(
    title: str, ring: str, names: list[str], result: str
) -> None:
    view = rejection_form(request(*(part(name) for name in names), ring=ring), title, "slack-" + "0" * 32)
    after: Any = dialog_result(result)["view"]
    assert fault_of_view(view) is None
    if result.strip():
        assert fault_of_view(after) is None
    assert re.findall(r"<[^>]*>", "".join([*sections(view), *sections(after)])) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": {"type": "plain_text", "text": "x" * 25}},
        {"title": {"type": "mrkdwn", "text": "x"}},
        {"submit": {"type": "plain_text", "text": "x" * 25}},
        {"close": {"type": "plain_text", "text": ""}},
        {"callback_id": "x" * 256},
        {"external_id": "x" * 256},
        {"private_metadata": "x" * 3_001},
        {"blocks": []},
        {"blocks": [{"type": "divider"}] * 101},
        {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}]},
        {"type": "home"},
        {"colour": "red"},
    ],
)
def test_the_limit_check_detects_violations(wrong: dict[str, Any]) -> None:
    view = rejection_form(request(part("shop-prod")), "Node images", "slack-1")
    assert fault_of_view({**view, **wrong}) is not None


def test_a_field_requires_a_submit_button() -> None:
    view = dict(rejection_form(request(part("shop-prod")), "Node images", "slack-1"))
    del view["submit"]
    assert "submit" in str(fault_of_view(view))


def test_an_error_is_shown_next_to_its_field() -> None:
    assert dialog_error("too long") == {"response_action": "errors", "errors": {"why": "too long"}}
