"""What endpoints know about clusters: a malformed answer about one does not make the bot forget it."""

from collections.abc import Sequence

import pytest

from ops.facts.fleet import list_fleet
from ops.model.fleet import Cluster, UnreadableCluster
from ops.scheduling.fleet_scan import record_fleet
from ops.tables.fleet import known_clusters
from tests.fakes import World, cluster

SHOP, WEB = cluster("shop-dev"), cluster("web-dev")


def names_after(monkeypatch: pytest.MonkeyPatch, *listed: Cluster | UnreadableCluster) -> list[str]:
    """Scan a fleet of two clusters, then once more while Azure lists this. Return the names that are still known."""
    world = World()

    def scan(answer: Sequence[Cluster | UnreadableCluster]) -> None:
        monkeypatch.setattr(world.clusters, "list_clusters", lambda _: tuple(answer))
        record_fleet(world.context, list_fleet(world.context.ports, world.settings), world.clock.at)

    scan((SHOP, WEB))
    scan(listed)
    return sorted(stored.value.name for stored in known_clusters(world.store).scan())


def test_a_cluster_that_azure_no_longer_lists_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    assert names_after(monkeypatch, SHOP) == ["shop-dev"]


@pytest.mark.parametrize("name", [WEB.id, WEB.id.upper(), WEB.id[:-2]])
def test_a_cluster_whose_document_is_malformed_stays_known(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert names_after(monkeypatch, SHOP, UnreadableCluster(name, "malformed")) == ["shop-dev", "web-dev"]


def test_a_document_without_an_id_may_be_any_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    assert names_after(monkeypatch, UnreadableCluster("a cluster without an id", "malformed")) == [
        "shop-dev",
        "web-dev",
    ]


def test_another_malformed_cluster_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert names_after(monkeypatch, SHOP, UnreadableCluster(SHOP.id, "malformed")) == ["shop-dev"]
