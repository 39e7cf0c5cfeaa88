"""The compute provider: the scale sets in each cluster's node resource group, their machines, what is done to them."""

from collections.abc import Callable

from simulator.azure import machines
from simulator.azure.documents import etag
from simulator.azure.errors import ArmError
from simulator.azure.longrunning import LongRunning
from simulator.azure.query import Query, page, require_no_body
from simulator.http_types import Answer
from simulator.world import reboots, spot
from simulator.world.nodes import node_resource_group
from simulator.world.state import Cluster, Node, Pool
from simulator.world.world import World

# The notice that a machine gets of its own simulated eviction.
NOTICE_S = 30
_VMSS = "Microsoft.Compute/virtualMachineScaleSets"


class Compute:
    """One method for each handler that the routes name."""

    def __init__(self, world: World, long_running: LongRunning, page_size: int) -> None:
        self._world = world
        self._long_running = long_running
        self._page_size = page_size

    def handle(self, name: str, asked: Query) -> Answer:
        """Call the handler of that name."""
        handler: Callable[[Query], Answer] = getattr(self, name)
        return handler(asked)

    def list_scale_sets(self, asked: Query) -> Answer:
        """List the scale sets of a node resource group."""
        cluster = self._cluster(asked)
        found = [machines.scale_set_document(cluster, pool) for pool in cluster.pools.values()]
        return page(asked, found, self._page_size)

    def get_scale_set(self, asked: Query) -> Answer:
        """Return one scale set."""
        return Answer(200, machines.scale_set_document(*self._pool(asked)))

    def list_machines(self, asked: Query) -> Answer:
        """List a scale set's machines; those of a stopped cluster are still there, deallocated."""
        cluster, pool = self._pool(asked)
        view = asked.call.query.get("$expand", "").lower() == "instanceview"
        nodes = sorted(cluster.nodes_of(pool.name), key=lambda node: int(machines.instance_id(node)))
        found = [machines.machine_document(cluster, pool, node, with_view=view) for node in nodes]
        return page(asked, found, self._page_size)

    def get_machine(self, asked: Query) -> Answer:
        """Return one machine."""
        view = asked.call.query.get("$expand", "").lower() == "instanceview"
        return Answer(200, machines.machine_document(*self._machine(asked), with_view=view))

    def get_instance_view(self, asked: Query) -> Answer:
        """Return what one machine says of itself."""
        cluster, _, node = self._machine(asked)
        return Answer(200, machines.instance_view(cluster, node))

    def restart_machine(self, asked: Query) -> Answer:
        """Begin to restart a machine: 202."""
        require_no_body(asked)
        cluster, _, node = self._machine(asked)
        _require_open(asked, cluster, f"{_VMSS}/virtualMachines/restart/action")
        operation = reboots.restart(self._world.core, cluster, node, asked.principal)
        return Answer(202, None, self._long_running.compute_headers(operation, asked.call.origin))

    def simulate_eviction(self, asked: Query) -> Answer:
        """Have a spot machine evicted: 204, and half a minute later it goes."""
        require_no_body(asked)
        cluster, pool, node = self._machine(asked)
        _require_open(asked, cluster, f"{_VMSS}/virtualMachines/simulateEviction/action")
        if pool.spec.priority != "Spot":
            message = "The operation 'simulateEviction' is only supported for virtual machines of priority Spot."
            raise ArmError(409, "OperationNotAllowed", message)
        reboots.require_running(cluster, node)
        spot.preempt(self._world.core, cluster, node, NOTICE_S)
        return Answer(204)

    def operation_status(self, asked: Query) -> Answer:
        """Return how far an operation is."""
        return self._long_running.compute_status(asked.call, asked.names)

    def _cluster(self, asked: Query) -> Cluster:
        names = asked.names
        for cluster in self._world.clusters.values():
            here = cluster.spec.subscription == names["subscription"].lower()
            if here and node_resource_group(cluster).lower() == names["group"].lower():
                return cluster
        raise ArmError(404, "ResourceGroupNotFound", f"Resource group '{names['group']}' could not be found.")

    def _pool(self, asked: Query) -> tuple[Cluster, Pool]:
        cluster = self._cluster(asked)
        wanted = asked.names["scaleset"].lower()
        for pool in cluster.pools.values():
            if machines.scale_set_name(cluster, pool) == wanted:
                return cluster, pool
        message = (
            f"The Resource '{_VMSS}/{asked.names['scaleset']}' under resource group '{asked.names['group']}' was not "
            "found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
        )
        raise ArmError(404, "ResourceNotFound", message)

    def _machine(self, asked: Query) -> tuple[Cluster, Pool, Node]:
        cluster, pool = self._pool(asked)
        number = asked.names["machine"]
        if not number.isdigit():
            message = "Virtual Machine Scale Set VM instanceId must be a number."
            raise ArmError(400, "InvalidParameter", message)
        for node in cluster.nodes_of(pool.name):
            if machines.instance_id(node) == number:
                return cluster, pool, node
        message = f"The entity was not found in this Azure location: instance {number} of {asked.names['scaleset']}."
        raise ArmError(404, "NotFound", message)


def _require_open(asked: Query, cluster: Cluster, action: str) -> None:
    """Refuse to change a machine behind a lockdown: a deny assignment, which spares reads.

    Raises:
        ArmError: 403.
    """
    if not cluster.spec.lockdown:
        return
    group = f"/subscriptions/{cluster.spec.subscription}/resourceGroups/{node_resource_group(cluster)}"
    denial = etag("deny", cluster.name)
    message = (
        f"The client '{asked.principal}' with object id '{asked.principal}' has permission to perform action '{action}' "
        f"on scope '{asked.call.path}'; however, the access is denied because of the deny assignment with name "
        f"'AKS deny assignment' and Id '{denial.replace('-', '')}' at scope '{group}'."
    )
    raise ArmError(403, "DenyAssignmentAuthorizationFailed", message)
