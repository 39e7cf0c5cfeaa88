"""A cluster under test, either simulated or real, with the unmodified client and a way to let time pass."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import urllib3
from kubernetes import client, watch

from simulator.azure.tokens import KUBERNETES_AUDIENCE
from simulator.controlplane.boot import ControlPlane
from simulator.controlplane.stage import begin_boot, end_boot, staged
from simulator.running import Running, SimulatedCredential, running_simulation
from simulator.world import reboots
from simulator.world.specs import ClusterSpec, FleetSpec, PoolSpec, RegionSpec
from simulator.world.workloads import WorkloadSpec

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
PATIENCE_S = 60
SIMULATED_PATIENCE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster with its nodes and workloads, all of them Ready."""

    api: client.ApiClient
    namespace: str
    pool: str
    until: Callable[[str, Callable[[], object]], None]
    reboot: Callable[[str], None]

    @property
    def core(self) -> Any:
        """The API for nodes and pods, typed so that the client accepts plain objects."""
        return client.CoreV1Api(self.api)

    def nodes(self) -> list[Any]:
        """The pool's nodes by name."""
        listed = self.core.list_node(label_selector=f"kubernetes.azure.com/agentpool={self.pool}").items
        return sorted(listed, key=lambda node: str(node.metadata.name))

    def pods(self, app: str) -> list[Any]:
        """The names of a workload's pods, except for terminating ones."""
        listed = self.core.list_namespaced_pod(self.namespace, label_selector=f"app={app}").items
        staying = [pod for pod in listed if pod.metadata.deletion_timestamp is None]
        return sorted(staying, key=lambda pod: str(pod.metadata.name))

    def evict(self, pod: str, **options: Any) -> None:
        """Evict a pod.

        Raises:
            ApiException: the API server rejects the eviction.
        """
        body: dict[str, Any] = {"metadata": {"name": pod, "namespace": self.namespace}}
        if options:
            body["deleteOptions"] = options
        dry = {"dry_run": "All"} if "dryRun" in options else {}
        self.core.create_namespaced_pod_eviction(pod, self.namespace, body, **dry)

    def budget(self, name: str) -> Any:
        """A budget's status."""
        policy = client.PolicyV1Api(self.api)
        return policy.read_namespaced_pod_disruption_budget(name, self.namespace).status


def changes(collection: Callable[..., Any], *place: str, **options: Any) -> Iterator[tuple[str, Any]]:
    """Watch a collection: yield event types and objects until the caller stops or the watch ends."""
    for event in watch.Watch().stream(collection, *place, **options):  # type: ignore[no-untyped-call]  # no types
        yield str(event["type"]), event["object"]


def is_ready(item: Any) -> bool:
    """Whether a node or pod meets the condition Ready."""
    return any(each.type == "Ready" and each.status == "True" for each in item.status.conditions or [])


class Platform(Protocol):
    """The platform that a test runs on."""

    def __call__(self, nodes: int, *workloads: WorkloadSpec) -> Any:
        """Return a context manager for a cluster with nodes and workloads."""


@contextmanager
def simulated(nodes: int, *workloads: WorkloadSpec) -> Iterator[Cluster]:
    """A cluster in the simulated world, in which time passes while the test waits."""
    mine = tuple(replace(workload, pool="user1") for workload in workloads)
    spec = ClusterSpec("contract", "westeurope", (PoolSpec("user1", nodes),), workloads=mine)
    region = RegionSpec("westeurope", None, timedelta(days=10))
    fleet = FleetSpec("contract", datetime(2026, 11, 16, tzinfo=UTC), (region,), (spec,))
    with running_simulation(fleet) as running:
        token = SimulatedCredential(running.environment).get_token(f"{KUBERNETES_AUDIENCE}/.default").token
        url = f"{running.environment['ARM_URL']}/clusters/contract"
        with api_client(url, running.environment["CA_FILE"], token) as api:

            def reboot(node: str) -> None:
                there = running.world.clusters["contract"]
                reboots.restart(running.world.core, there, there.nodes[node], "the test")

            yield Cluster(api, workloads[0].namespace if workloads else "default", "user1", _waits(running), reboot)


def _waits(running: Running) -> Callable[[str, Callable[[], object]], None]:
    def until(what: str, holds: Callable[[], object]) -> None:
        ends = running.world.now + SIMULATED_PATIENCE
        while not holds():
            assert running.world.now < ends, f"never: {what}"
            running.advance(running.world.now + timedelta(seconds=1))

    return until


def real(plane: ControlPlane) -> Platform:
    """Clusters on a real control plane, each with its own namespace and nodes."""

    @contextmanager
    def opened(nodes: int, *workloads: WorkloadSpec) -> Iterator[Cluster]:
        with api_client(plane.url, str(plane.ca_file), plane.token) as api, staged(api, nodes, workloads) as stage:
            core = client.CoreV1Api(api)

            def reboot(node: str) -> None:
                begin_boot(core, node)
                _wait("it went down", lambda: not is_ready(core.read_node(node)))
                end_boot(core, node)

            cluster = Cluster(api, stage.namespace, stage.pool, _wait, reboot)
            _wait("its nodes are Ready", lambda: all(is_ready(node) for node in cluster.nodes()))
            for workload in workloads:
                _wait(f"{workload.name} runs", lambda name=workload.name: _runs(cluster, name))  # type: ignore[misc]  # bound now
            yield cluster

    return opened


def _runs(cluster: Cluster, app: str) -> bool:
    pods = cluster.pods(app)
    return bool(pods) and all(is_ready(pod) for pod in pods)


def _wait(what: str, holds: Callable[[], object]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < ends, f"never: {what}"
        time.sleep(0.05)


def api_client(url: str, ca_file: str, token: str) -> client.ApiClient:
    """Return the client without retries, so that tests see every response."""
    configuration = client.Configuration()
    configuration.host = url
    configuration.ssl_ca_cert = ca_file
    configuration.retries = urllib3.Retry(0)
    configuration.api_key["authorization"] = f"Bearer {token}"
    return client.ApiClient(configuration)
