"""Tags of clusters change in the simulated Azure without an operation: at once, as scripted, or by a hostile story."""

import json
from collections.abc import Callable
from datetime import timedelta
from urllib.error import HTTPError

import pytest
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest

from simulator.running import Running
from simulator.stories.hostile_tags import TagEdit, attack, schedule
from simulator.world.journal import Kind
from simulator.world.scripted_faults import TagsChange
from simulator.world.world import World
from tests.simulator.azure.conftest import START
from tests.simulator.azure.test_graph import rows


def uid(aks: ContainerServiceClient) -> str | None:
    cluster = aks.managed_clusters.get("rg-fleet", "web")
    assert cluster.properties is not None
    return cluster.properties.resource_uid


def test_changed_tags_are_visible_to_every_reader(
    simulation: Running, aks: ContainerServiceClient, graph: ResourceGraphClient
) -> None:
    before = uid(aks)
    simulation.control("/tags", {"cluster": "web", "tags": {"env": "prod", "team": "shop"}})
    assert aks.managed_clusters.get("rg-fleet", "web").tags == {"env": "prod", "team": "shop"}
    query = (
        "Resources | where type =~ 'microsoft.containerservice/managedclusters' | where name == 'web' | project tags"
    )
    assert rows(graph.resources(QueryRequest(query=query))) == [{"tags": {"env": "prod", "team": "shop"}}]
    assert uid(aks) == before


def test_a_cluster_that_is_created_again_has_another_uid(simulation: Running, aks: ContainerServiceClient) -> None:
    before = uid(aks)
    simulation.control("/tags", {"cluster": "web", "tags": {}, "createdAgain": True})
    assert (aks.managed_clusters.get("rg-fleet", "web").tags, uid(aks) == before) == ({}, False)


@pytest.mark.parametrize(
    "body", [{"cluster": "web"}, {"cluster": "web", "tags": {"a": 1}}, {"cluster": "x", "tags": {}}]
)
def test_invalid_tags_are_rejected(simulation: Running, body: dict[str, object]) -> None:
    with pytest.raises(HTTPError, match="400"):
        simulation.control("/tags", body)


def test_a_scripted_change_replaces_the_tags_at_its_time(simulation: Running, later: Callable[..., None]) -> None:
    at = (START + timedelta(minutes=10)).isoformat()
    fault: dict[str, object] = {"kind": "TagsChange", "cluster": "web", "at": at, "tags": "env=prod, team=a=b"}
    simulation.control("/scripted-faults", fault)
    later(minutes=9)
    assert simulation.world.clusters["web"].tags == {"env": "dev"}
    later(minutes=2)
    assert simulation.world.clusters["web"].tags == {"env": "prod", "team": "a=b"}


def test_the_journal_has_the_complete_tags_and_who_changed_them(world: World) -> None:
    world.arm(TagsChange("web", START + timedelta(minutes=1), "env=prod", "mallory"))
    world.advance(START + timedelta(minutes=2))
    (entry,) = world.journal.of(Kind.CLUSTER_TAGS)
    assert (entry.cluster, entry.detail["who"], entry.detail["created"]) == ("web", "mallory", False)
    assert json.loads(str(entry.detail["tags"])) == {"env": "prod"}


def test_a_hostile_tag_writer_keeps_the_tags_that_an_attempt_does_not_name(world: World) -> None:
    edits = (
        TagEdit(START + timedelta(minutes=1), "web", {"team": "mallory"}),
        TagEdit(START + timedelta(minutes=2), "web", {"env": None}),
    )
    schedule(world, edits)
    world.advance(START + timedelta(minutes=1))
    assert world.clusters["web"].tags == {"env": "dev", "team": "mallory"}
    world.advance(START + timedelta(minutes=2))
    assert world.clusters["web"].tags == {"team": "mallory"}


def test_a_week_of_attacks_ends_with_the_tags_of_production(world: World) -> None:
    edits = attack("driven", START + timedelta(hours=1))
    schedule(world, edits)
    world.advance(START + timedelta(days=7))
    assert len(world.journal.of(Kind.CLUSTER_TAGS, "driven")) == len(edits)
    assert world.clusters["driven"].tags == {"env": "prod"}
