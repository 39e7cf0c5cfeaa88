"""Slack's modals as people meet them: opened by a press, sent, closed; judged by Slack's own client."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from simulator.running import Running
from simulator.slack.api import TOKEN
from tests.simulator.azure.test_slack_presses import Door, asked, opened, press, verified

VIEW: dict[str, Any] = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Why?"},
    "submit": {"type": "plain_text", "text": "Send"},
    "callback_id": "why",
    "private_metadata": "word",
    "blocks": [
        {
            "type": "input",
            "block_id": "reason",
            "optional": True,
            "label": {"type": "plain_text", "text": "Reason"},
            "element": {"type": "plain_text_input", "action_id": "typed", "max_length": 10},
        }
    ],
}


@pytest.fixture
def door(simulation: Running) -> Iterator[Door]:
    with opened() as door:
        simulation.control("/subscribers", {"url": door.url, "schema": "slack-interactions"})
        yield door


@pytest.fixture
def slack(simulation: Running) -> WebClient:
    return WebClient(TOKEN, base_url=simulation.environment["SLACK_URL"])


def view_opened(simulation: Running, slack: WebClient, door: Door, **more: Any) -> str:
    """Somebody presses, and the app opens a modal for it; its id."""
    press(simulation, asked(slack))
    answer = slack.views_open(trigger_id=door.payload()["trigger_id"], view={**VIEW, **more})
    view: Any = answer["view"]
    return str(view["id"])


def views(simulation: Running) -> Any:
    return simulation.control("/slack")["views"]


def submit(simulation: Running, user: str = "U0ANA", **more: object) -> Any:
    return simulation.control("/slack/submit", {"user": user, **more})


def test_what_was_typed_comes_signed_with_the_view_as_it_was_opened(
    simulation: Running, slack: WebClient, door: Door
) -> None:
    identity = view_opened(simulation, slack, door)
    submit(simulation, text="not today")
    headers, body = door.came[-1]
    assert verified(simulation, headers, body)
    payload = door.payload()
    assert (payload["type"], payload["user"]["id"], payload["team"]["id"]) == ("view_submission", "U0ANA", "T0DAYTWO")
    view = payload["view"]
    assert (view["id"], view["callback_id"], view["private_metadata"]) == (identity, "why", "word")
    assert view["state"]["values"] == {"reason": {"typed": {"type": "plain_text_input", "value": "not today"}}}
    assert payload["response_urls"] == []
    assert [each["open"] for each in views(simulation)] == [False]


def test_a_field_that_was_left_empty_is_null(simulation: Running, slack: WebClient, door: Door) -> None:
    view_opened(simulation, slack, door)
    submit(simulation)
    assert door.payload()["view"]["state"]["values"]["reason"]["typed"]["value"] is None


def test_errors_stand_beside_their_field_and_the_modal_stays(simulation: Running, slack: WebClient, door: Door) -> None:
    view_opened(simulation, slack, door)
    door.answer = json.dumps({"response_action": "errors", "errors": {"reason": "say more"}}).encode()
    submit(simulation, text="no")
    (view,) = views(simulation)
    assert (view["open"], view["errors"]) == (True, {"reason": "say more"})


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (500, b""),
        (200, b"<html>"),
        (200, b'{"response_action": "errors", "errors": {"nobody": "say more"}}'),
        (200, b'{"response_action": "errors"}'),
        (200, b'{"response_action": "update", "view": {"type": "modal"}}'),
        (200, b'{"response_action": "dance"}'),
    ],
)
def test_an_answer_that_slack_does_not_understand_leaves_the_modal_with_a_word_of_its_own(
    simulation: Running, slack: WebClient, door: Door, status: int, answer: bytes
) -> None:
    view_opened(simulation, slack, door)
    door.status, door.answer = [status], answer
    submit(simulation, text="no")
    (view,) = views(simulation)
    assert (view["open"], view["errors"]) == (True, {"": "We had some trouble connecting. Try again?"})


def test_an_update_takes_the_views_place(simulation: Running, slack: WebClient, door: Door) -> None:
    view_opened(simulation, slack, door)
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "too late"}}
    told = {"type": "modal", "title": VIEW["title"], "blocks": [section]}
    door.answer = json.dumps({"response_action": "update", "view": told}).encode()
    submit(simulation)
    (view,) = views(simulation)
    assert (view["open"], view["blocks"], view.get("submit")) == (True, [section], None)


def test_a_modal_that_is_closed_tells_nobody(simulation: Running, slack: WebClient, door: Door) -> None:
    view_opened(simulation, slack, door)
    came = len(door.came)
    simulation.control("/slack/close", {"user": "U0ANA"})
    assert (len(door.came), views(simulation)[0]["open"]) == (came, False)


@pytest.mark.parametrize("wrong", [{"user": "U0BEN"}, {"view": "V9"}, {"text": "x" * 11}, {"user": "U0NOBODY"}])
def test_nobody_sends_what_is_not_before_them_or_too_long(
    simulation: Running, slack: WebClient, door: Door, wrong: dict[str, Any]
) -> None:
    view_opened(simulation, slack, door)
    came = len(door.came)
    with pytest.raises(HTTPError, match="400"):
        simulation.control("/slack/submit", {"user": "U0ANA", **wrong})
    assert len(door.came) == came


def test_a_trigger_is_good_for_one_modal_within_three_seconds(
    simulation: Running, slack: WebClient, door: Door
) -> None:
    press(simulation, asked(slack))
    trigger = door.payload()["trigger_id"]
    simulation.advance(simulation.world.now + timedelta(seconds=3))
    slack.views_open(trigger_id=trigger, view=VIEW)
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        slack.views_open(trigger_id=trigger, view=VIEW)
    simulation.advance(simulation.world.now + timedelta(seconds=5))
    press(simulation, asked(slack))
    late = door.payload()["trigger_id"]
    simulation.advance(simulation.world.now + timedelta(seconds=4))
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        slack.views_open(trigger_id=late, view=VIEW)
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        slack.views_open(trigger_id="1.2.nobody", view=VIEW)


def test_a_view_that_slack_does_not_show_is_refused_and_uses_no_trigger(
    simulation: Running, slack: WebClient, door: Door
) -> None:
    press(simulation, asked(slack))
    trigger = door.payload()["trigger_id"]
    with pytest.raises(SlackApiError, match="invalid_arguments") as caught:
        slack.views_open(trigger_id=trigger, view={**VIEW, "title": {"type": "plain_text", "text": "x" * 25}})
    told: Any = caught.value.response["response_metadata"]
    assert told["messages"] == ["[ERROR] must be plain text of 1 to 24 characters [json-pointer:/view/title]"]
    assert slack.views_open(trigger_id=trigger, view=VIEW)["ok"]


def test_a_name_of_ones_own_is_taken_once(simulation: Running, slack: WebClient, door: Door) -> None:
    view_opened(simulation, slack, door, external_id="ours")
    simulation.advance(simulation.world.now + timedelta(seconds=2))
    with pytest.raises(SlackApiError, match="duplicate_external_id"):
        view_opened(simulation, slack, door, external_id="ours")
