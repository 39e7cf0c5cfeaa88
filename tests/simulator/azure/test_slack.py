"""Slack with its unmodified client: posts, edits, history, limits, and Slack's error codes."""

from collections.abc import Callable
from datetime import timedelta
from typing import cast

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.metadata import Metadata

from simulator.http_types import JsonObject
from simulator.running import Running
from simulator.slack.api import TOKEN


@pytest.fixture
def slack(simulation: Running) -> WebClient:
    return WebClient(TOKEN, base_url=simulation.environment["SLACK_URL"])


def section(text: str) -> JsonObject:
    """Return a section block."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(number: int, value: str = "x") -> JsonObject:
    """Return a button."""
    return {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": f"a{number}", "value": value}


def test_the_token_is_checked(simulation: Running, slack: WebClient) -> None:
    assert slack.auth_test()["user_id"] == "U0DAYTWO"
    with pytest.raises(SlackApiError, match="invalid_auth"):
        WebClient("xoxb-other", base_url=simulation.environment["SLACK_URL"]).auth_test()
    with pytest.raises(SlackApiError, match="not_authed"):
        WebClient(base_url=simulation.environment["SLACK_URL"]).auth_test()


def test_a_message_is_posted_and_edited(simulation: Running, slack: WebClient) -> None:
    posted = slack.chat_postMessage(channel="C0123", text="first", blocks=[section("first")])
    for text in ("second", "third"):
        slack.chat_update(channel="C0123", ts=str(posted["ts"]), text=text, blocks=[section(text)])
    channels = cast("list[dict[str, list[JsonObject]]]", simulation.control("/slack")["channels"])
    [message] = channels[0]["messages"]
    assert (message["text"], message["blocks"], message["edits"]) == ("third", [section("third")], 2)


def test_an_edit_without_metadata_keeps_the_metadata(slack: WebClient) -> None:
    """A restarted bot finds its message by the metadata, which an edit without metadata leaves unchanged."""
    metadata = Metadata(event_type="daytwo_run", event_payload={"run": "node-image.web-1"})
    posted = slack.chat_postMessage(channel="C0123", text="first", metadata=metadata)
    slack.chat_update(channel="C0123", ts=str(posted["ts"]), text="second")
    [message] = slack.conversations_history(channel="C0123", include_all_metadata=True)["messages"]
    assert message["metadata"] == {"event_type": "daytwo_run", "event_payload": {"run": "node-image.web-1"}}
    [bare] = slack.conversations_history(channel="C0123")["messages"]
    assert "metadata" not in bare


def test_replies_in_a_thread_are_not_part_of_the_history(simulation: Running, slack: WebClient) -> None:
    root = slack.chat_postMessage(channel="C0123", text="root")
    simulation.advance(simulation.world.now + timedelta(seconds=1))
    slack.chat_postMessage(channel="C0123", text="detail", thread_ts=str(root["ts"]))
    history = slack.conversations_history(channel="C0123")["messages"]
    replies = slack.conversations_replies(channel="C0123", ts=str(root["ts"]))["messages"]
    assert [message["text"] for message in history] == ["root"]
    assert [message["text"] for message in replies] == ["root", "detail"]


def test_history_is_paged_with_the_newest_message_first(simulation: Running, slack: WebClient) -> None:
    for number in range(5):
        slack.chat_postMessage(channel="C0123", text=str(number))
        simulation.advance(simulation.world.now + timedelta(seconds=1))
    first = slack.conversations_history(channel="C0123", limit=3)
    cursor = first["response_metadata"]["next_cursor"]
    second = slack.conversations_history(channel="C0123", limit=3, cursor=cursor)
    assert [message["text"] for message in first["messages"]] == ["4", "3", "2"]
    assert [message["text"] for message in second["messages"]] == ["1", "0"]
    assert (first["has_more"], second["has_more"]) == (True, False)


def test_history_ends_at_the_requested_oldest_timestamp(simulation: Running, slack: WebClient) -> None:
    old = slack.chat_postMessage(channel="C0123", text="old")
    simulation.advance(simulation.world.now + timedelta(hours=1))
    slack.chat_postMessage(channel="C0123", text="new")
    after = slack.conversations_history(channel="C0123", oldest=str(old["ts"]))["messages"]
    within = slack.conversations_history(channel="C0123", oldest=str(old["ts"]), inclusive=True)["messages"]
    assert [message["text"] for message in after] == ["new"]
    assert [message["text"] for message in within] == ["new", "old"]


def test_a_channel_accepts_one_post_per_second(simulation: Running, slack: WebClient) -> None:
    slack.chat_postMessage(channel="C0123", text="1")
    slack.chat_postMessage(channel="C0456", text="another channel has its own limit")
    with pytest.raises(SlackApiError, match="ratelimited") as caught:
        slack.chat_postMessage(channel="C0123", text="2")
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "1")
    simulation.advance(simulation.world.now + timedelta(seconds=1))
    assert slack.chat_postMessage(channel="C0123", text="2")["ok"]


def test_updates_are_limited_to_50_per_minute(simulation: Running, slack: WebClient) -> None:
    ts = str(slack.chat_postMessage(channel="C0123", text="0")["ts"])
    for number in range(50):
        slack.chat_update(channel="C0123", ts=ts, text=str(number))
    with pytest.raises(SlackApiError, match="ratelimited") as caught:
        slack.chat_update(channel="C0123", ts=ts, text="50")
    assert caught.value.response.headers["Retry-After"] == "2"
    simulation.advance(simulation.world.now + timedelta(seconds=2))
    assert slack.chat_update(channel="C0123", ts=ts, text="50")["ok"]


@pytest.mark.parametrize(
    ("blocks", "error"),
    [
        ([section("x")] * 50, None),
        ([section("x")] * 51, "invalid_blocks"),
        ([section("x" * 3000)], None),
        ([section("x" * 3001)], "invalid_blocks"),
        ([section("x" * 2900)] * 5, "msg_blocks_too_long"),
        ([section("")], "invalid_blocks"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "invalid_blocks"),
        ([{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}], "invalid_blocks"),
        ([{"type": "actions", "elements": [button(n) for n in range(25)]}], None),
        ([{"type": "actions", "elements": [button(n) for n in range(26)]}], "invalid_blocks"),
        ([{"type": "actions", "elements": [button(1), button(1)]}], "invalid_blocks"),
        ([{"type": "actions", "elements": [button(1, "x" * 2001)]}], "invalid_blocks"),
        ([section("x") | {"block_id": "b"}, section("y") | {"block_id": "b"}], "invalid_blocks"),
        ([{"type": "table"}], "invalid_blocks"),
    ],
)
def test_blocks_are_validated_as_in_slack(slack: WebClient, blocks: list[JsonObject], error: str | None) -> None:
    if error is None:
        assert slack.chat_postMessage(channel="C0123", text="x", blocks=blocks)["ok"]
        return
    with pytest.raises(SlackApiError, match=error):
        slack.chat_postMessage(channel="C0123", text="x", blocks=blocks)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda slack: slack.chat_postMessage(channel="C9999", text="x"), "channel_not_found"),
        (lambda slack: slack.chat_postMessage(channel="C0123", text=""), "no_text"),
        (lambda slack: slack.chat_postMessage(channel="C0123", text="x" * 40_001), "msg_too_long"),
        (lambda slack: slack.chat_postMessage(channel="C0123", text="x", thread_ts="1.0"), "thread_not_found"),
        (lambda slack: slack.chat_update(channel="C0123", ts="1.0", text="x"), "message_not_found"),
        (lambda slack: slack.chat_postMessage(channel="C0123", text="x", metadata={"a": 1}), "invalid_metadata_format"),
        (lambda slack: slack.api_call("chat.delete"), "unknown_method"),
    ],
)
def test_error_codes_match_slacks(slack: WebClient, call: Callable[[WebClient], object], error: str) -> None:
    with pytest.raises(SlackApiError, match=error):
        call(slack)
