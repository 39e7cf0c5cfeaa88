"""Dialogs through the Slack client against the simulated Slack: opened once, or rejected with a code, without ever waiting."""

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.chats.slack.dialogs import rejection_form
from ops.chats.slack.modals import SlackModals
from ops.model.approval import Approval, Part
from ops.model.plan import Plan
from ops.ports.errors import OutsideError, RejectedError, ThrottledError, TryLaterError
from simulator.slack.api import TOKEN
from tests.fakes import FakeClock
from tests.slack_server import SlackServer, serving

AT = datetime(2026, 11, 16, 12, tzinfo=UTC)
PLAN = Plan("node-image", "/id", ())
REQUEST = Approval(
    "a1", "node-image", "production", (Part("r1", "/id", "shop-prod", PLAN),), AT, AT, AT, AT, token="a-token"
)
TRIGGER = "1.1794830400.u0ana"


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with serving(SlackServer(FakeClock())) as served:
        served.api.bot_client.triggers.register(TRIGGER, "U0ANA")
        yield served


def modals(slack: SlackServer, token: str = TOKEN) -> SlackModals:
    return SlackModals(token, slack.url)


def form(name: str = "slack-1") -> Any:
    return rejection_form(REQUEST, "Node images", name)


def test_a_dialog_opens_for_the_person_who_caused_the_trigger(slack: SlackServer) -> None:
    modals(slack).open(TRIGGER, form())
    (view,) = slack.api.bot_client.views.all
    assert (view.user, view.content["private_metadata"], view.content["external_id"]) == ("U0ANA", "a-token", "slack-1")


def test_a_trigger_opens_only_one_dialog(slack: SlackServer) -> None:
    modals(slack).open(TRIGGER, form())
    with pytest.raises(RejectedError) as caught:
        modals(slack).open(TRIGGER, form("slack-2"))
    assert caught.value.code == "exchanged_trigger_id"


def test_a_trigger_is_valid_for_three_seconds(slack: SlackServer) -> None:
    slack.clock.advance(seconds=3)
    modals(slack).open(TRIGGER, form())
    slack.api.bot_client.triggers.register("2.1.u0ana", "U0ANA")
    slack.clock.advance(seconds=3.1)
    with pytest.raises(RejectedError) as caught:
        modals(slack).open("2.1.u0ana", form("slack-2"))
    assert caught.value.code == "expired_trigger_id"


@pytest.mark.parametrize(
    ("token", "trigger", "code"), [(TOKEN, "garbage", "invalid_trigger_id"), ("x", TRIGGER, "invalid_auth")]
)
def test_a_rejection_carries_slacks_error_code(slack: SlackServer, token: str, trigger: str, code: str) -> None:
    with pytest.raises(RejectedError) as caught:
        modals(slack, token).open(trigger, form())
    assert caught.value.code == code
    assert slack.api.bot_client.views.all == []


def test_a_rate_limit_for_dialogs_becomes_a_try_later_error(slack: SlackServer) -> None:
    for number in range(100):
        slack.api.bot_client.triggers.register(f"{number}.0.u", "U0ANA")
        modals(slack).open(f"{number}.0.u", form(f"slack-{number}"))
    with pytest.raises(ThrottledError):
        modals(slack).open(TRIGGER, form())


@pytest.mark.parametrize(
    "garbage",
    [
        (200, "text/html", b"<html>Sign in to the hotel's network</html>"),
        (200, "application/json", b"[]"),
        (200, "application/json", b'{"ok": true}'),
        (200, "application/json", b'{"ok": true, "view": {"id": 5}}'),
        (503, "application/json", b""),
    ],
)
def test_it_is_unknown_whether_the_dialog_is_open_after_an_invalid_response(
    slack: SlackServer, garbage: tuple[int, str, bytes]
) -> None:
    slack.garbage = garbage
    with pytest.raises(TryLaterError):
        modals(slack).open(TRIGGER, form())


def test_a_call_to_an_unresponsive_slack_times_out_within_two_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(TryLaterError, match="no answer within"):
            SlackModals(TOKEN, f"http://127.0.0.1:{silent.getsockname()[1]}/").open(TRIGGER, form())
        assert timedelta(seconds=time.monotonic() - began) < timedelta(seconds=2)


def test_error_messages_never_contain_the_token(slack: SlackServer) -> None:
    wrong = modals(slack, "xoxb-another-secret")
    with pytest.raises(OutsideError) as caught:
        wrong.open(TRIGGER, form())
    assert "xoxb" not in f"{caught.value} {wrong}"
