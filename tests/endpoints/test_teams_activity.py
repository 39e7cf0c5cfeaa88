"""How activities from Teams are parsed."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.chats.teams.payloads import read_activity
from ops.endpoints.rejected_requests import RequestRejectedError
from simulator.teams.people import BOT, NAME
from tests.endpoints.teams_setup import activity


def test_the_mention_is_removed_and_entities_are_decoded() -> None:
    text = f"Hey <at>{NAME}</at>&nbsp; why   shop&amp;co"
    mention = {"type": "mention", "mentioned": {"id": BOT}, "text": f"<at>{NAME}</at>"}
    other = {"type": "mention", "mentioned": {"id": "29:bo"}, "text": "shop"}
    read = read_activity(json.dumps(activity(text=text, entities=[other, mention, "x", {}])).encode())
    assert read.text() == "Hey why shop&co"


MENTIONED = {"type": "mention", "mentioned": {"id": BOT, "name": NAME}}
BO = {"type": "mention", "mentioned": {"id": "29:bo"}, "text": "<at>Bo</at>"}


@pytest.mark.parametrize(
    ("text", "entities", "read"),
    [
        (f"<at>{NAME}</at> status", [MENTIONED], "status"),
        (f"<at>{NAME.lower()}</at> status", [{**MENTIONED, "text": f"<at>{NAME}</at>"}], "status"),
        ("<at>Old name</at> status", [{**MENTIONED, "text": f"<at>{NAME}</at>"}], "status"),
        ('<at id="0">Old name</at> why <at>Bo</at>', [BO, MENTIONED], "why <at>Bo</at>"),
        ("<at>Bo</at> <at>Old name</at> why", [BO, MENTIONED], "<at>Bo</at> why"),
        ("DAYTWO status", [{**MENTIONED, "text": "Daytwo"}], "status"),
        (f"<at>{NAME}</at>", [MENTIONED], ""),
        (f"<at>{NAME}</at> status", [{**MENTIONED, "mentioned": {"id": BOT.upper()}}], "status"),
    ],
)
def test_the_bot_recognizes_its_mention_by_its_id_in_any_spelling(
    text: str, entities: list[dict[str, Any]], read: str
) -> None:
    parsed = read_activity(json.dumps(activity(text=text, entities=entities)).encode())
    assert (parsed.is_for_the_bot(), parsed.text()) == (True, read)


def test_a_picture_in_a_personal_chat_is_a_message_without_text() -> None:
    plain = {**activity(attachments=[{"contentType": "image/png"}]), "text": None}
    parsed = read_activity(json.dumps(plain).encode())
    assert parsed.text() == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=300)
@given(
    field_=st.sampled_from(sorted(activity())),
    value=JSON,
    kind=st.sampled_from(["message", "invoke", "conversationUpdate"]),
)
def test_every_field_value_is_either_read_or_rejected(field_: str, value: Any, kind: str) -> None:
    """No other exception is raised, whatever the body contains."""
    assert status_of(json.dumps({**activity(type=kind), field_: value}).encode()) in (200, 400)


def status_of(body: bytes) -> int:
    try:
        read = read_activity(body)
        read.text()
        read.adds_the_bot()
        read.vote()
    except RequestRejectedError as refused:
        return int(refused.rejection.status)
    return 200
