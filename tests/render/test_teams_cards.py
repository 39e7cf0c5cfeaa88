"""Cards follow Microsoft's schemas and stay within Teams' limits: version 1.4 and 20 kB by webhook, 1.5 and 80 KB by bot."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft6Validator

from ops.chats.teams.renderer import render, render_bot, with_picture
from ops.model.approval import Approval, ApprovalState, Choice, Part, PartState, Vote
from ops.model.message import Button, Message, Picture, Row
from ops.model.people import Person
from ops.model.plan import Plan, Step
from ops.model.run import State
from ops.render.approval import approval_message, escalation_message, reminder_message

SCHEMAS = Path(__file__).with_name("schemas")
AT = datetime(2026, 11, 17, 8, tzinfo=UTC)
ANA = Person("ana", {"slack": "U0ANA", "entra": "aaaaaaaa-0000-0000-0000-000000000001"})
BEN = Person("ben", {"slack": "U0BEN"})
PLAN = Plan(
    "node-image",
    "/id",
    (Step("pool.user1", "upgrade_node_image", "user1", {"pool": "user1"}),),
    reasons=("a newer image",),
)
WAYS = {"1.4": render, "1.5": render_bot}
# A single pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)

FULL = Message(
    subject="node-image.shop-dev",
    state=State.RUNNING,
    what="Node images",
    where="shop_dev",
    progress_text="1 of 2 pools",
    lines=("proven 2 days in pre-production",),
    rows=(Row("user1", "7 of 16", State.RUNNING, 7, 16, AT),),
    until=AT,
    until_text="looks again",
    remedy="nothing",
    footer="node-image.shop-dev",
    mentions=(ANA, BEN),
    buttons=(
        Button("Approve", "token-1", Choice.APPROVE),
        Button("Reject", "token-1", Choice.REJECT),
        Button("Details", url="https://daytwo.example/api/approvals/token-1"),
    ),
    picture=Picture("reference", "three clusters, two of them done"),
)


def request(**changed: Any) -> Approval:
    part = Part("run-1", "/id", "shop-prod", PLAN, AT)
    plain = Approval(
        "a1", "node-image", "production", (part,), AT, AT, AT + timedelta(hours=24), AT + timedelta(hours=23), "token-1"
    )
    return replace(plain, **changed)


@cache
def validator(version: str) -> Draft6Validator:
    """The schema for one version, as published by Microsoft."""
    return Draft6Validator(json.loads((SCHEMAS / f"adaptive-card-{version}.json").read_text()))


def check(card: Mapping[str, Any], version: str) -> None:
    """Check that the card is valid according to the schema, except for `msteams`, which is an extension that Teams defines."""
    assert card["version"] == version
    plain = {key: value for key, value in card.items() if key != "msteams"}
    assert [error.message for error in validator(version).iter_errors(plain)] == []


def actions(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(action["type"], action["title"]) for action in card.get("actions", [])]


def texts(card: Mapping[str, Any]) -> list[str]:
    return [element["text"] for element in card["body"] if element["type"] == "TextBlock"]


@pytest.mark.parametrize("version", WAYS)
@pytest.mark.parametrize("state", State)
def test_every_state_produces_a_valid_card(state: State, version: str) -> None:
    card = WAYS[version](replace(FULL, state=state))
    check(card, version)
    assert texts(card)[0].endswith(f" · {state}")


def test_the_schema_detects_an_invalid_document() -> None:
    card = {**render(FULL), "body": [{"type": "TextBlock", "text": "x", "weight": "Fat"}]}
    assert list(validator("1.4").iter_errors({key: card[key] for key in ("type", "version", "body")}))


@pytest.mark.parametrize("version", WAYS)
@pytest.mark.parametrize("state", ApprovalState)
def test_a_request_in_any_state_produces_a_valid_card(state: ApprovalState, version: str) -> None:
    """A pending request can be decided, but only through the bot."""
    decided = state.is_decided
    pending = request(
        state=state, decided_by="ana", decided_via="teams", decided_at=AT, votes=(Vote("ben", "x", AT, "e"),)
    )
    card = WAYS[version](
        approval_message(pending, "Node images", (ANA, BEN), "https://daytwo.example/api/approvals/token-1")
    )
    check(card, version)
    open_url = [("Action.OpenUrl", "Details")]
    decide = [("Action.Execute", "Approve"), ("Action.ShowCard", "Reject")]
    expected = [] if decided else open_url if version == "1.4" else decide + open_url
    assert actions(card) == expected
    assert texts(card)[0].endswith(f" · {state if decided else 'needs you'}")


@pytest.mark.parametrize("version", WAYS)
def test_reminders_escalations_and_withdrawn_parts_produce_valid_cards(version: str) -> None:
    dropped = Part("run-2", "/id2", "web-prod", PLAN, state=PartState.SUPERSEDED, why="another version")
    pending = request(parts=(*request().parts, dropped), escalated_to=("cleo",))
    for message in (
        approval_message(pending, "Node images", (), ""),
        reminder_message(pending, "Node images", (ANA,)),
        escalation_message(pending, "Node images", (BEN,)),
    ):
        check(WAYS[version](message), version)


def test_a_bot_button_carries_the_token_and_the_choice() -> None:
    card: Any = render_bot(FULL)
    approve, reject, _ = card["actions"]
    assert approve == {
        "type": "Action.Execute",
        "title": "Approve",
        "verb": "approve",
        "style": "positive",
        "data": {"token": "token-1"},
    }
    assert (reject["type"], reject["style"]) == ("Action.ShowCard", "destructive")


def test_rejecting_opens_a_field_for_the_reason_with_its_own_button() -> None:
    card: Any = render_bot(FULL)
    inner = card["actions"][1]["card"]
    (field,) = [element for element in inner["body"] if element["type"] == "Input.Text"]
    assert (field["id"], field["maxLength"], field.get("isRequired", False)) == ("reason", 300, False)
    assert inner["actions"] == [
        {
            "type": "Action.Execute",
            "title": "Reject",
            "verb": "reject",
            "style": "destructive",
            "data": {"token": "token-1"},
        }
    ]


def test_the_schema_also_checks_the_card_for_the_reason() -> None:
    card: Any = json.loads(json.dumps(render_bot(FULL)))
    card["actions"][1]["card"]["body"][1]["maxLength"] = "many"
    plain = {key: value for key, value in card.items() if key != "msteams"}
    assert list(validator("1.5").iter_errors(plain))


def test_a_button_without_an_https_link_is_omitted() -> None:
    card = render_bot(replace(FULL, buttons=(Button("Details", url="javascript:alert(1)"), Button("Nothing"))))
    assert actions(card) == []


def test_a_mention_matches_the_text_of_its_entity_and_requires_an_id() -> None:
    card: Any = render_bot(FULL)
    assert "<at>ana</at> ben" in texts(card)
    assert card["msteams"]["entities"] == [
        {"type": "mention", "text": "<at>ana</at>", "mentioned": {"id": ANA.ids["entra"], "name": "ana"}}
    ]


def test_a_webhook_names_people_without_mentions() -> None:
    card = render(FULL)
    assert "ana ben" in texts(card)
    assert "msteams" not in card


def test_twenty_people_are_mentioned_and_the_others_are_counted() -> None:
    people = tuple(Person(f"p{number}", {"entra": f"id-{number}"}) for number in range(23))
    card: Any = render_bot(replace(FULL, mentions=people))
    assert len(card["msteams"]["entities"]) == 20
    assert next(text for text in texts(card) if "p19" in text).endswith(" and 3 more")


def test_a_card_has_the_picture_or_its_alternative_text() -> None:
    drawn: Any = with_picture(render_bot(FULL), PNG)
    (image,) = [element for element in drawn["body"] if element["type"] == "Image"]
    assert image["url"] == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    assert image["altText"] == "three clusters, two of them done"
    check(drawn, "1.5")
    for without in (with_picture(render_bot(FULL), None), render(FULL)):
        assert "three clusters, two of them done" in texts(without)
        assert not [element for element in without["body"] if element["type"] == "Image"]  # type: ignore[union-attr,index,call-overload]  # JSON


def test_a_picture_that_makes_the_card_too_large_is_replaced_by_its_text() -> None:
    card = with_picture(render_bot(FULL), bytes(60_000))
    assert "three clusters, two of them done" in texts(card)
    assert len(json.dumps(card)) < 80_000


def test_a_tag_replaces_the_state_label() -> None:
    assert texts(render_bot(replace(FULL, tag="approved")))[0] == "● Node images · shop\\_dev · 1 of 2 pools · approved"


def test_the_summary_of_a_notification_is_plain_text() -> None:
    assert render_bot(replace(FULL, where="<at>all</at>[x](y)"))["fallbackText"] == (
        "● Node images · atall/atx(y) · 1 of 2 pools · running"
    )


ANY = st.text(max_size=400)
PEOPLE = st.builds(Person, name=ANY, ids=st.sampled_from([{}, {"entra": "id"}]))
MESSAGES = st.builds(
    Message,
    subject=ANY,
    state=st.sampled_from(State),
    what=ANY,
    where=ANY,
    progress_text=ANY,
    lines=st.lists(st.text(max_size=3_000), max_size=60).map(tuple),
    rows=st.lists(
        st.builds(Row, name=ANY, text=st.text(max_size=3_000), state=st.sampled_from(State)), max_size=60
    ).map(tuple),
    remedy=ANY,
    footer=ANY,
    tag=ANY,
    mentions=st.lists(PEOPLE, max_size=40).map(tuple),
    buttons=st.lists(st.builds(Button, text=ANY, token=ANY, choice=st.sampled_from(Choice)), max_size=9).map(tuple),
    picture=st.none() | st.builds(Picture, reference=ANY, alt=ANY),
)


@settings(deadline=None, max_examples=60)  # The schema validates slowly.
@given(MESSAGES)
def test_every_card_is_valid_and_within_the_limits(message: Message) -> None:
    hook, bot = render(message), with_picture(render_bot(message), None)
    check(hook, "1.4")
    check(bot, "1.5")
    assert len(json.dumps(hook, ensure_ascii=False).encode()) < 20_000
    assert len(json.dumps(bot)) < 80_000


# Random text on its own would hardly ever contain these.
MARKS = st.lists(
    ANY | st.sampled_from(["<at>", "</at>", "{{DATE(2026-11-16T00:00:00Z)}}", "[x](https://evil.example)"])
)


@given(MARKS.map("".join))
def test_a_name_cannot_create_a_mention_a_date_or_a_link(name: str) -> None:
    message = Message("s", State.DONE, name, name, lines=(name,), rows=(Row(name, name, State.DONE),))
    card: Any = render_bot(message)
    assert card["msteams"]["entities"] == []
    for text in texts(card):
        assert "<at>" not in text
        assert "{{" not in text
        assert "](" not in text.replace("\\]", "")
