"""Requests that the Teams endpoint rejects because they are unauthenticated, unreadable, or too large."""

import json
from typing import Any

import pytest

from ops.chats.teams.endpoint import TeamsAccess, take_activity
from ops.endpoints.http_types import HttpRequest
from ops.ports.errors import TryLaterError
from tests.approvals.story import ENTRA
from tests.endpoints.teams_setup import TRUE, Stand, activity, vote
from tests.fakes import CONFIG, World


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
def test_an_unauthenticated_activity_is_rejected_and_recorded(
    stand: Stand, authorization: str, changed: dict[str, Any], status: int, reason: str
) -> None:
    response = stand.send(activity(**changed), authorization)
    assert (response.status, stand.refused()) == (status, [("teams", reason)])
    assert stand.world.replies.given == []


@pytest.mark.parametrize(
    "wrong",
    [
        vote(verb="delete"),
        vote(verb=None),
        vote(verb=["approve"]),
        vote(request=7),
        vote(request="a b"),
        vote(request="x" * 65),
        vote(value={}),
        vote(value=[]),
        vote(value={"action": {"type": "Action.Submit", "verb": "approve", "data": {"token": "token-1"}}}),
    ],
)
def test_a_malformed_vote_has_no_effect(stand: Stand, wrong: dict[str, Any]) -> None:
    assert (stand.send(wrong).status, stand.refused()) == (400, [("teams", "unreadable")])
    assert stand.entries("attempt") == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"null", b"\xff", b"[" * 100_000, b'{"type": "message"}'])
def test_an_invalid_activity_is_rejected(stand: Stand, body: bytes) -> None:
    assert stand.send(body).status == 400


def test_a_body_that_is_too_large_is_rejected_before_anything_else_is_checked(stand: Stand) -> None:
    response = stand.send(b" " * (256 * 1024 + 1), "Bearer false")
    assert (response.status, stand.refused()) == (413, [("teams", "too-large")])


def test_a_token_that_cannot_be_verified_is_not_accepted(stand: Stand) -> None:
    stand.bot.fail = TryLaterError("the keys cannot be fetched")
    response = stand.send(vote())
    assert (response.status, stand.refused()) == (503, [("teams", "no-keys")])
    assert stand.entries("attempt") == []


def test_errors_in_the_body_are_not_reported_before_authentication(stand: Stand) -> None:
    assert {stand.send(body, "").text() for body in (b"{", b"{}", json.dumps(activity()).encode())} == {
        '{"error": "the request has no token of the Bot Connector for this bot"}'
    }


def test_every_activity_is_rejected_if_no_tenant_is_configured() -> None:
    stand = Stand(World(config=CONFIG))
    assert stand.send(activity()).status == 403
    nameless = {"conversation": {"id": "a:1", "tenantId": ""}, "channelData": None}
    assert stand.send(activity(**nameless)).status == 403


def test_a_thousand_rejections_produce_one_line_per_minute(stand: Stand) -> None:
    for _ in range(1_000):
        stand.send(activity(), "")
    assert len(stand.entries("refused-request")) == 1


def test_the_endpoint_does_not_exist_if_no_bot_is_configured(stand: Stand) -> None:
    assert (
        take_activity(stand.world.context, TeamsAccess(None, stand.refusals), HttpRequest("POST", body=b"{}")).status
        == 404
    )
