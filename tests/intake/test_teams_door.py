"""The Teams bot's door without a network: what is read of an activity, what is refused, what is answered to whom."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.intake.http import Response
from ops.intake.refusals import Refusals, RefusedError
from ops.intake.teams import take_activity
from ops.intake.teams_activity import read_activity
from ops.model.ledger import Entry
from ops.ports import DeniedError, OutsideError, TryLaterError
from ops.workflows.activities.context import Context
from ops.workflows.private_answers import flush_answers
from simulator.teams.connector import CHANNELS
from simulator.teams.people import BOT, NAME
from tests.approvals.story import ENTRA, PEOPLE, TENANT
from tests.fakes import CONFIG, World

SERVICE = "https://smba.trafficmanager.net/emea/"
TRUE = "Bearer true"


@dataclass
class FakeBot:
    """A door that knows one token, and opens private conversations with all but those in `closed`."""

    closed: set[str] = field(default_factory=set)
    fail: OutsideError | None = None

    def admit(self, authorization: str) -> str:
        if self.fail is not None:
            raise self.fail
        if authorization != TRUE:
            raise DeniedError("no")
        return SERVICE

    def address(self, service_url: str, conversation: str, activity: str = "") -> str:
        return f"teams-bot:{service_url}|{conversation}|{activity}"

    def private_address(self, service_url: str, user: str, tenant: str) -> str:
        assert tenant == TENANT
        if user in self.closed:
            raise DeniedError("blocked")
        return self.address(service_url, f"a:{user}")


@dataclass
class Stand:
    """A door, the world behind it, and what Teams would send."""

    world: World = field(default_factory=lambda: World(config=CONFIG + PEOPLE))
    bot: FakeBot = field(default_factory=FakeBot)
    refusals: Refusals = field(default_factory=Refusals)

    @property
    def context(self) -> Context:
        context = self.world.context
        return replace(context, ports=replace(context.ports, bot=self.bot))

    def send(self, activity: object, authorization: str = TRUE) -> Response:
        body = activity if isinstance(activity, bytes) else json.dumps(activity).encode()
        return take_activity(self.context, self.refusals, authorization, body)

    def refused(self) -> list[tuple[str, str]]:
        """The reasons in the ledger, each with its door."""
        return [(e.data["door"], e.data["reason"]) for e in self.entries("refused-request")]

    def entries(self, kind: str) -> list[Entry]:
        return [entry for entry in self.world.ledger.written.values() if entry.kind == kind]


@pytest.fixture
def stand() -> Stand:
    return Stand()


def activity(**changed: Any) -> dict[str, Any]:
    """What Ana writes in the channel; a value of None leaves a field out."""
    plain: dict[str, Any] = {
        "type": "message",
        "id": "1700000000001",
        "channelId": "msteams",
        "serviceUrl": SERVICE,
        "from": {"id": "29:ana", "name": "Ana", "aadObjectId": ENTRA["ana"]},
        "recipient": {"id": BOT, "name": NAME},
        "conversation": {
            "id": f"{CHANNELS[0]};messageid=1700000000001",
            "conversationType": "channel",
            "tenantId": TENANT,
        },
        "channelData": {"tenant": {"id": TENANT}, "channel": {"id": CHANNELS[0]}},
        "text": f"<at>{NAME}</at> status\n",
        "entities": [{"type": "mention", "mentioned": {"id": BOT, "name": NAME}, "text": f"<at>{NAME}</at>"}],
    }
    return {key: value for key, value in {**plain, **changed}.items() if value is not None}


def press(verb: object = "approve", word: object = "word", **changed: Any) -> dict[str, Any]:
    action = {"type": "Action.Execute", "verb": verb, "data": {"token": word}}
    return activity(
        **{"type": "invoke", "name": "adaptiveCard/action", "value": {"action": action}, "text": None, **changed}
    )


def words(card: Mapping[str, Any]) -> str:
    return "\n".join(element["text"] for element in card["body"] if element["type"] == "TextBlock")


def answered(stand: Stand) -> list[tuple[str, str]]:
    """Where answers went, and their first lines."""
    return [(address, words(content).split("\n")[0]) for address, content in stand.world.answers.given]


def test_a_command_is_answered_to_its_sender_alone(stand: Stand) -> None:
    response = stand.send(activity())
    ((address, first),) = answered(stand)
    assert (response.status, address) == (200, f"teams-bot:{SERVICE}|a:29:ana|")
    assert "Status" in first or "status" in first


def test_where_the_bot_may_not_write_alone_the_answer_stands_below_the_question(stand: Stand) -> None:
    stand.bot.closed.add("29:ana")
    stand.send(activity())
    ((address, _),) = answered(stand)
    assert address == f"teams-bot:{SERVICE}|{CHANNELS[0]};messageid=1700000000001|1700000000001"


def test_in_a_conversation_with_the_bot_alone_the_answer_stands_there(stand: Stand) -> None:
    stand.send(activity(text="status", conversation={"id": "a:1", "conversationType": "personal", "tenantId": TENANT}))
    ((address, _),) = answered(stand)
    assert address == f"teams-bot:{SERVICE}|a:1|1700000000001"


def test_an_unknown_command_is_told_what_there_is(stand: Stand) -> None:
    stand.send(activity(text=f"<at>{NAME}</at> dance"))
    ((_, content),) = stand.world.answers.given
    assert "status" in words(content)


def test_a_stranger_of_our_tenant_is_told_so_and_nothing_is_done(stand: Stand) -> None:
    stranger = {"id": "29:eve", "aadObjectId": ENTRA["eve"]}
    stand.send(activity(**{"from": stranger, "text": f"<at>{NAME}</at> run node-image shop-dev"}))
    ((_, content),) = stand.world.answers.given
    assert "Daytwo does not know you" in words(content)
    assert stand.world.engine.started == []


def test_the_same_message_delivered_again_is_answered_once(stand: Stand) -> None:
    assert [stand.send(activity()).status for _ in range(3)] == [200, 200, 200]
    assert len(stand.world.answers.given) == 1


def test_an_answer_that_could_not_be_sent_is_sent_by_the_next_tick(stand: Stand) -> None:
    stand.world.answers.fail.append(TryLaterError("Teams is down"))
    assert [stand.send(activity()).status for _ in range(2)] == [200, 200]
    assert stand.world.answers.given == []
    flush_answers(stand.context.ports)
    assert len(stand.world.answers.given) == 1


def test_messages_of_one_id_in_two_conversations_are_two(stand: Stand) -> None:
    stand.send(activity())
    stand.send(activity(conversation={"id": "19:other@thread.v2", "tenantId": TENANT}))
    assert len(stand.world.answers.given) == 2


def test_a_press_of_a_word_that_nobody_knows_is_told_so(stand: Stand) -> None:
    response = stand.send(press())
    body: Any = response.body
    assert (response.status, body["statusCode"]) == (200, 200)
    assert body["type"] == "application/vnd.microsoft.activity.message"
    assert body["value"].startswith("there is no such request")
    (attempt,) = stand.entries("attempt")
    assert (attempt.data["identity"], attempt.data["result"]) == (f"teams:{TENANT}/{ENTRA['ana']}", "unknown")


@pytest.mark.parametrize("reason", [7, None, ["late"], {"text": "late"}, True])
def test_a_reason_that_is_no_text_is_refused(stand: Stand, reason: object) -> None:
    action = {"type": "Action.Execute", "verb": "reject", "data": {"token": "word", "reason": reason}}
    response = stand.send(press(value={"action": action}))
    assert (response.status, stand.refused(), stand.entries("attempt")) == (400, [("teams", "unreadable")], [])


def test_a_reason_that_is_too_long_decides_nothing_and_its_writer_hears_so(stand: Stand) -> None:
    action = {"type": "Action.Execute", "verb": "reject", "data": {"token": "word", "reason": "x" * 301}}
    body: Any = stand.send(press(value={"action": action})).body
    assert body["value"] == "the reason is longer than 300 characters, so nothing is decided: shorten it"
    assert stand.entries("attempt") == []


def test_a_reason_is_one_line_of_printable_text_in_the_ledger(stand: Stand) -> None:
    data = {"token": "word", "reason": "  late\n\x07in the\u2028day " + "x" * 280}
    stand.send(press(value={"action": {"type": "Action.Execute", "verb": "reject", "data": data}}))
    (attempt,) = stand.entries("attempt")
    assert attempt.data["reason"] == "late in the day " + "x" * 280


def test_an_installation_tells_what_to_configure(stand: Stand) -> None:
    response = stand.send(activity(type="conversationUpdate", membersAdded=[{"id": BOT}], text=None))
    (entry,) = stand.entries("teams-installed")
    assert (response.status, entry.data["conversation"], entry.data["service-url"]) == (200, CHANNELS[0], SERVICE)
    assert f'chat: {{teams-bot: {{conversation: "{CHANNELS[0]}", service-url: "{SERVICE}"}}}}' in entry.text


@pytest.mark.parametrize(
    "other",
    [
        {"type": "conversationUpdate", "membersAdded": [{"id": "29:bo"}]},
        {"type": "conversationUpdate", "membersAdded": "nobody"},
        {"type": "installationUpdate", "action": "remove"},
        {"type": "typing"},
        {"text": "lunch?", "entities": []},
        {"text": "lunch?", "entities": [{"type": "mention", "mentioned": {"id": "29:bo"}, "text": "<at>Bo</at>"}]},
        {"type": "messageReaction"},
    ],
)
def test_of_other_events_there_is_nothing_to_do(stand: Stand, other: dict[str, Any]) -> None:
    assert stand.send(activity(**other)).status == 200
    assert stand.world.ledger.written == {}
    assert stand.world.answers.given == []


def test_an_invoke_that_nobody_answers_is_not_implemented(stand: Stand) -> None:
    assert stand.send(activity(type="invoke", name="signin/verifyState")).status == 501


@pytest.mark.parametrize(
    ("authorization", "changed", "status", "reason"),
    [
        ("", {}, 401, "bad-token"),
        ("Bearer false", {}, 401, "bad-token"),
        (TRUE, {"channelId": "webchat"}, 403, "other-channel"),
        (TRUE, {"serviceUrl": "https://smba.trafficmanager.net/amer/"}, 403, "other-service"),
        (TRUE, {"serviceUrl": "https://smba.trafficmanager.net.example/emea/"}, 403, "other-service"),
        (TRUE, {"channelData": {"tenant": {"id": "44444444-4444-4444-4444-444444444444"}}}, 403, "other-tenant"),
        (TRUE, {"conversation": {"id": "a:1", "tenantId": "4" * 8}}, 403, "other-tenant"),
        (TRUE, {"channelData": None, "conversation": {"id": "a:1"}}, 403, "other-tenant"),
        (TRUE, {"from": {"id": "29:x", "aadObjectId": ENTRA["ana"], "tenantId": "other"}}, 403, "other-tenant"),
        (TRUE, {"serviceUrl": None}, 400, "unreadable"),
        (TRUE, {"serviceUrl": "javascript:x"}, 400, "unreadable"),
        (TRUE, {"id": "a/b"}, 400, "unreadable"),
        (TRUE, {"id": None}, 400, "unreadable"),
        (TRUE, {"from": "ana"}, 400, "unreadable"),
        (TRUE, {"conversation": {"id": "19:x|y"}}, 400, "unreadable"),
        (TRUE, {"text": 7}, 400, "unreadable"),
        (TRUE, {"text": "x" * 5_000}, 400, "unreadable"),
    ],
)
def test_what_is_not_proven_is_refused_and_noted(
    stand: Stand, authorization: str, changed: dict[str, Any], status: int, reason: str
) -> None:
    response = stand.send(activity(**changed), authorization)
    assert (response.status, stand.refused()) == (status, [("teams", reason)])
    assert stand.world.answers.given == []


@pytest.mark.parametrize(
    "wrong",
    [
        press(verb="delete"),
        press(verb=None),
        press(verb=["approve"]),
        press(word=7),
        press(word="a b"),
        press(word="x" * 65),
        press(value={}),
        press(value=[]),
        press(value={"action": {"type": "Action.Submit", "verb": "approve", "data": {"token": "word"}}}),
    ],
)
def test_a_press_that_is_none_of_our_buttons_decides_nothing(stand: Stand, wrong: dict[str, Any]) -> None:
    assert (stand.send(wrong).status, stand.refused()) == (400, [("teams", "unreadable")])
    assert stand.entries("attempt") == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"null", b"\xff", b"[" * 100_000, b'{"type": "message"}'])
def test_what_is_no_activity_is_refused(stand: Stand, body: bytes) -> None:
    assert stand.send(body).status == 400


def test_a_large_body_is_refused_before_anything_else(stand: Stand) -> None:
    response = stand.send(b" " * (256 * 1024 + 1), "Bearer false")
    assert (response.status, stand.refused()) == (413, [("teams", "too-large")])


def test_a_token_that_cannot_be_checked_now_opens_nothing(stand: Stand) -> None:
    stand.bot.fail = TryLaterError("the keys cannot be had")
    response = stand.send(press())
    assert (response.status, stand.refused()) == (503, [("teams", "no-keys")])
    assert stand.entries("attempt") == []


def test_before_the_token_is_proven_nothing_is_said_of_the_body(stand: Stand) -> None:
    assert {stand.send(body, "").text() for body in (b"{", b"{}", json.dumps(activity()).encode())} == {
        '{"error": "the request carries no token of the Bot Connector for this bot"}'
    }


def test_a_tenant_that_is_not_configured_is_everybodys_refusal() -> None:
    stand = Stand(World(config=CONFIG))
    assert stand.send(activity()).status == 403
    nameless = {"conversation": {"id": "a:1", "tenantId": ""}, "channelData": None}
    assert stand.send(activity(**nameless)).status == 403


def test_a_thousand_refusals_are_one_line_a_minute(stand: Stand) -> None:
    for _ in range(1_000):
        stand.send(activity(), "")
    assert len(stand.entries("refused-request")) == 1


def test_without_a_bot_there_is_no_such_door(stand: Stand) -> None:
    assert take_activity(stand.world.context, stand.refusals, TRUE, b"{}").status == 404


def test_the_mention_is_taken_out_and_entities_are_read() -> None:
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
def test_whatever_stands_in_a_field_it_is_read_or_refused(field_: str, value: Any, kind: str) -> None:
    """Never an exception of another kind: an open door answers, whatever comes."""
    assert status_of(json.dumps({**activity(type=kind), field_: value}).encode()) in (200, 400)


def status_of(body: bytes) -> int:
    try:
        read = read_activity(body)
        read.text()
        read.adds_the_bot()
        read.press()
    except RefusedError as refused:
        return int(refused.refusal.status)
    return 200
