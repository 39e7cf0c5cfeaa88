"""What main.bicep guarantees: the required permissions, and settings that survive a deployment."""

import json
import re
from pathlib import Path
from typing import Any, cast

import pytest
from pycep import BicepParser

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"


@pytest.fixture(scope="module")
def main() -> dict[str, Any]:
    return cast("dict[str, Any]", BicepParser().parse(text=(INFRA / "main.bicep").read_text()))


def test_the_app_is_allowed_to_write_its_log(main: dict[str, Any]) -> None:
    """Local authentication is off, so telemetry requires an identity with the role Monitoring Metrics Publisher."""
    assert main["resources"]["insights"]["config"]["properties"]["DisableLocalAuth"] is True
    assert main["variables"]["monitoringMetricsPublisher"]["value"] == "3913510d-42f4-4e42-8a64-420c390055eb"
    assigned = main["resources"]["telemetry"]["config"]
    assert assigned["scope"] == "insights"
    assert "'operand_1': 'identity'" in str(assigned["properties"]["principalId"])
    assert "monitoringMetricsPublisher" in str(assigned["properties"]["roleDefinitionId"])


def test_every_choice_is_in_the_deployments_parameter_file(main: dict[str, Any]) -> None:
    """A deployment resets every parameter that is not passed to it. Only the location comes from the resource group."""
    chosen = json.loads((INFRA / "parameters.json").read_text())["parameters"]
    assert set(chosen) == set(main["parameters"]) - {"location"}
    assert {name: parameter["value"] for name, parameter in chosen.items()} == {
        name: parameter["default"] for name, parameter in main["parameters"].items() if name != "location"
    }


@pytest.mark.parametrize("guide", ["deploy.md", "slack.md", "teams.md"])
def test_every_guide_deploys_with_the_parameter_file(guide: str) -> None:
    text = (ROOT / "docs" / guide).read_text()
    commands = [line for line in text.splitlines() if "infra/main.bicep" in line]
    assert all("--parameters @infra/parameters.json" in line for line in commands), commands
    assert not re.search(r"--parameters (signInClientId|withTeamsBot|teamsBotAppId)", text)
    assert len(commands) == (guide == "deploy.md")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("TEAMS_BOT_APP_ID", "withTeamsBot ? botIdentity!.properties.clientId : teamsBotAppId"),
        (
            "TEAMS_BOT_SECRET",
            (
                "withTeamsBot || empty(teamsBotAppId) ? '' : "
                "'@Microsoft.KeyVault(VaultName=${vault.name};SecretName=teams-bot-secret)'"
            ),
        ),
    ],
)
def test_a_teams_bot_stays_configured_after_a_deployment(setting: str, value: str) -> None:
    text = (INFRA / "main.bicep").read_text()
    assert f"name: '{setting}'\n          value: {value}\n" in text
