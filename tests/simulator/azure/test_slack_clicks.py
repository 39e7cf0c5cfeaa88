"""Slack's requests to an app: signed clicks and commands, private replies, and files; verified with Slack's own client."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import Clock, SignatureVerifier
from slack_sdk.webhook import WebhookClient

from simulator.faults import Surface
from simulator.running import Running, running_simulation
from simulator.slack.api import TOKEN
from simulator.slack.signing import SIGNING_SECRET
from tests.simulator.azure.conftest import small_fleet

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@dataclass
class FakeEndpoint:
    """A Request URL that records the requests that it receives and returns configured responses."""

    status: list[int] = field(default_factory=lambda: [200])
    answer: bytes = b""
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.came[-1][1].decode()).items()}

    def payload(self) -> Any:
        return json.loads(self.form()["payload"])


@contextmanager
def opened() -> Iterator[FakeEndpoint]:
    endpoint = FakeEndpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            endpoint.came.append((dict(self.headers), body))
            self.send_response(endpoint.status.pop(0) if len(endpoint.status) > 1 else endpoint.status[0])
            self.end_headers()
            self.wfile.write(endpoint.answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    endpoint.url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def endpoint(simulation: Running) -> Iterator[FakeEndpoint]:
    with opened() as endpoint:
        for schema in ("slack-interactions", "slack-commands"):
            simulation.control("/subscribers", {"url": endpoint.url, "schema": schema})
        yield endpoint


@pytest.fixture
def slack(simulation: Running) -> WebClient:
    return WebClient(TOKEN, base_url=simulation.environment["SLACK_URL"])


def post_buttons(slack: WebClient) -> str:
    """Post a message with two buttons and return its ts."""
    buttons = [
        {"type": "button", "text": {"type": "plain_text", "text": "Yes"}, "action_id": "yes", "value": "word"},
        {
            "type": "button",
            "text": {"type": "plain_text", "text": "See"},
            "action_id": "see",
            "url": "https://d.example/x",
        },
    ]
    blocks = [{"type": "actions", "block_id": "choice", "elements": buttons}]
    return str(slack.chat_postMessage(channel="C0123", text="May I?", blocks=blocks)["ts"])


def click(simulation: Running, ts: str, action: str = "yes", **more: object) -> Any:
    return simulation.control(
        "/slack/click", {"channel": "C0123", "ts": ts, "action_id": action, "user": "U0ANA", **more}
    )


def verified(simulation: Running, headers: dict[str, str], body: bytes) -> bool:
    class WorldClock(Clock):
        def now(self) -> float:
            return simulation.world.now.timestamp()

    return SignatureVerifier(SIGNING_SECRET, WorldClock()).is_valid_request(body, headers)


def test_a_click_is_signed_and_contains_all_fields_that_slack_sends(
    simulation: Running, slack: WebClient, endpoint: FakeEndpoint
) -> None:
    ts = post_buttons(slack)
    assert click(simulation, ts)["status"] == 200
    headers, body = endpoint.came[0]
    assert verified(simulation, headers, body)
    payload = endpoint.payload()
    assert payload["type"] == "block_actions"
    assert payload["user"] == {"id": "U0ANA", "username": "ana", "name": "ana", "team_id": "T0DAYTWO"}
    assert payload["team"] == {"id": "T0DAYTWO", "domain": "daytwo"}
    assert payload["container"] == {"type": "message", "message_ts": ts, "channel_id": "C0123", "is_ephemeral": False}
    (action,) = payload["actions"]
    assert (action["action_id"], action["block_id"], action["value"], action["type"]) == (
        "yes",
        "choice",
        "word",
        "button",
    )
    assert payload["message"]["ts"] == ts
    assert {"api_app_id", "token", "trigger_id", "response_url", "channel"} <= payload.keys()


def test_a_click_on_a_link_button_is_sent_without_a_value(
    simulation: Running, slack: WebClient, endpoint: FakeEndpoint
) -> None:
    click(simulation, post_buttons(slack), "see")
    (action,) = endpoint.payload()["actions"]
    assert ("value" in action, action["url"]) == (False, "https://d.example/x")


def test_every_click_has_a_unique_trigger(simulation: Running, slack: WebClient, endpoint: FakeEndpoint) -> None:
    ts = post_buttons(slack)
    triggers = []
    for _ in range(2):
        click(simulation, ts)
        triggers.append(endpoint.payload()["trigger_id"])
    assert len(set(triggers)) == 2


def test_a_failed_request_is_retried_if_requested(
    simulation: Running, slack: WebClient, endpoint: FakeEndpoint
) -> None:
    endpoint.status = [500, 503, 200]
    assert click(simulation, post_buttons(slack), retries=3)["status"] == 200
    entries_of = [
        (headers.get("X-Slack-Retry-Num"), headers.get("X-Slack-Retry-Reason")) for headers, _ in endpoint.came
    ]
    assert entries_of == [(None, None), ("1", "http_error"), ("2", "http_error")]
    assert len({body for _, body in endpoint.came}) == 1


@pytest.mark.parametrize("wrong", [{"user": "U0NOBODY"}, {"channel": "C9"}, {"ts": "1.0"}, {"action_id": "no"}])
def test_an_unknown_button_cannot_be_clicked(
    simulation: Running, slack: WebClient, endpoint: FakeEndpoint, wrong: dict[str, str]
) -> None:
    given = {"channel": "C0123", "ts": post_buttons(slack), "action_id": "yes", "user": "U0ANA", **wrong}
    with pytest.raises(HTTPError, match="400"):
        simulation.control("/slack/click", dict(given))
    assert endpoint.came == []


def test_a_response_url_can_be_used_five_times_within_half_an_hour(
    simulation: Running, slack: WebClient, endpoint: FakeEndpoint
) -> None:
    click(simulation, post_buttons(slack))
    hook = WebhookClient(endpoint.payload()["response_url"])
    answers = [hook.send(text=f"said {number}", response_type="ephemeral") for number in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert "used_url" in answers[5].body
    shown: Any = simulation.control("/slack")["ephemeral"]
    assert [(each["user"], each["text"]) for each in shown][:2] == [("U0ANA", "said 0"), ("U0ANA", "said 1")]
    click(simulation, advance_time(simulation, slack))
    late = WebhookClient(endpoint.payload()["response_url"])
    simulation.advance(simulation.world.now + timedelta(minutes=30, seconds=1))
    assert "expired_url" in late.send(text="x").body


def advance_time(simulation: Running, slack: WebClient) -> str:
    simulation.advance(simulation.world.now + timedelta(seconds=1))
    return post_buttons(slack)


def test_a_reply_can_replace_the_message(simulation: Running, slack: WebClient, endpoint: FakeEndpoint) -> None:
    click(simulation, post_buttons(slack))
    WebhookClient(endpoint.payload()["response_url"]).send(text="decided", replace_original=True)
    (message,) = slack.conversations_history(channel="C0123")["messages"]
    assert (message["text"], message["blocks"]) == ("decided", [])


def test_a_command_is_a_signed_form_and_its_response_is_shown(simulation: Running, endpoint: FakeEndpoint) -> None:
    endpoint.answer = json.dumps({"response_type": "ephemeral", "text": "nothing runs"}).encode()
    simulation.control("/slack/command", {"user": "U0BEN", "text": "status shop-dev"})
    headers, body = endpoint.came[0]
    assert verified(simulation, headers, body)
    form = endpoint.form()
    assert (form["command"], form["text"], form["user_id"], form["team_id"]) == (
        "/daytwo",
        "status shop-dev",
        "U0BEN",
        "T0DAYTWO",
    )
    ephemeral: Any = simulation.control("/slack")["ephemeral"]
    assert [(shown["user"], shown["text"]) for shown in ephemeral] == [("U0BEN", "nothing runs")]


def image(identity: str) -> list[dict[str, Any]]:
    return [{"type": "image", "slack_file": {"id": identity}, "alt_text": "the week"}]


def test_an_image_can_be_shown_shortly_after_its_upload(simulation: Running, slack: WebClient) -> None:
    uploaded = slack.files_upload_v2(content=PNG, filename="week.png", alt_txt="the week")
    identity = str(uploaded["files"][0]["id"])
    with pytest.raises(SlackApiError, match="invalid slack file"):
        slack.chat_postMessage(channel="C0123", text="x", blocks=image(identity))
    simulation.advance(simulation.world.now + timedelta(seconds=2))
    assert slack.chat_postMessage(channel="C0123", text="x", blocks=image(identity))["ok"]


def test_missing_and_non_image_files_cannot_be_shown(simulation: Running, slack: WebClient) -> None:
    text = str(slack.files_upload_v2(content=b"no picture", filename="x.txt")["files"][0]["id"])
    for identity in ("F0NOBODY0", text):
        simulation.advance(simulation.world.now + timedelta(minutes=1))
        with pytest.raises(SlackApiError, match="invalid_blocks"):
            slack.chat_postMessage(channel="C0123", text="x", blocks=image(identity))


def test_an_upload_with_the_wrong_length_is_rejected(simulation: Running, slack: WebClient) -> None:
    begun = slack.files_getUploadURLExternal(filename="x.png", length=5)
    origin = urlsplit(simulation.environment["SLACK_URL"]).netloc
    assert urlsplit(str(begun["upload_url"])).netloc == origin
    with pytest.raises(SlackApiError, match="file_not_found"):
        slack.files_completeUploadExternal(files=[{"id": str(begun["file_id"])}])


def test_users_are_found_by_id(slack: WebClient) -> None:
    assert slack.users_info(user="U0EVE")["user"]["name"] == "eve"
    with pytest.raises(SlackApiError, match="user_not_found"):
        slack.users_info(user="U0NOBODY")


@pytest.mark.parametrize("path", ["/slack/hooks/actions/000001", "/slack/upload/F0DAYTWO0001", "/slack/api/users.info"])
def test_faults_affect_every_kind_of_slack_url(path: str) -> None:
    with running_simulation(small_fleet(), faults="failing", fault_surfaces=(Surface.SLACK,)) as simulation:
        url = urlsplit(simulation.environment["SLACK_URL"])._replace(path=path).geturl()
        seen = {status_of(url) for _ in range(40)}
    assert seen >= {429, 500, 503, 0}


def status_of(url: str) -> int:
    """The response's status; 0 if the response is lost."""
    try:
        return httpx.post(url, content=b"{}").status_code
    except httpx.TransportError:
        return 0
