"""The reboot runbook on a real control plane and on the simulated one: 30 pods with PDBs are drained without violating a budget."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from kubernetes import client

from ops.context import Context
from ops.model.machine import ListedMachine, machine_of
from ops.model.run import State
from ops.policy.node_identity import ConfirmedMachine
from ops.ports.azure import OperationStatus
from simulator.world.workloads import PdbSpec, WorkloadSpec
from tests.driving import NIGHT, manual_request, start
from tests.fakes import ALL_OPERATIONS, FakeClusters, World, cluster, pool
from tests.kubernetes.clusters import MERGE, Cluster, Platform, is_ready
from tests.kubernetes.port import adapter

ASKS = "daytwo.dev/reboot-required"
APPS = ("cart", "shop", "search")
WORKLOADS = tuple(WorkloadSpec("shop", app, 20, PdbSpec(max_unavailable=3), starts_in_s=(1, 3)) for app in APPS)


@dataclass
class Machines:
    """A restart takes the node down and brings it back with a new boot id, after which it no longer requires a reboot."""

    on: Cluster
    world: World
    restarted: list[str] = field(default_factory=list)

    def begin_restart(self, confirmed: ConfirmedMachine) -> str:
        name = confirmed.node
        before = self.on.core.read_node(name).status.node_info.boot_id
        self.restarted.append(name)
        self.on.reboot(name)
        self.on.until("it is in another boot, and Ready", lambda: self._is_back(name, before))
        self.on.core.patch_node(name, {"metadata": {"annotations": {ASKS: None}}}, _content_type=MERGE)
        self.world.clusters.states["restart"] = OperationStatus("succeeded")
        return "restart"

    def _is_back(self, name: str, before: str) -> bool:
        now = self.on.core.read_node(name)
        return now.status.node_info.boot_id != before and is_ready(now)


@dataclass
class ListedClusters(FakeClusters):
    """ARM lists exactly the machines that the nodes name."""

    machines_of_nodes: tuple[ListedMachine, ...] = ()

    def machines(self, cluster_id: str, pool: str) -> tuple[ListedMachine, ...]:
        assert self.cluster(cluster_id).pool(pool)
        return self.machines_of_nodes


class RebootWorld(World):
    """A world of fakes, except that its nodes and the machines behind them are the cluster's."""

    def on(self, of: Cluster) -> None:
        self.adapter = adapter(of)
        self.restarts = Machines(of, self)

    @property
    def context(self) -> Context:
        made = super().context
        return replace(made, ports=replace(made.ports, nodes=self.adapter, machines=self.restarts))


@contextmanager
def observed(of: Cluster) -> Iterator[list[str]]:
    """An independent observer that repeatedly lists the pods and records every moment at which a budget is violated."""
    broken: list[str] = []
    observations = [0]
    stop = threading.Event()

    def look() -> None:
        with client.ApiClient(of.api.configuration) as own:
            core: Any = client.CoreV1Api(own)
            while not stop.is_set():
                pods = core.list_namespaced_pod(of.namespace).items
                observations[0] += 1
                for app in APPS:
                    mine = [pod for pod in pods if (pod.metadata.labels or {}).get("app") == app]
                    healthy = sum(is_ready(pod) and pod.metadata.deletion_timestamp is None for pod in mine)
                    if healthy < 20 - 3:
                        broken.append(f"{app}: {healthy} of 20 healthy")

    observer = threading.Thread(target=look)
    observer.start()
    try:
        yield broken
    finally:
        stop.set()
        observer.join()
        assert observations[0] > 20, "the observer saw too little"


def test_a_node_with_30_pods_is_drained_restarted_and_uncordoned(platform: Platform) -> None:
    with platform(2, *WORKLOADS) as on:
        of = cast("Cluster", on)
        node = max(of.nodes(), key=lambda each: len(pods_on(of, each.metadata.name))).metadata.name
        assert len(pods_on(of, node)) >= 30
        of.core.patch_node(node, {"metadata": {"annotations": {ASKS: "2026-11-16T10:00:00Z"}}}, _content_type=MERGE)
        before = of.core.read_node(node).status.node_info.boot_id
        named = {each.metadata.name: machine_of(each.spec.provider_id) for each in of.nodes()}
        listed = tuple(ListedMachine(name, machine) for name, machine in named.items() if machine is not None)
        world = RebootWorld(config=ALL_OPERATIONS, clusters=ListedClusters(machines_of_nodes=listed))
        world.on(of)
        world.clock.at = NIGHT
        only = cluster("shop-dev", pool(of.pool), node_resource_group=listed[0].machine.resource_group)
        world.clusters.put(only)
        run = start(world, manual_request(world, "reboot"))
        with observed(of) as broken:
            ended = run.to_end(lambda activity: _wait_for_the_cluster(of, node, activity))
        assert ended.state is State.DONE, ended.why
        assert world.restarts.restarted == [node]
        assert broken == []
        after = of.core.read_node(node)
        assert after.status.node_info.boot_id != before
        assert is_ready(after)
        assert not after.spec.unschedulable
        assert "daytwo.dev/cordoned-by" not in (after.metadata.annotations or {})


def pods_on(of: Cluster, node: str) -> list[Any]:
    found = of.core.list_namespaced_pod(of.namespace, field_selector=f"spec.nodeName={node}").items
    return [pod for pod in found if pod.metadata.deletion_timestamp is None]


def _wait_for_the_cluster(of: Cluster, node: str, activity: str) -> None:
    """The run's clock is virtual, but the cluster's clock may be real, so wait before each poll until the cluster has changed."""
    if activity != "poll":
        return

    observations = [0]

    def moved() -> bool:
        observations[0] += 1
        if (
            observations[0] < 5
        ):  # A simulated cluster's time passes with each read, so wait until the terminating pods are gone.
            return False
        if not pods_on(of, node):
            return True
        return any(of.budget(app).disruptions_allowed > 0 for app in APPS)

    of.until("another pod may go", moved)


@pytest.fixture(autouse=True)
def _enough_time(request: pytest.FixtureRequest) -> None:
    request.node.add_marker(pytest.mark.timeout(1_800))
