"""How activities from Teams are parsed."""

import json
from typing import Any

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
