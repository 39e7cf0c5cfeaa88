"""Every body of the simulated Azure is one that the SDK's models describe, except for the recorded deviations listed here."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.mgmt.compute import models as compute
from azure.mgmt.containerservice import models as aks

from simulator.azure import documents, machines
from simulator.untidy_fleets import untidy_fleet
from simulator.world.core import Core
from simulator.world.state import Cluster
from simulator.world.world import World
from tests.simulator.azure.model_check import deviations

START = datetime(2026, 11, 16, 6, tzinfo=UTC)
# What differs from the models, and why.
KNOWN = {
    # Stands for a type that did not exist when the models were written: the field is free text.
    "type: 'FlexNodes' is not in AgentPoolType",
    # The value of a preview version, which other versions return as well.
    "mode: 'Machines' is not in AgentPoolMode",
    # The list of sizes ends before version 5; the SDK marks it as incomplete, and the field is free text.
    "vmSize: 'Standard_D4s_v5' is not in VirtualMachineSizeTypes",
}


def all_deviations(core: Core, cluster: Cluster) -> Iterator[str]:
    """Yield what differs from the models in every body about a cluster."""
    yield from deviations(aks, aks.ManagedCluster, documents.cluster_document(cluster))
    yield from deviations(aks, aks.ManagedClusterUpgradeProfile, documents.cluster_upgrade_profile(core, cluster))
    yield from deviations(aks, aks.AgentPoolAvailableVersions, documents.available_versions(core, cluster))
    if cluster.spec.maintenance is not None:
        yield from deviations(aks, aks.MaintenanceConfiguration, documents.maintenance_document(core, cluster))
    for pool in cluster.pools.values():
        yield from deviations(aks, aks.AgentPool, documents.pool_document(cluster, pool))
        yield from deviations(aks, aks.AgentPoolUpgradeProfile, documents.pool_upgrade_profile(core, cluster, pool))
        for node in cluster.nodes_of(pool.name):
            yield from deviations(aks, aks.Machine, documents.pool_machine_document(cluster, pool, node))
            yield from _of_machine(cluster, pool.name, node.name)


def _of_machine(cluster: Cluster, pool: str, name: str) -> Iterator[str]:
    node = cluster.nodes[name]
    if machines.is_instance(node):
        document = machines.machine_document(cluster, cluster.pools[pool], node, with_view=True)
        yield from deviations(compute, compute.VirtualMachineScaleSetVM, document)
    else:
        yield from deviations(compute, compute.VirtualMachine, machines.virtual_machine_document(cluster, node))


@pytest.mark.parametrize("seed", range(12))
def test_every_body_is_described_by_the_models(seed: int) -> None:
    world = World(untidy_fleet(seed, START), seed)
    found: set[str] = set()
    for hours in (0, 6, 12, 18):
        world.advance(START + timedelta(hours=hours))
        for cluster in world.clusters.values():
            found.update(
                each.rpartition(".")[2] if "not in" in each else each for each in all_deviations(world.core, cluster)
            )
    assert found <= KNOWN


def test_a_key_a_type_and_a_value_that_the_model_does_not_know_are_found() -> None:
    body = {"name": 1, "properties": {"count": "3", "powerState": {"code": "Asleep"}, "colour": "red", "tags": None}}
    assert sorted(deviations(aks, aks.AgentPool, body)) == [
        "name: int instead of str",
        "properties.colour: unknown key",
        "properties.count: str instead of int",
        "properties.powerState.code: 'Asleep' is not in Code",
    ]
