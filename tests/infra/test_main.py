"""What main.bicep promises: rights that are needed, settings that outlive a deployment."""

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


def test_the_apps_log_has_a_right_to_arrive(main: dict[str, Any]) -> None:
    """Local authentication is off, so telemetry comes by identity: without Monitoring Metrics Publisher none is taken."""
    assert main["resources"]["insights"]["config"]["properties"]["DisableLocalAuth"] is True
    assert main["variables"]["monitoringMetricsPublisher"]["value"] == "3913510d-42f4-4e42-8a64-420c390055eb"
    assigned = main["resources"]["telemetry"]["config"]
    assert assigned["scope"] == "insights"
    assert "'operand_1': 'identity'" in str(assigned["properties"]["principalId"])
    assert "monitoringMetricsPublisher" in str(assigned["properties"]["roleDefinitionId"])


def test_every_choice_has_its_place_in_the_file_that_each_deployment_is_given(main: dict[str, Any]) -> None:
    """A deployment takes back what it is not told: the location alone comes from the resource group."""
    chosen = json.loads((INFRA / "parameters.json").read_text())["parameters"]
    assert set(chosen) == set(main["parameters"]) - {"location"}
    assert {name: said["value"] for name, said in chosen.items()} == {
        name: said["default"] for name, said in main["parameters"].items() if name != "location"
    }


@pytest.mark.parametrize("guide", ["deploy.md", "slack.md", "teams.md"])
def test_no_guide_deploys_it_without_what_was_chosen_before(guide: str) -> None:
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
def test_a_bot_of_ones_own_outlives_a_deployment(setting: str, value: str) -> None:
    text = (INFRA / "main.bicep").read_text()
    assert f"name: '{setting}'\n          value: {value}\n" in text
