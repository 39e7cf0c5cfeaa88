"""Watches on the simulated API server, beyond the contract that it shares with a real one."""

from collections.abc import Iterator
from datetime import timedelta
from queue import Queue
from threading import Thread
from typing import Any

import pytest
import urllib3
from kubernetes import client

from simulator.running import Running, running_simulation
from simulator.world import nodes
from simulator.world.feed import MAX_CHANGES, ChangeKind, Feed, Versions
from tests.kubernetes.clusters import changes
from tests.simulator.azure.conftest import small_fleet
from tests.simulator.azure.test_kubernetes import api_client


@pytest.fixture
def core(simulation: Running) -> Iterator[Any]:
    with api_client(simulation, "web") as api:
        yield client.CoreV1Api(api)


def test_a_watch_receives_all_changes_of_an_upgrade(simulation: Running, core: Any) -> None:
    version = core.list_node().metadata.resource_version
    cluster = simulation.world.clusters["web"]
    simulation.world.upgrade(cluster, cluster.pools["user1"], "ana")
    simulation.advance(simulation.world.now + timedelta(hours=2))
    options: dict[str, Any] = {"label_selector": "agentpool=user1", "resource_version": version, "timeout_seconds": 1}
    entries_of = [(kind, node.metadata.name[-2:]) for kind, node in changes(core.list_node, **options)]
    # Two surge nodes join and leave. Each of the six nodes is cordoned, leaves, and returns.
    assert entries_of.count(("ADDED", "06")) == entries_of.count(("DELETED", "06")) == 1
    for name in ("00", "01", "02", "03", "04", "05"):
        assert [kind for kind, node in entries_of if node == name] == ["MODIFIED", "DELETED", "ADDED"]


def test_a_watch_times_out_on_the_virtual_clock(simulation: Running, core: Any) -> None:
    """Ten minutes on the virtual clock pass immediately."""
    ended: Queue[list[object]] = Queue()
    version = core.list_node().metadata.resource_version

    def watch() -> None:
        ended.put(list(changes(core.list_node, resource_version=version, timeout_seconds=600)))

    watcher = Thread(target=watch)
    watcher.start()
    while ended.empty():
        simulation.advance(simulation.world.now + timedelta(minutes=1))
    watcher.join()
    assert ended.get() == []


def test_stopping_a_cluster_ends_its_watches(simulation: Running, core: Any) -> None:
    version = core.list_node().metadata.resource_version
    ended: Queue[list[object]] = Queue()

    def watch() -> None:
        ended.put(list(changes(core.list_node, resource_version=version, timeout_seconds=3600)))

    watcher = Thread(target=watch)
    watcher.start()
    while not any(seen.action == "watch nodes" for seen in list(simulation.simulation.requests.counts)):
        simulation.control("/clock")
    simulation.world.stop(simulation.world.clusters["web"], "ana")
    watcher.join(30)
    assert ended.get(timeout=1) == []


def test_a_simulation_can_stop_despite_an_open_watch() -> None:
    with running_simulation(small_fleet()) as simulation:
        api = api_client(simulation, "web")
        watching: Any = client.CoreV1Api(api).list_node(watch=True, _preload_content=False)
        assert watching.status == 200
    with pytest.raises(urllib3.exceptions.HTTPError):
        client.CoreV1Api(api).list_node()


def test_a_watch_that_starts_at_a_future_version_is_rejected(core: Any) -> None:
    with pytest.raises(client.ApiException) as caught:
        list(changes(core.list_node, resource_version="999999", timeout_seconds=1))
    assert caught.value.status == 504


def test_a_watch_that_starts_at_an_expired_version_returns_410(simulation: Running, core: Any) -> None:
    version = core.list_node().metadata.resource_version
    cluster = simulation.world.clusters["web"]
    node = cluster.nodes_of("user1")[0]
    for _ in range(MAX_CHANGES):
        nodes.cordon(simulation.world.core, cluster, node)
        nodes.uncordon(simulation.world.core, cluster, node)
    with pytest.raises(client.ApiException) as caught:
        list(changes(core.list_node, resource_version=version, timeout_seconds=1))
    assert caught.value.status == 410


def test_a_feed_drops_the_oldest_changes() -> None:
    versions = Versions()
    feed: Feed[int] = Feed(versions)
    for number in range(MAX_CHANGES + 5):
        feed.record("a", versions.next(), number)
    assert feed.since(1) is None
    newest = feed.since(versions.last - 2)
    assert newest is not None
    assert [(change.kind, change.now, change.before) for change in newest] == [
        (ChangeKind.MODIFIED, MAX_CHANGES + 3, MAX_CHANGES + 2),
        (ChangeKind.MODIFIED, MAX_CHANGES + 4, MAX_CHANGES + 3),
    ]
