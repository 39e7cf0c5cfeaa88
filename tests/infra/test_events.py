"""The events that wake Daytwo come from the fleet's subscriptions, wherever the bot is deployed. Each source has one topic."""

from pathlib import Path
from typing import Any, cast

import pytest
from pycep import BicepParser

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ["events.bicep", "health.bicep"]


def parsed(name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", BicepParser().parse(text=(ROOT / "infra" / name).read_text()))


def topic(name: str) -> dict[str, Any]:
    """The only system topic in a template."""
    (found,) = (each["config"] for each in parsed(name)["resources"].values() if each["type"].endswith("/systemTopics"))
    return cast("dict[str, Any]", found)


@pytest.mark.parametrize(
    ("template", "parameter", "source", "kind"),
    [
        ("events.bicep", "clusterId", "clusterId", "Microsoft.ContainerService.ManagedClusters"),
        (
            "health.bicep",
            "fleetSubscriptionId",
            "/subscriptions/${fleetSubscriptionId}",
            "Microsoft.ResourceNotifications.HealthResources",
        ),
    ],
)
def test_the_source_of_a_topic_is_a_parameter_and_not_the_bots_subscription(
    template: str, parameter: str, source: str, kind: str
) -> None:
    properties = topic(template)["properties"]
    assert (properties["source"], properties["topicType"]) == (source, kind)
    assert parsed(template)["parameters"][parameter]["default"] is None


def test_clusters_with_the_same_name_have_separate_topics() -> None:
    assert topic("events.bicep")["name"] == "topicName"
    text = (ROOT / "infra" / "events.bicep").read_text()
    assert "-${uniqueString(toLower(clusterId))}'" in text
    # Event Grid accepts 3 to 50 letters, digits, and dashes; uniqueString returns 13.
    assert len("daytwo-") + 28 + len("-") + 13 <= 50
    assert "take(replace(last(split(clusterId, '/')), '_', '-'), 28)" in text


@pytest.mark.parametrize("template", TEMPLATES)
def test_undeliverable_events_are_dead_lettered(template: str) -> None:
    (subscription,) = (
        each["config"]["properties"]
        for each in parsed(template)["resources"].values()
        if each["type"].endswith("/eventSubscriptions")
    )
    assert "deadLetterWithResourceIdentity" in subscription


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_guide_deploys_the_topic_into_its_sources_subscription(template: str) -> None:
    guide = (ROOT / "docs" / "deploy.md").read_text()
    (command,) = (line for line in guide.splitlines() if f"infra/{template}" in line)
    assert "--subscription <of the " in command
    assert "rg-daytwo " not in command
