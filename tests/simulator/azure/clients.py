"""The production clients connected to a simulation, without retries, so that tests see each response."""

from typing import Any

from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.costmanagement import CostManagementClient
from azure.mgmt.resourcegraph import ResourceGraphClient

from simulator.running import Running, SimulatedCredential


def aks_client(simulation: Running) -> ContainerServiceClient:
    return ContainerServiceClient(
        subscription_id=simulation.environment["SUBSCRIPTION"], **_through_resource_manager(simulation)
    )


def compute_client(simulation: Running) -> ComputeManagementClient:
    return ComputeManagementClient(
        subscription_id=simulation.environment["SUBSCRIPTION"], **_through_resource_manager(simulation)
    )


def graph_client(simulation: Running) -> ResourceGraphClient:
    return ResourceGraphClient(**_through_resource_manager(simulation))


def cost_client(simulation: Running) -> CostManagementClient:
    return CostManagementClient(**_through_resource_manager(simulation))


def _through_resource_manager(simulation: Running) -> dict[str, Any]:
    environment = simulation.environment
    return {
        "credential": SimulatedCredential(environment),
        "base_url": environment["ARM_URL"],
        "credential_scopes": ["https://management.azure.com/.default"],
        "connection_verify": environment["CA_FILE"],
        "retry_total": 0,
    }
