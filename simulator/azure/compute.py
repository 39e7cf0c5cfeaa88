"""The compute provider: the scale sets in each cluster's node resource group, their instances, single VMs, and actions on them."""

from collections.abc import Callable

from simulator.azure import machines
from simulator.azure.arm_request import ArmRequest, page, require_no_body
from simulator.azure.authorization import LOCKDOWN, deny_assignment_id
from simulator.azure.errors import ArmError
from simulator.azure.longrunning import LongRunning
from simulator.http_types import HttpResponse
from simulator.world import reboots, spot
from simulator.world.nodes import node_resource_group
from simulator.world.state import Cluster, Node, Pool
from simulator.world.world import World

# The notice period, in seconds, for a simulated eviction that was requested through the API.
NOTICE_S = 30
_VMSS = "Microsoft.Compute/virtualMachineScaleSets"
_VMS = "Microsoft.Compute/virtualMachines"


class Compute:
    """Has one method for each handler that the routes name."""

    def __init__(self, world: World, long_running: LongRunning, page_size: int) -> None:
        self._world = world
        self._long_running = long_running
        self._page_size = page_size

    def handle(self, name: str, request: ArmRequest) -> HttpResponse:
        """Call the handler with this name."""
        handler: Callable[[ArmRequest], HttpResponse] = getattr(self, name)
        return handler(request)

    def list_scale_sets(self, request: ArmRequest) -> HttpResponse:
        """List the scale sets in a node resource group."""
        cluster = self._cluster(request)
        found = [machines.scale_set_document(cluster, pool) for pool in cluster.pools.values() if _has_scale_set(pool)]
        return page(request, found, self._page_size)

    def get_scale_set(self, request: ArmRequest) -> HttpResponse:
        """Return one scale set."""
        return HttpResponse(200, machines.scale_set_document(*self._pool(request)))

    def list_machines(self, request: ArmRequest) -> HttpResponse:
        """List the instances in a scale set. Those of a stopped cluster are included as deallocated."""
        cluster, pool = self._pool(request)
        view = request.call.query.get("$expand", "").lower() == "instanceview"
        nodes = sorted(cluster.nodes_of(pool.name), key=lambda node: int(machines.instance_id(node)))
        found = [machines.machine_document(cluster, pool, node, with_view=view) for node in nodes]
        return page(request, found, self._page_size)

    def get_machine(self, request: ArmRequest) -> HttpResponse:
        """Return one instance."""
        view = request.call.query.get("$expand", "").lower() == "instanceview"
        return HttpResponse(200, machines.machine_document(*self._machine(request), with_view=view))

    def get_instance_view(self, request: ArmRequest) -> HttpResponse:
        """Return the instance view of one instance."""
        cluster, _, node = self._machine(request)
        return HttpResponse(200, machines.instance_view(cluster, node))

    def restart_machine(self, request: ArmRequest) -> HttpResponse:
        """Start restarting an instance: 202."""
        require_no_body(request)
        cluster, _, node = self._machine(request)
        _require_open(request, cluster, f"{_VMSS}/virtualMachines/restart/action")
        operation = reboots.restart(self._world.core, cluster, node, request.principal)
        return HttpResponse(202, None, self._long_running.compute_headers(operation, request.call.origin))

    def get_virtual_machine(self, request: ArmRequest) -> HttpResponse:
        """Return a single VM: a machine of a pool of type VirtualMachines, or of node auto-provisioning."""
        return HttpResponse(200, machines.virtual_machine_document(*self._virtual_machine(request)))

    def restart_virtual_machine(self, request: ArmRequest) -> HttpResponse:
        """Start restarting a single VM: 202."""
        require_no_body(request)
        cluster, node = self._virtual_machine(request)
        _require_open(request, cluster, f"{_VMS}/restart/action")
        operation = reboots.restart(self._world.core, cluster, node, request.principal)
        return HttpResponse(202, None, self._long_running.compute_headers(operation, request.call.origin))

    def simulate_eviction(self, request: ArmRequest) -> HttpResponse:
        """Evict a spot instance: 204. The instance is deleted half a minute later.

        Raises:
            ArmError: 409, the machine is not a spot machine.
        """
        require_no_body(request)
        cluster, pool, node = self._machine(request)
        _require_open(request, cluster, f"{_VMSS}/virtualMachines/simulateEviction/action")
        if pool.spec.priority != "Spot":
            message = "The operation 'simulateEviction' is only supported for virtual machines of priority Spot."
            raise ArmError(409, "OperationNotAllowed", message)
        reboots.require_running(cluster, node)
        spot.preempt(self._world.core, cluster, node, NOTICE_S)
        return HttpResponse(204)

    def operation_status(self, request: ArmRequest) -> HttpResponse:
        """Return the status of an operation."""
        return self._long_running.compute_status(request.call, request.names)

    def _cluster(self, request: ArmRequest) -> Cluster:
        return machines.cluster_of_group(self._world, request)

    def _pool(self, request: ArmRequest) -> tuple[Cluster, Pool]:
        cluster = self._cluster(request)
        wanted = request.names["scaleset"].lower()
        for pool in cluster.pools.values():
            if _has_scale_set(pool) and machines.scale_set_name(cluster, pool) == wanted:
                return cluster, pool
        message = (
            f"The Resource '{_VMSS}/{request.names['scaleset']}' under resource group '{request.names['group']}' was not "
            "found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
        )
        raise ArmError(404, "ResourceNotFound", message)

    def _machine(self, request: ArmRequest) -> tuple[Cluster, Pool, Node]:
        cluster, pool = self._pool(request)
        number = request.names["machine"]
        if not number.isdigit():
            message = "Virtual Machine Scale Set VM instanceId must be a number."
            raise ArmError(400, "InvalidParameter", message)
        for node in cluster.nodes_of(pool.name):
            if machines.instance_id(node) == number:
                return cluster, pool, node
        message = f"The entity was not found in this Azure location: instance {number} of {request.names['scaleset']}."
        raise ArmError(404, "NotFound", message)

    def _virtual_machine(self, request: ArmRequest) -> tuple[Cluster, Node]:
        cluster, name = self._cluster(request), request.names["machine"]
        node = cluster.nodes.get(name.lower())
        if node is not None and not machines.is_instance(node):
            return cluster, node
        message = (
            f"The Resource '{_VMS}/{name}' under resource group '{request.names['group']}' was not found. "
            "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
        )
        raise ArmError(404, "ResourceNotFound", message)


def _has_scale_set(pool: Pool) -> bool:
    return pool.spec.type != "VirtualMachines"


def _require_open(request: ArmRequest, cluster: Cluster, action: str) -> None:
    """Reject changes to an instance in a locked node resource group. The deny assignment does not apply to reads.

    Raises:
        ArmError: 403.
    """
    if not cluster.spec.machines_locked:
        return
    group = f"/subscriptions/{cluster.spec.subscription}/resourceGroups/{node_resource_group(cluster)}"
    message = (
        f"The client '{request.principal}' with object id '{request.principal}' has permission to perform action '{action}' "
        f"on scope '{request.call.path}'; however, the access is denied because of the deny assignment with name "
        f"'{LOCKDOWN}' and Id '{deny_assignment_id(cluster)}' at scope '{group}'."
    )
    raise ArmError(403, "DenyAssignmentAuthorizationFailed", message)
