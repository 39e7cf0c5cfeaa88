"""Wiring from the environment: what is not a secret is never taken for one."""

from pathlib import Path

from ops.bootstrap import wire
from tests.fakes import CONFIG, settings

REFERENCE = "@Microsoft.KeyVault(VaultName=daytwo;SecretName={})"


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {"DAYTWO_STATE": str(folder), "CLOCK_URL": "http://127.0.0.1:9/clock", **more}


def test_a_vault_reference_that_was_not_resolved_is_no_key_of_any_door(tmp_path: Path) -> None:
    """Its text stands in the public template: whoever reads it could sign with it."""
    wired = wire(
        environment(
            tmp_path,
            SLACK_SIGNING_SECRET=REFERENCE.format("slack-signing-secret"),
            DAYTWO_PAGE_KEY=REFERENCE.format("page-key"),
            WEBSITE_AUTH_ENABLED="True",
        )
    )
    assert wired.slack_guard().signature is None
    assert "DAYTWO_PAGE_KEY" in wired.page().missing


def test_with_its_secrets_the_doors_open(tmp_path: Path) -> None:
    wired = wire(
        environment(tmp_path, SLACK_SIGNING_SECRET="s" * 32, DAYTWO_PAGE_KEY="p" * 32, WEBSITE_AUTH_ENABLED="True")
    )
    assert wired.slack_guard().signature is not None
    assert wired.page().missing == ""


def test_people_reach_the_pages_where_app_service_says(tmp_path: Path) -> None:
    hosted = wire(environment(tmp_path, WEBSITE_HOSTNAME="daytwo.azurewebsites.net"))
    told = wire(environment(tmp_path, WEBSITE_HOSTNAME="x.azurewebsites.net", DAYTWO_URL="https://ops.example/"))
    assert hosted.ports.address == "https://daytwo.azurewebsites.net/api"
    assert told.ports.address == "https://ops.example/api"
    assert wire(environment(tmp_path)).ports.address == ""


def test_the_last_line_break_of_a_secrets_file_belongs_to_no_secret(tmp_path: Path) -> None:
    """`az keyvault secret set --file` keeps it."""
    plain, broken = (
        wire(environment(tmp_path, TEAMS_WEBHOOK=f"https://logic.example/x{end}", SLACK_TOKEN=f"xoxb-1{end}"))
        for end in ("", "\n")
    )
    configured = settings(CONFIG + "  teams: {}\n")
    assert plain.chats(configured) == broken.chats(configured)
    assert [chat.name for chat in broken.chats(configured)] == ["slack", "teams"]


def test_a_webhook_that_is_no_address_leaves_the_other_chats(tmp_path: Path) -> None:
    wired = wire(environment(tmp_path, TEAMS_WEBHOOK="https://[x", SLACK_TOKEN="xoxb-1"))
    assert [chat.name for chat in wired.chats(settings(CONFIG + "  teams: {}\n"))] == ["slack"]
