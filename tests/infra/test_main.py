"""What main.bicep promises: rights that are needed, settings that outlive a deployment."""

from pathlib import Path
from typing import Any, cast

import pytest
from pycep import BicepParser

INFRA = Path(__file__).resolve().parents[2] / "infra"


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
