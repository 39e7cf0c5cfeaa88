"""Node auto-provisioning and managed system pools in the simulated world, read with the bot's own adapter."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import cast

import pytest
from azure.core.credentials import TokenCredential

from ops.adapters.kubernetes_nodes import KubernetesNodes
from ops.model.auto_provisioning import AutoProvisioning, NodeClaim
from simulator.running import Running, SimulatedCredential, running_simulation
from simulator.world.journal import Kind
from simulator.world.specs import ClusterSpec, FleetSpec, MaintenanceSpec, PoolSpec, RegionSpec
from tests.fakes import cluster

START = datetime(2026, 11, 16, tzinfo=UTC)
OLD, NEW = "AKSUbuntu-2204gen2containerd-202610.29.0", "AKSUbuntu-2204gen2containerd-202611.05.0"
WINDOW = MaintenanceSpec(weekday=1, start=time(2), duration_hours=4)
SYSTEM = (PoolSpec("system", 1, mode="System"),)
AUTO = ClusterSpec(
    "auto",
    "westeurope",
    SYSTEM,
    node_provisioning="Auto",
    provisioned_nodes=2,
    hosted_nodes=1,
    maintenance=WINDOW,
)


@pytest.fixture
def simulation() -> Iterator[Running]:
    regions = (RegionSpec("westeurope", None, timedelta(days=10)),)
    fleet = FleetSpec("auto", START, regions, (AUTO, ClusterSpec("plain", "westeurope", SYSTEM)))
    with running_simulation(fleet) as running:
        yield running


def port(simulation: Running, name: str) -> KubernetesNodes:
    authority = base64.b64encode(Path(simulation.environment["CA_FILE"]).read_bytes()).decode()
    server = {"server": f"{simulation.environment['ARM_URL']}/clusters/{name}", "certificate-authority-data": authority}
    kubeconfig = json.dumps({"clusters": [{"name": name, "cluster": server}]}).encode()
    return KubernetesNodes(cast("TokenCredential", SimulatedCredential(simulation.environment)), lambda _: kubeconfig)


def provisioning(simulation: Running) -> AutoProvisioning:
    found = port(simulation, "auto").auto_provisioning(cluster("auto"))
    assert found is not None
    return found


def by_image(found: AutoProvisioning) -> list[tuple[str, str]]:
    return sorted((claim.image, claim.drift) for claim in found.claims)


def test_each_node_has_a_claim_with_its_image_and_the_class_has_those_of_new_nodes(simulation: Running) -> None:
    found = provisioning(simulation)
    nodes = port(simulation, "auto").nodes(cluster("auto"))
    names = sorted(node.name for node in nodes if node.provisioner)
    expected = [NodeClaim(name.removeprefix("aks-"), name, "default", OLD) for name in names]
    assert sorted(found.claims, key=lambda claim: claim.node) == expected
    assert [each.images for each in found.classes] == [(OLD,)]


def test_a_cluster_without_auto_provisioning_does_not_know_these_kinds(simulation: Running) -> None:
    assert port(simulation, "plain").auto_provisioning(cluster("plain")) is None


def test_an_image_is_picked_in_the_window_and_the_nodes_are_then_replaced_one_at_a_time(simulation: Running) -> None:
    simulation.advance(datetime(2026, 11, 17, 1, 59, tzinfo=UTC))
    assert by_image(provisioning(simulation)) == [(OLD, ""), (OLD, "")]
    simulation.advance(datetime(2026, 11, 17, 2, 1, tzinfo=UTC))
    assert by_image(provisioning(simulation)) == [(OLD, ""), (OLD, "")]
    assert [each.images for each in provisioning(simulation).classes] == [(NEW,)]
    simulation.advance(datetime(2026, 11, 17, 2, 6, tzinfo=UTC))
    assert by_image(provisioning(simulation)) == [(OLD, "ImageDrift"), (OLD, "ImageDrift"), (NEW, "")]
    simulation.advance(datetime(2026, 11, 17, 2, 40, tzinfo=UTC))
    assert by_image(provisioning(simulation)) == [(NEW, ""), (NEW, "")]
    left = [entry.node for entry in simulation.world.journal.of(Kind.NODE_LEFT, "auto")]
    assert len(left) == len(set(left)) == 2


def test_nodes_of_managed_system_pools_are_registered_and_have_no_claim(simulation: Running) -> None:
    nodes = port(simulation, "auto").nodes(cluster("auto"))
    (hosted,) = (node for node in nodes if node.name.startswith("aks-hostedpool-"))
    assert (hosted.provisioner, hosted.pool, hosted.ready, hosted.image_label) == ("", "", True, OLD)
    assert hosted.name not in {claim.node for claim in provisioning(simulation).claims}
