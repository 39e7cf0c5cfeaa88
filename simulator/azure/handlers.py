"""ARM's handlers for AKS. Each reads from the world or requests a change in it."""

from collections.abc import Callable

from simulator.azure import documents, fleet_manager, graph
from simulator.azure.arm_request import ArmRequest, page, require_no_body
from simulator.azure.credentials import credential_results, exec_user, kubeconfig
from simulator.azure.errors import ArmError
from simulator.azure.longrunning import LongRunning
from simulator.azure.poolbody import read_change
from simulator.http_types import HttpRequest, HttpResponse, JsonObject
from simulator.world.specs import TENANT
from simulator.world.state import Cluster, Node, Operation, Pool
from simulator.world.world import World


class Handlers:
    """Has one method for each handler that the routes name."""

    def __init__(self, world: World, long_running: LongRunning, ca_pem: bytes, page_size: int) -> None:
        self._world = world
        self._long_running = long_running
        self._ca_pem = ca_pem
        self._page_size = page_size

    def handle(self, name: str, request: ArmRequest) -> HttpResponse:
        """Call the handler with this name."""
        handler: Callable[[ArmRequest], HttpResponse] = getattr(self, name)
        return handler(request)

    def list_subscriptions(self, request: ArmRequest) -> HttpResponse:
        """List the subscriptions that the caller can see."""
        del request
        found = [_subscription(item) for item in self._world.core.spec.subscriptions]
        return HttpResponse(200, {"value": found, "count": {"type": "Total", "value": len(found)}})

    def get_subscription(self, request: ArmRequest) -> HttpResponse:
        """Return one subscription."""
        return HttpResponse(200, _subscription(self._subscription(request)))

    def list_clusters(self, request: ArmRequest) -> HttpResponse:
        """List the clusters in a subscription or in one of its resource groups, page by page.

        Raises:
            ArmError: 404, the resource group does not exist.
        """
        subscription = self._subscription(request)
        found = [c for c in self._world.clusters.values() if c.spec.subscription == subscription]
        group = request.names.get("group")
        if group is not None:
            found = [c for c in found if c.spec.resource_group.lower() == group.lower()]
            if not found:
                message = f"Resource group '{group}' could not be found."
                raise ArmError(404, "ResourceGroupNotFound", message)
        return page(request, [documents.cluster_document(cluster) for cluster in found], self._page_size)

    def get_cluster(self, request: ArmRequest) -> HttpResponse:
        """Return one cluster."""
        return HttpResponse(200, documents.cluster_document(self._cluster(request)))

    def start_cluster(self, request: ArmRequest) -> HttpResponse:
        """Start a cluster: 202 with an empty body."""
        require_no_body(request)
        return self._accepted(request, self._world.start(self._cluster(request), request.principal))

    def stop_cluster(self, request: ArmRequest) -> HttpResponse:
        """Stop a cluster: 202 with an empty body."""
        require_no_body(request)
        return self._accepted(request, self._world.stop(self._cluster(request), request.principal))

    def abort_cluster(self, request: ArmRequest) -> HttpResponse:
        """Abort the operation in progress on a cluster."""
        require_no_body(request)
        return self._accepted(request, self._world.abort(self._cluster(request), None, request.principal))

    def user_credentials(self, request: ArmRequest) -> HttpResponse:
        """Return the kubeconfig for sign-in with Entra ID.

        Raises:
            ArmError: 400, another format was requested.
        """
        require_no_body(request)
        if request.call.query.get("format", "azure") != "exec":
            raise ArmError(400, "InvalidParameter", "Only format=exec is simulated: local accounts are disabled.")
        cluster = self._cluster(request)
        server = f"{request.call.origin}/clusters/{cluster.name}"
        return HttpResponse(200, credential_results(kubeconfig(cluster.name, server, self._ca_pem, exec_user(TENANT))))

    def cluster_upgrades(self, request: ArmRequest) -> HttpResponse:
        """Return the Kubernetes versions that follow a cluster's current one."""
        return HttpResponse(200, documents.cluster_upgrade_profile(self._world.core, self._cluster(request)))

    def pool_versions(self, request: ArmRequest) -> HttpResponse:
        """Return the Kubernetes versions that a pool can use."""
        return HttpResponse(200, documents.available_versions(self._world.core, self._cluster(request)))

    def list_pools(self, request: ArmRequest) -> HttpResponse:
        """List a cluster's pools."""
        cluster = self._cluster(request)
        return page(
            request, [documents.pool_document(cluster, pool) for pool in cluster.pools.values()], self._page_size
        )

    def get_pool(self, request: ArmRequest) -> HttpResponse:
        """Return one pool."""
        return HttpResponse(200, documents.pool_document(*self._pool(request)))

    def list_pool_machines(self, request: ArmRequest) -> HttpResponse:
        """List a pool's machines, page by page."""
        cluster, pool = self._pool(request)
        found = [documents.pool_machine_document(cluster, pool, node) for node in _machines(cluster, pool)]
        return page(request, found, self._page_size)

    def get_pool_machine(self, request: ArmRequest) -> HttpResponse:
        """Return one machine of a pool.

        Raises:
            ArmError: 404, the machine does not exist.
        """
        cluster, pool = self._pool(request)
        name = request.names["machine"]
        for node in _machines(cluster, pool):
            if node.name == name.lower():
                return HttpResponse(200, documents.pool_machine_document(cluster, pool, node))
        raise _not_found(f"managedClusters/{cluster.name}/agentPools/{pool.name}/machines/{name}", cluster)

    def put_pool(self, request: ArmRequest) -> HttpResponse:
        """Change a pool: 200 with the pool in the body, while the operation continues."""
        cluster, pool = self._pool(request)
        _check_etag(request.call, documents.pool_etag(cluster, pool))
        change = read_change(cluster, pool, request.call.document())
        operation = self._world.change_pool(cluster, pool, change, request.principal)
        headers = self._long_running.headers(operation, request.call.origin, location=False)
        return HttpResponse(200, documents.pool_document(cluster, pool), headers)

    def pool_upgrades(self, request: ArmRequest) -> HttpResponse:
        """Return a pool's upgrade profile, which contains the newest image."""
        return HttpResponse(200, documents.pool_upgrade_profile(self._world.core, *self._pool(request)))

    def upgrade_pool(self, request: ArmRequest) -> HttpResponse:
        """Start upgrading a pool's node image: 202 with the pool in the body."""
        require_no_body(request)
        cluster, pool = self._pool(request)
        operation = self._world.upgrade(cluster, pool, request.principal)
        return HttpResponse(202, documents.pool_document(cluster, pool), self._address(request, operation))

    def abort_pool(self, request: ArmRequest) -> HttpResponse:
        """Abort the operation in progress on a pool."""
        require_no_body(request)
        cluster, pool = self._pool(request)
        return self._accepted(request, self._world.abort(cluster, pool, request.principal))

    def list_maintenance(self, request: ArmRequest) -> HttpResponse:
        """List a cluster's maintenance configurations."""
        cluster = self._cluster(request)
        found = [documents.maintenance_document(self._world.core, cluster)] if cluster.spec.maintenance else []
        return HttpResponse(200, {"value": found})

    def get_maintenance(self, request: ArmRequest) -> HttpResponse:
        """Return one maintenance configuration.

        Raises:
            ArmError: 404, the configuration does not exist.
        """
        cluster = self._cluster(request)
        name = request.names["configuration"]
        if cluster.spec.maintenance is None or name.lower() != documents.NODE_OS_SCHEDULE.lower():
            raise _not_found(f"managedClusters/{cluster.name}/maintenanceConfigurations/{name}", cluster)
        return HttpResponse(200, documents.maintenance_document(self._world.core, cluster))

    def operation_status(self, request: ArmRequest) -> HttpResponse:
        """Return the status of an operation."""
        names = request.names
        return self._long_running.status(request.call, names["subscription"], names["region"], names["operation"])

    def operation_result(self, request: ArmRequest) -> HttpResponse:
        """Return the result of an operation."""
        names = request.names
        return self._long_running.result(request.call, names["subscription"], names["region"], names["operation"])

    def query_graph(self, request: ArmRequest) -> HttpResponse:
        """Run a Resource Graph query."""
        rows = {table: fleet_manager.graph_rows(self._world, table) for table in graph.TABLES}
        rows["resources"] = [*map(graph.resource, self._world.clusters.values()), *rows["resources"]]
        found = graph.query(rows, request.call.document())
        return HttpResponse(200, found.document(), {"x-ms-user-quota-resets-after": "00:00:05"})

    def _subscription(self, request: ArmRequest) -> str:
        wanted = request.names["subscription"].lower()
        for subscription in self._world.core.spec.subscriptions:
            if subscription.lower() == wanted:
                return subscription
        raise ArmError(404, "SubscriptionNotFound", f"The subscription '{wanted}' could not be found.")

    def _cluster(self, request: ArmRequest) -> Cluster:
        subscription = self._subscription(request)
        group, name = request.names["group"].lower(), request.names["cluster"].lower()
        known = False
        for cluster in self._world.clusters.values():
            spec = cluster.spec
            if spec.subscription != subscription or spec.resource_group.lower() != group:
                continue
            known = True
            if spec.name.lower() == name:
                return cluster
        if not known:
            message = f"Resource group '{request.names['group']}' could not be found."
            raise ArmError(404, "ResourceGroupNotFound", message)
        message = (
            f"The Resource 'Microsoft.ContainerService/managedClusters/{request.names['cluster']}' under resource group "
            f"'{request.names['group']}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
        )
        raise ArmError(404, "ResourceNotFound", message)

    def _pool(self, request: ArmRequest) -> tuple[Cluster, Pool]:
        cluster = self._cluster(request)
        pool = cluster.pools.get(request.names["pool"].lower())
        if pool is None:
            raise _not_found(f"managedClusters/{cluster.name}/agentPools/{request.names['pool']}", cluster)
        return cluster, pool

    def _accepted(self, request: ArmRequest, operation: Operation) -> HttpResponse:
        return HttpResponse(202, None, self._address(request, operation))

    def _address(self, request: ArmRequest, operation: Operation) -> dict[str, str]:
        headers = self._long_running.headers(operation, request.call.origin)
        missing = self._world.core.take_missing_address(operation.cluster)
        if missing is None:
            return headers
        return {name: value for name, value in headers.items() if missing.result and name == "Location"}


