"""The Teams endpoint without a network: its replies and their recipients."""

from collections.abc import Mapping
from typing import Any

import pytest

from ops.messaging.ephemeral_replies import flush_replies
from ops.ports.errors import TryLaterError
from simulator.teams.connector import CHANNELS
from simulator.teams.people import BOT, NAME
from tests.approvals.story import ENTRA, TENANT
from tests.endpoints.teams_setup import SERVICE, Stand, activity, vote


def text_of(card: Mapping[str, Any]) -> str:
    return "\n".join(element["text"] for element in card["body"] if element["type"] == "TextBlock")


def answered(stand: Stand) -> list[tuple[str, str]]:
    """The addresses of the replies, each with the reply's first line."""
    return [(address, text_of(content).split("\n")[0]) for address, content in stand.world.replies.given]


def test_a_command_is_answered_only_to_its_sender(stand: Stand) -> None:
    response = stand.send(activity())
    ((address, first),) = answered(stand)
    assert (response.status, address) == (200, f"teams-bot:{SERVICE}|a:29:ana|")
    assert "Status" in first or "status" in first


def test_the_reply_follows_the_command_if_ephemeral_replies_are_unavailable(stand: Stand) -> None:
    stand.bot.closed.add("29:ana")
    stand.send(activity())
    ((address, _),) = answered(stand)
    assert address == f"teams-bot:{SERVICE}|{CHANNELS[0]};messageid=1700000000001|1700000000001"


def test_a_command_in_a_personal_chat_is_answered_in_that_chat(stand: Stand) -> None:
    stand.send(activity(text="status", conversation={"id": "a:1", "conversationType": "personal", "tenantId": TENANT}))
    ((address, _),) = answered(stand)
    assert address == f"teams-bot:{SERVICE}|a:1|1700000000001"


def test_an_unknown_command_is_answered_with_the_commands(stand: Stand) -> None:
    stand.send(activity(text=f"<at>{NAME}</at> dance"))
    ((_, content),) = stand.world.replies.given
    assert "status" in text_of(content)


def test_an_unknown_person_from_the_tenant_gets_the_reason_and_does_not_start_anything(stand: Stand) -> None:
    stranger = {"id": "29:eve", "aadObjectId": ENTRA["eve"]}
    stand.send(activity(**{"from": stranger, "text": f"<at>{NAME}</at> run node-image shop-dev"}))
    ((_, content),) = stand.world.replies.given
    assert "Daytwo does not know you" in text_of(content)
    assert stand.world.engine.started == []


def test_a_redelivered_message_is_answered_once(stand: Stand) -> None:
    assert [stand.send(activity()).status for _ in range(3)] == [200, 200, 200]
    assert len(stand.world.replies.given) == 1


def test_a_reply_that_could_not_be_sent_is_sent_by_the_next_tick(stand: Stand) -> None:
    stand.world.replies.fail.append(TryLaterError("Teams is down"))
    assert [stand.send(activity()).status for _ in range(2)] == [200, 200]
    assert stand.world.replies.given == []
    flush_replies(stand.world.context.ports)
    assert len(stand.world.replies.given) == 1


def test_messages_with_the_same_id_in_two_conversations_are_distinct(stand: Stand) -> None:
    stand.send(activity())
    stand.send(activity(conversation={"id": "19:other@thread.v2", "tenantId": TENANT}))
    assert len(stand.world.replies.given) == 2


def test_a_vote_with_an_unknown_token_is_answered_with_the_reason(stand: Stand) -> None:
    response = stand.send(vote())
    body: Any = response.body
    assert (response.status, body["statusCode"]) == (200, 200)
    assert body["type"] == "application/vnd.microsoft.activity.message"
    assert body["value"].startswith("There is no such request")
    (attempt,) = stand.entries("attempt")
    assert (attempt.data["identity"], attempt.data["result"]) == (f"teams:{TENANT}/{ENTRA['ana']}", "unknown")


@pytest.mark.parametrize("reason", [7, None, ["late"], {"text": "late"}, True])
def test_a_reason_that_is_not_text_is_rejected(stand: Stand, reason: object) -> None:
    action = {"type": "Action.Execute", "verb": "reject", "data": {"token": "token-1", "reason": reason}}
    response = stand.send(vote(value={"action": action}))
    assert (response.status, stand.refused(), stand.entries("attempt")) == (400, [("teams", "unreadable")], [])


def test_a_vote_whose_reason_is_too_long_does_not_count_and_the_voter_is_informed(stand: Stand) -> None:
    action = {"type": "Action.Execute", "verb": "reject", "data": {"token": "token-1", "reason": "x" * 301}}
    body: Any = stand.send(vote(value={"action": action})).body
    assert body["value"] == "The reason is longer than 300 characters, so nothing is decided: shorten it."
    assert stand.entries("attempt") == []


def test_the_ledger_records_a_reason_as_one_line_of_printable_text(stand: Stand) -> None:
    data = {"token": "token-1", "reason": "  late\n\x07in the\u2028day " + "x" * 280}
    stand.send(vote(value={"action": {"type": "Action.Execute", "verb": "reject", "data": data}}))
    (attempt,) = stand.entries("attempt")
    assert attempt.data["reason"] == "late in the day " + "x" * 280


def test_an_installation_is_answered_with_configuration_instructions(stand: Stand) -> None:
    response = stand.send(activity(type="conversationUpdate", membersAdded=[{"id": BOT}], text=None))
    (entry,) = stand.entries("teams-installed")
    assert (response.status, entry.data["conversation"], entry.data["service-url"]) == (200, CHANNELS[0], SERVICE)
    assert f'chat: {{teams-bot: {{conversation: "{CHANNELS[0]}", service-url: "{SERVICE}"}}}}' in entry.text


@pytest.mark.parametrize(
    "other",
    [
        {"type": "conversationUpdate", "membersAdded": [{"id": "29:bo"}]},
        {"type": "conversationUpdate", "membersAdded": "no list"},
        {"type": "installationUpdate", "action": "remove"},
        {"type": "typing"},
        {"text": "lunch?", "entities": []},
        {"text": "lunch?", "entities": [{"type": "mention", "mentioned": {"id": "29:bo"}, "text": "<at>Bo</at>"}]},
        {"type": "messageReaction"},
    ],
)
def test_other_events_are_ignored(stand: Stand, other: dict[str, Any]) -> None:
    assert stand.send(activity(**other)).status == 200
    assert stand.world.ledger.written == {}
    assert stand.world.replies.given == []


def test_a_mention_without_text_is_answered_with_help_in_private(stand: Stand) -> None:
    bare = {"type": "mention", "mentioned": {"id": BOT, "name": NAME}}
    assert stand.send(activity(text=f"<at>{NAME.lower()}</at>", entities=[bare])).status == 200
    ((address, content),) = stand.world.replies.given
    assert "29:ana" in address
    assert "status" in str(content)


def test_an_unknown_invoke_is_answered_with_501(stand: Stand) -> None:
    assert stand.send(activity(type="invoke", name="signin/verifyState")).status == 501
