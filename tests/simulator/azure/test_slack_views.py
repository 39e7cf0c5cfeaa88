"""Slack's modals: opened by a click, then submitted or closed; verified with Slack's own client."""

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
from tests.simulator.azure.test_slack_clicks import FakeEndpoint, click, opened, post_buttons, verified

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
def endpoint(simulation: Running) -> Iterator[FakeEndpoint]:
    with opened() as endpoint:
        simulation.control("/subscribers", {"url": endpoint.url, "schema": "slack-interactions"})
        yield endpoint


@pytest.fixture
def slack(simulation: Running) -> WebClient:
    return WebClient(TOKEN, base_url=simulation.environment["SLACK_URL"])


def view_opened(simulation: Running, slack: WebClient, endpoint: FakeEndpoint, **more: Any) -> str:
    """Click a button as a person, have the app open a modal, and return the modal's id."""
    click(simulation, post_buttons(slack))
    answer = slack.views_open(trigger_id=endpoint.payload()["trigger_id"], view={**VIEW, **more})
    view: Any = answer["view"]
    return str(view["id"])


def views(simulation: Running) -> Any:
    return simulation.control("/slack")["views"]


def submit(simulation: Running, user: str = "U0ANA", **more: object) -> Any:
    return simulation.control("/slack/submit", {"user": user, **more})


def test_a_submission_is_signed_and_contains_the_view(
    simulation: Running, slack: WebClient, endpoint: FakeEndpoint
) -> None:
    identity = view_opened(simulation, slack, endpoint)
    submit(simulation, text="not today")
    headers, body = endpoint.came[-1]
    assert verified(simulation, headers, body)
    payload = endpoint.payload()
    assert (payload["type"], payload["user"]["id"], payload["team"]["id"]) == ("view_submission", "U0ANA", "T0DAYTWO")
    view = payload["view"]
    assert (view["id"], view["callback_id"], view["private_metadata"]) == (identity, "why", "word")
    assert view["state"]["values"] == {"reason": {"typed": {"type": "plain_text_input", "value": "not today"}}}
    assert payload["response_urls"] == []
    assert [each["open"] for each in views(simulation)] == [False]


def test_an_empty_field_is_submitted_as_null(simulation: Running, slack: WebClient, endpoint: FakeEndpoint) -> None:
    view_opened(simulation, slack, endpoint)
    submit(simulation)
    assert endpoint.payload()["view"]["state"]["values"]["reason"]["typed"]["value"] is None


def test_a_response_with_errors_keeps_the_modal_open(
    simulation: Running, slack: WebClient, endpoint: FakeEndpoint
) -> None:
    view_opened(simulation, slack, endpoint)
    endpoint.answer = json.dumps({"response_action": "errors", "errors": {"reason": "say more"}}).encode()
    submit(simulation, text="no")
    (view,) = views(simulation)
    assert (view["open"], view["errors"]) == (True, {"reason": "say more"})


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (500, b""),
        (200, b"<html>"),
        (200, b'{"response_action": "errors", "errors": {"unknown": "say more"}}'),
        (200, b'{"response_action": "errors"}'),
        (200, b'{"response_action": "update", "view": {"type": "modal"}}'),
        (200, b'{"response_action": "dance"}'),
    ],
)
def test_an_invalid_response_keeps_the_modal_open_with_an_error(
    simulation: Running, slack: WebClient, endpoint: FakeEndpoint, status: int, answer: bytes
) -> None:
    view_opened(simulation, slack, endpoint)
    endpoint.status, endpoint.answer = [status], answer
    submit(simulation, text="no")
    (view,) = views(simulation)
    assert (view["open"], view["errors"]) == (True, {"": "We had some trouble connecting. Try again?"})


def test_an_update_response_replaces_the_view(simulation: Running, slack: WebClient, endpoint: FakeEndpoint) -> None:
    view_opened(simulation, slack, endpoint)
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "too late"}}
    entries_of = {"type": "modal", "title": VIEW["title"], "blocks": [section]}
    endpoint.answer = json.dumps({"response_action": "update", "view": entries_of}).encode()
    submit(simulation)
    (view,) = views(simulation)
    assert (view["open"], view["blocks"], view.get("submit")) == (True, [section], None)


def test_closing_a_modal_does_not_send_a_request(simulation: Running, slack: WebClient, endpoint: FakeEndpoint) -> None:
    view_opened(simulation, slack, endpoint)
    came = len(endpoint.came)
    simulation.control("/slack/close", {"user": "U0ANA"})
    assert (len(endpoint.came), views(simulation)[0]["open"]) == (came, False)


@pytest.mark.parametrize("wrong", [{"user": "U0BEN"}, {"view": "V9"}, {"text": "x" * 11}, {"user": "U0NOBODY"}])
def test_invalid_submissions_are_rejected(
    simulation: Running, slack: WebClient, endpoint: FakeEndpoint, wrong: dict[str, Any]
) -> None:
    view_opened(simulation, slack, endpoint)
    came = len(endpoint.came)
    with pytest.raises(HTTPError, match="400"):
        simulation.control("/slack/submit", {"user": "U0ANA", **wrong})
    assert len(endpoint.came) == came


def test_a_trigger_can_open_one_modal_within_three_seconds(
    simulation: Running, slack: WebClient, endpoint: FakeEndpoint
) -> None:
    click(simulation, post_buttons(slack))
    trigger = endpoint.payload()["trigger_id"]
    simulation.advance(simulation.world.now + timedelta(seconds=3))
    slack.views_open(trigger_id=trigger, view=VIEW)
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        slack.views_open(trigger_id=trigger, view=VIEW)
    simulation.advance(simulation.world.now + timedelta(seconds=5))
    click(simulation, post_buttons(slack))
    late = endpoint.payload()["trigger_id"]
    simulation.advance(simulation.world.now + timedelta(seconds=4))
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        slack.views_open(trigger_id=late, view=VIEW)
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        slack.views_open(trigger_id="1.2.unknown", view=VIEW)


def test_an_invalid_view_is_rejected_and_does_not_use_up_the_trigger(
    simulation: Running, slack: WebClient, endpoint: FakeEndpoint
) -> None:
    click(simulation, post_buttons(slack))
    trigger = endpoint.payload()["trigger_id"]
    with pytest.raises(SlackApiError, match="invalid_arguments") as caught:
        slack.views_open(trigger_id=trigger, view={**VIEW, "title": {"type": "plain_text", "text": "x" * 25}})
    entries_of: Any = caught.value.response["response_metadata"]
    assert entries_of["messages"] == ["[ERROR] must be plain text of 1 to 24 characters [json-pointer:/view/title]"]
    assert slack.views_open(trigger_id=trigger, view=VIEW)["ok"]


def test_an_external_id_must_be_unique(simulation: Running, slack: WebClient, endpoint: FakeEndpoint) -> None:
    view_opened(simulation, slack, endpoint, external_id="ours")
    simulation.advance(simulation.world.now + timedelta(seconds=2))
    with pytest.raises(SlackApiError, match="duplicate_external_id"):
        view_opened(simulation, slack, endpoint, external_id="ours")