def _machines(cluster: Cluster, pool: Pool) -> list[Node]:
    """Return the nodes that have a machine: a stopped cluster has none, because a stop deletes the instances."""
    return [] if cluster.power_state == "Stopped" else cluster.nodes_of(pool.name)


def _subscription(subscription: str) -> JsonObject:
    return {
        "id": f"/subscriptions/{subscription}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription,
        "tenantId": TENANT,
        "displayName": "Simulated subscription",
        "state": "Enabled",
        "subscriptionPolicies": {"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01"},
    }


def _not_found(what: str, cluster: Cluster) -> ArmError:
    message = (
        f"The Resource 'Microsoft.ContainerService/{what}' under resource group "
        f"'{cluster.spec.resource_group}' was not found."
    )
    return ArmError(404, "NotFound", message)


def _check_etag(call: HttpRequest, present: str) -> None:
    """Compare If-Match with the ETag. AKS responds with 409 EtagMismatch where other services use 412."""
    wanted = call.headers.get("If-Match")
    if wanted not in (None, "*") and str(wanted).strip('"') != present:
        raise ArmError(
            409, "EtagMismatch", f"The ETag {wanted} does not match the current one, {present}. Read the pool again."
        )
    if call.headers.get("If-None-Match") is not None:
        raise ArmError(409, "EtagMismatch", "The pool exists already.")
