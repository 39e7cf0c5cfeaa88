"""The simulated Bot Connector: the tokens it accepts, the requests it rejects, and what people can see and do."""

import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

import httpx
import pytest

from simulator.azure.tokens import BOT_AUDIENCE
from simulator.http_types import JsonObject
from simulator.running import Running
from simulator.teams.api import CARD
from simulator.teams.connector import APP_ID, CHANNELS, CHATS
from simulator.world.specs import TENANT

BUTTON: JsonObject = {"type": "Action.Execute", "title": "Approve", "verb": "approve", "data": {"token": "word"}}
SHOWN: JsonObject = {
    "type": "AdaptiveCard",
    "version": "1.5",
    "body": [{"type": "TextBlock", "text": "Node images"}],
    "actions": [BUTTON],
}


def message(card: JsonObject = SHOWN) -> JsonObject:
    return {"type": "message", "attachments": [{"contentType": CARD, "content": card}]}


def send(
    simulation: Running,
    method: str,
    path: str,
    body: object,
    *,
    audience: str = BOT_AUDIENCE,
    application: str = APP_ID,
) -> httpx.Response:
    token = simulation.simulation.tenant.issue(audience, application=application).value
    url = f"{simulation.environment['TEAMS_SERVICE_URL']}{path}"
    return httpx.request(method, url, content=json.dumps(body), headers={"Authorization": f"Bearer {token}"})


def activities(conversation: str) -> str:
    return f"v3/conversations/{quote(conversation, safe='')}/activities"


def post(simulation: Running, conversation: str = CHATS[0], body: object = None) -> httpx.Response:
    return send(simulation, "POST", activities(conversation), message() if body is None else body)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_thread_is_identified_by_its_first_post(simulation: Running) -> None:
    body = {"isGroup": True, "channelData": {"channel": {"id": CHANNELS[0]}}, "activity": message()}
    answer = send(simulation, "POST", "v3/conversations", body).json()
    assert answer["id"] == f"{CHANNELS[0]};messageid={answer['activityId']}"
    reply = post(simulation, answer["id"]).json()["id"]
    shown: Any = simulation.control("/teams")["activities"]
    assert [(each["id"], each["thread"]) for each in shown] == [
        (answer["activityId"], ""),
        (reply, answer["activityId"]),
    ]


def test_an_edit_replaces_the_message(simulation: Running) -> None:
    identity = post(simulation).json()["id"]
    other = {**SHOWN, "actions": []}
    assert send(simulation, "PUT", f"{activities(CHATS[0])}/{identity}", message(other)).status_code == 200
    every: Any = simulation.control("/teams")["activities"]
    (shown,) = every
    assert (shown["card"], shown["edits"]) == (other, 1)


@pytest.mark.parametrize(
    ("audience", "application"),
    [("https://management.azure.com", APP_ID), (BOT_AUDIENCE, "44444444-4444-4444-4444-444444444444")],
)
def test_only_the_bots_token_is_accepted(simulation: Running, audience: str, application: str) -> None:
    path = activities(CHATS[0])
    answer = send(simulation, "POST", path, message(), audience=audience, application=application)
    assert answer.status_code == 401
    assert httpx.post(f"{simulation.environment['TEAMS_SERVICE_URL']}{path}", json=message()).status_code == 401


@pytest.mark.parametrize(
    ("conversation", "body", "code"),
    [
        ("19:other@thread.tacv2", message(), (403, "BotNotInConversationRoster")),
        (f"{CHANNELS[0]};messageid=1", message(), (404, "ConversationNotFound")),
        (CHATS[0], {"type": "message"}, (400, "BadSyntax")),
        (CHATS[0], {"type": "typing", "text": "x"}, (400, "BadSyntax")),
        (CHATS[0], message({**SHOWN, "version": "1.6"}), (400, "BadSyntax")),
        (CHATS[0], message({**SHOWN, "body": [{"type": "Table"}]}), (400, "BadSyntax")),
        (CHATS[0], [], (400, "BadSyntax")),
        (CHATS[0], {"type": "message", "text": "x" * 90_000}, (413, "MessageSizeTooBig")),
    ],
)
def test_invalid_activities_are_rejected(
    simulation: Running, conversation: str, body: object, code: tuple[int, str]
) -> None:
    assert code_of(post(simulation, conversation, body)) == code


def test_group_chats_and_other_tenants_are_rejected(
    simulation: Running,
) -> None:
    for body in (
        {"isGroup": True, "members": [{"id": "29:a"}, {"id": "29:b"}], "tenantId": TENANT},
        {"isGroup": False, "members": [{"id": "29:a"}], "tenantId": "other"},
    ):
        assert code_of(send(simulation, "POST", "v3/conversations", body)) == (400, "BadSyntax")


def test_the_eighth_message_in_a_second_is_throttled(simulation: Running) -> None:
    assert [post(simulation).status_code for _ in range(7)] == [201] * 7
    limited = post(simulation)
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "1")


@pytest.mark.parametrize(
    ("path", "body", "wrong"),
    [
        ("/teams/click", {"activity": "1", "verb": "approve", "user": "ana"}, "There is no activity"),
        ("/teams/say", {"user": "ana", "text": "status"}, "The bot has no endpoint"),
        ("/teams/say", {"user": "ana"}, "text"),
    ],
)
def test_actions_that_people_cannot_perform_are_rejected(
    simulation: Running, path: str, body: JsonObject, wrong: str
) -> None:
    with pytest.raises(HTTPError) as refused:
        simulation.control(path, body)
    assert refused.value.code == 400
    assert wrong in refused.value.read().decode()


def test_only_existing_buttons_can_be_clicked(simulation: Running) -> None:
    identity = post(simulation).json()["id"]
    with pytest.raises(HTTPError) as refused:
        simulation.control("/teams/click", {"activity": identity, "verb": "reject", "user": "ana"})
    assert "its buttons are approve" in refused.value.read().decode()
