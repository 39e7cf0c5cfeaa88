"""Scale set instances through the Azure Compute SDK. Each call is one attempt."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from ops.adapters.azure_endpoint import AzureEndpoint, ClientCache
from ops.adapters.azure_operations import begun
from ops.model.fleet import Node
from ops.ports.errors import RejectedError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.mgmt.compute import ComputeManagementClient

_INSTANCE = re.compile(
    r"azure:///subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/Microsoft\.Compute/virtualMachineScaleSets/(?P<scale_set>[^/]+)/virtualMachines/(?P<instance>\w+)",
    re.IGNORECASE,
)


@dataclass
class AzureMachines:
    """Implements `Machines`."""

    credential: "TokenCredential"
    endpoint: AzureEndpoint = field(default_factory=AzureEndpoint)

    def begin_restart(self, node: Node) -> str:
        """Sends one POST request to the instance in the node's provider id.

        Raises:
            RejectedError: the node does not belong to a scale set instance. Also raises the errors that `begun` raises.
        """
        match = _INSTANCE.fullmatch(node.provider_id)
        if match is None:
            raise RejectedError(
                "NoInstance", f"{node.name} does not belong to a scale set instance: {node.provider_id!r}"
            )
        return begun(
            f"restarting the instance of {node.name}",
            lambda first: self._clients.of(match["subscription"]).virtual_machine_scale_set_vms.begin_restart(
                match["group"], match["scale_set"], match["instance"], polling=first
            ),
        )

    @cached_property
    def _clients(self) -> "ClientCache[ComputeManagementClient]":
        from azure.mgmt.compute import ComputeManagementClient

        return ClientCache(lambda name: ComputeManagementClient(self.credential, name, **self.endpoint.options()))
