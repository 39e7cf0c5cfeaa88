"""Virtual machines through the Azure Compute SDK. Each call is one attempt."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from ops.adapters.azure_endpoint import AzureEndpoint, ClientCache
from ops.adapters.azure_operations import begun
from ops.policy.node_identity import ConfirmedMachine

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.mgmt.compute import ComputeManagementClient


@dataclass
class AzureMachines:
    """Implements `Machines`."""

    credential: "TokenCredential"
    endpoint: AzureEndpoint = field(default_factory=AzureEndpoint)

    def begin_restart(self, confirmed: ConfirmedMachine) -> str:
        """Sends one POST request, to the scale set instance or to the single VM."""
        machine, doing = confirmed.machine, f"restarting the machine of {confirmed.node}"
        client = self._clients.of(machine.subscription)
        if machine.scale_set:
            return begun(
                doing,
                lambda first: client.virtual_machine_scale_set_vms.begin_restart(
                    machine.resource_group, machine.scale_set, machine.name, polling=first
                ),
            )
        return begun(
            doing,
            lambda first: client.virtual_machines.begin_restart(machine.resource_group, machine.name, polling=first),
        )

    @cached_property
    def _clients(self) -> "ClientCache[ComputeManagementClient]":
        from azure.mgmt.compute import ComputeManagementClient

        return ClientCache(lambda name: ComputeManagementClient(self.credential, name, **self.endpoint.options()))
