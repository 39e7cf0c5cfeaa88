"""Wiring from the environment. A value that is not a secret is never used as one."""

from pathlib import Path

from ops.bootstrap import Wiring, wire
from ops.chats.slack.connection import SlackConnection
from ops.ports.chat import Chat
from ops.settings import Settings
from tests.fakes import CONFIG, settings

REFERENCE = "@Microsoft.KeyVault(VaultName=daytwo;SecretName={})"


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {"DAYTWO_STATE": str(folder), "CLOCK_URL": "http://127.0.0.1:9/clock", **more}


def slack_of(wired: Wiring) -> SlackConnection:
    connection = wired.connections["slack"]
    assert isinstance(connection, SlackConnection)
    return connection


def chats_of(wired: Wiring, configured: Settings) -> list[Chat]:
    """Every chat that this configuration posts to."""
    return [chat for each in wired.connections.values() for chat in each.chats(configured)]


def test_an_unresolved_key_vault_reference_is_not_used_as_a_secret(tmp_path: Path) -> None:
    """The placeholder is in the public template, so anyone who reads the template could sign with it."""
    wired = wire(
        environment(
            tmp_path,
            SLACK_SIGNING_SECRET=REFERENCE.format("slack-signing-secret"),
            DAYTWO_PAGE_KEY=REFERENCE.format("page-key"),
            WEBSITE_AUTH_ENABLED="True",
        )
    )
    assert slack_of(wired).access.signature is None
    assert "DAYTWO_PAGE_KEY" in wired.page().missing


def test_the_endpoints_work_when_their_secrets_are_set(tmp_path: Path) -> None:
    wired = wire(
        environment(tmp_path, SLACK_SIGNING_SECRET="s" * 32, DAYTWO_PAGE_KEY="p" * 32, WEBSITE_AUTH_ENABLED="True")
    )
    assert slack_of(wired).access.signature is not None
    assert wired.page().missing == ""


def test_the_base_url_for_pages_comes_from_the_setting_or_from_app_service(tmp_path: Path) -> None:
    hosted = wire(environment(tmp_path, WEBSITE_HOSTNAME="daytwo.azurewebsites.net"))
    reported = wire(environment(tmp_path, WEBSITE_HOSTNAME="x.azurewebsites.net", DAYTWO_URL="https://ops.example/"))
    assert hosted.ports.address == "https://daytwo.azurewebsites.net/api"
    assert reported.ports.address == "https://ops.example/api"
    assert wire(environment(tmp_path)).ports.address == ""


def test_a_trailing_line_break_in_a_secret_is_ignored(tmp_path: Path) -> None:
    """`az keyvault secret set --file` keeps the line break at the end of the file."""
    plain, broken = (
        wire(environment(tmp_path, TEAMS_WEBHOOK=f"https://logic.example/x{end}", SLACK_TOKEN=f"xoxb-1{end}"))
        for end in ("", "\n")
    )
    configured = settings(CONFIG + "  teams: {}\n")
    assert chats_of(plain, configured) == chats_of(broken, configured)
    assert [chat.name for chat in chats_of(broken, configured)] == ["slack", "teams"]


def test_an_unusable_webhook_does_not_affect_the_other_chats(tmp_path: Path) -> None:
    wired = wire(environment(tmp_path, TEAMS_WEBHOOK="https://[x", SLACK_TOKEN="xoxb-1"))
    assert [chat.name for chat in chats_of(wired, settings(CONFIG + "  teams: {}\n"))] == ["slack"]
