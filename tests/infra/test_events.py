"""The events that wake Daytwo: of the fleet's subscriptions, wherever the bot is; one topic for each source."""

from pathlib import Path
from typing import Any, cast

import pytest
from pycep import BicepParser

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ["events.bicep", "health.bicep"]


def parsed(name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", BicepParser().parse(text=(ROOT / "infra" / name).read_text()))


def topic(name: str) -> dict[str, Any]:
    """The one system topic of a template."""
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
def test_a_topics_source_is_said_and_never_the_bots_own_subscription(
    template: str, parameter: str, source: str, kind: str
) -> None:
    properties = topic(template)["properties"]
    assert (properties["source"], properties["topicType"]) == (source, kind)
    assert parsed(template)["parameters"][parameter]["default"] is None


def test_two_clusters_of_one_name_have_topics_of_their_own() -> None:
    assert topic("events.bicep")["name"] == "topicName"
    text = (ROOT / "infra" / "events.bicep").read_text()
    assert "-${uniqueString(toLower(clusterId))}'" in text
    # Event Grid takes 3 to 50 characters, letters, digits and dashes; uniqueString has 13.
    assert len("daytwo-") + 28 + len("-") + 13 <= 50
    assert "take(replace(last(split(clusterId, '/')), '_', '-'), 28)" in text


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_cannot_be_delivered_is_kept(template: str) -> None:
    (subscription,) = (
        each["config"]["properties"]
        for each in parsed(template)["resources"].values()
        if each["type"].endswith("/eventSubscriptions")
    )
    assert "deadLetterWithResourceIdentity" in subscription


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_guide_deploys_it_into_the_subscription_of_its_source(template: str) -> None:
    guide = (ROOT / "docs" / "deploy.md").read_text()
    (command,) = (line for line in guide.splitlines() if f"infra/{template}" in line)
    assert "--subscription <of the " in command
    assert "rg-daytwo " not in command
