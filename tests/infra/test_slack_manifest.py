"""The Slack app's manifest names the existing routes, and requests exactly the scopes that the bot needs."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from ruamel.yaml import YAML

from ops.chats.slack.client import SlackChat
from ops.chats.slack.errors import PictureNotReadyError
from ops.chats.slack.modals import SlackModals
from ops.chats.slack.settings import SLACK
from ops.config import load
from ops.functions import build_app
from ops.ports.chat import Outgoing
from simulator.slack.api import TOKEN
from tests.adapters.test_slack import DIGEST, PLAIN, PNG, later
from tests.adapters.test_slack_modals import form
from tests.fakes import CONFIG, MONDAY, FakeClock
from tests.slack_server import SlackServer, serving

ROOT = Path(__file__).resolve().parents[2]
# The scope that each method requires: https://docs.slack.dev/reference/methods. Uploads and ephemeral replies need none.
SCOPES = {
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": {"channels:history", "groups:history"},
    "conversations.replies": {"channels:history", "groups:history"},
    "files.getUploadURLExternal": {"files:write"},
    "files.completeUploadExternal": {"files:write"},
    "views.open": set(),
}


@pytest.fixture(scope="module")
def manifest() -> Any:
    return YAML(typ="safe").load(ROOT / "infra" / "slack-manifest.yaml")


def test_the_addresses_in_the_manifest_are_routes_without_a_key(manifest: Any) -> None:
    wanted = {
        urlsplit(manifest["settings"]["interactivity"]["request_url"]).path,
        *(urlsplit(command["url"]).path for command in manifest["features"]["slash_commands"]),
    }
    served = set()
    for function in build_app().get_functions():
        trigger: Any = function.get_trigger()
        if trigger.get_binding_name() == "httpTrigger" and "ANONYMOUS" in str(trigger.auth_level).upper():
            served.add(f"/api/{trigger.route}")
    assert wanted == {"/api/slack/interactions", "/api/slack/commands"}
    assert wanted <= served


def test_the_scopes_match_the_methods_that_are_called(manifest: Any) -> None:
    """Every kind of call is made once, and the simulated Slack counts the calls."""
    with serving(SlackServer(FakeClock())) as slack:
        chat = SlackChat(TOKEN, "C0123", slack.url)
        root = chat.post("C0123", Outgoing(PLAIN, "run-1"))
        chat.edit(root, Outgoing(PLAIN, "run-1"))
        chat.find("C0123", "run-1", MONDAY)
        chat.find("C0123", "run-1.details", MONDAY, root)
        later(slack)
        with pytest.raises(PictureNotReadyError):
            chat.post("C0123", Outgoing(DIGEST, "digest", picture=PNG))
        slack.api.bot_client.triggers.register("1.1.u0ana", "U0ANA")
        SlackModals(TOKEN, slack.url).open("1.1.u0ana", form())
        made = {call.method for call in slack.calls if not call.method.startswith("/")}
    assert made == SCOPES.keys()
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == set().union(*SCOPES.values(), {"commands"})


def test_only_declared_slack_methods_are_called() -> None:
    """Ensures that the test above does not miss a call."""
    calls = set()
    for path in (ROOT / "ops").rglob("*.py"):
        calls |= set(re.findall(r"_client\.(\w+)\(", path.read_text())) if "slack" in path.parts else set()
    assert calls == {
        "chat_postMessage",
        "chat_update",
        "conversations_history",
        "conversations_replies",
        "files_upload_v2",
        "views_open",
    }


def test_the_manifest_follows_slacks_format(manifest: Any) -> None:
    """The lengths that api.slack.com checks: 35 for the name, 140 for the description, 2,000 for a command's description."""
    assert len(manifest["display_information"]["name"]) <= 35
    assert len(manifest["display_information"]["description"]) <= 140
    (command,) = manifest["features"]["slash_commands"]
    assert (command["command"], command["should_escape"]) == ("/daytwo", False)
    assert manifest["features"]["bot_user"]["display_name"] == "Daytwo"
    assert manifest["settings"]["interactivity"]["is_enabled"]


def test_the_configuration_in_the_guide_is_valid() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "slack.md").read_text(), re.DOTALL)
    settings = load(CONFIG.split("node-image:")[0] + example, "daytwo.yaml")
    assert settings.people.tenants["slack"] == "T0123ABCD"
    slack = settings.chat.get(SLACK)
    assert slack is not None
    assert slack.channel == "C0123ABCD"
    assert [rule.approvers for rule in settings.approval_rules("node-image")] == [("ana", "ben")]
