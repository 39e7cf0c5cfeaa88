"""What ARM does for each known request: reads the world's documents, asks the world to change."""

from collections.abc import Callable

from simulator.azure import documents, graph
from simulator.azure.credentials import credential_results, exec_user, kubeconfig
from simulator.azure.errors import ArmError
from simulator.azure.longrunning import LongRunning
from simulator.azure.poolbody import read_change
from simulator.azure.query import Query, page, require_no_body
from simulator.http_types import Answer, Call, JsonObject
from simulator.world.specs import TENANT
from simulator.world.state import Cluster, Operation, Pool
from simulator.world.world import World


class Handlers:
    """One method for each handler that the routes name."""

    def __init__(self, world: World, long_running: LongRunning, ca_pem: bytes, page_size: int) -> None:
        self._world = world
        self._long_running = long_running
        self._ca_pem = ca_pem
        self._page_size = page_size

    def handle(self, name: str, asked: Query) -> Answer:
        """Call the handler of that name."""
        handler: Callable[[Query], Answer] = getattr(self, name)
        return handler(asked)

    def list_subscriptions(self, asked: Query) -> Answer:
        """List the subscriptions that the identity sees."""
        del asked
        found = [_subscription(item) for item in self._world.core.spec.subscriptions]
        return Answer(200, {"value": found, "count": {"type": "Total", "value": len(found)}})

    def get_subscription(self, asked: Query) -> Answer:
        """Return one subscription."""
        return Answer(200, _subscription(self._subscription(asked)))

    def list_clusters(self, asked: Query) -> Answer:
        """List the clusters of a subscription or of one of its groups, page by page."""
        subscription = self._subscription(asked)
        found = [c for c in self._world.clusters.values() if c.spec.subscription == subscription]
        group = asked.names.get("group")
        if group is not None:
            found = [c for c in found if c.spec.resource_group.lower() == group.lower()]
            if not found:
                message = f"Resource group '{group}' could not be found."
                raise ArmError(404, "ResourceGroupNotFound", message)
        return page(asked, [documents.cluster_document(cluster) for cluster in found], self._page_size)

    def get_cluster(self, asked: Query) -> Answer:
        """Return one cluster."""
        return Answer(200, documents.cluster_document(self._cluster(asked)))

    def start_cluster(self, asked: Query) -> Answer:
        """Begin to start a cluster: 202 with an empty body."""
        require_no_body(asked)
        return self._accepted(asked, self._world.start(self._cluster(asked), asked.principal))

    def stop_cluster(self, asked: Query) -> Answer:
        """Begin to stop a cluster: 202 with an empty body."""
        require_no_body(asked)
        return self._accepted(asked, self._world.stop(self._cluster(asked), asked.principal))

    def abort_cluster(self, asked: Query) -> Answer:
        """Abort what runs on a cluster."""
        require_no_body(asked)
        return self._accepted(asked, self._world.abort(self._cluster(asked), None, asked.principal))

    def user_credentials(self, asked: Query) -> Answer:
        """Return the kubeconfig for signing in with Entra."""
        require_no_body(asked)
        if asked.call.query.get("format", "azure") != "exec":
            raise ArmError(400, "InvalidParameter", "Only format=exec is simulated: local accounts are disabled.")
        cluster = self._cluster(asked)
        server = f"{asked.call.origin}/clusters/{cluster.name}"
        return Answer(200, credential_results(kubeconfig(cluster.name, server, self._ca_pem, exec_user(TENANT))))

    def cluster_upgrades(self, asked: Query) -> Answer:
        """Return the Kubernetes versions that follow a cluster's own."""
        return Answer(200, documents.cluster_upgrade_profile(self._world.core, self._cluster(asked)))

    def pool_versions(self, asked: Query) -> Answer:
        """Return the Kubernetes versions that a pool may have."""
        return Answer(200, documents.available_versions(self._world.core, self._cluster(asked)))

    def list_pools(self, asked: Query) -> Answer:
        """List a cluster's pools."""
        cluster = self._cluster(asked)
        return page(asked, [documents.pool_document(cluster, pool) for pool in cluster.pools.values()], self._page_size)

    def get_pool(self, asked: Query) -> Answer:
        """Return one pool."""
        return Answer(200, documents.pool_document(*self._pool(asked)))

    def put_pool(self, asked: Query) -> Answer:
        """Change a pool: 200 with the pool, whose operation goes on."""
        cluster, pool = self._pool(asked)
        _check_etag(asked.call, documents.pool_etag(cluster, pool))
        change = read_change(cluster, pool, asked.call.document())
        operation = self._world.change_pool(cluster, pool, change, asked.principal)
        headers = self._long_running.headers(operation, asked.call.origin, location=False)
        return Answer(200, documents.pool_document(cluster, pool), headers)

    def pool_upgrades(self, asked: Query) -> Answer:
        """Return a pool's upgrade profile with the newest image."""
        return Answer(200, documents.pool_upgrade_profile(self._world.core, *self._pool(asked)))

    def upgrade_pool(self, asked: Query) -> Answer:
        """Begin to upgrade a pool's node image: 202 with the pool as body."""
        require_no_body(asked)
        cluster, pool = self._pool(asked)
        operation = self._world.upgrade(cluster, pool, asked.principal)
        headers = self._long_running.headers(operation, asked.call.origin)
        return Answer(202, documents.pool_document(cluster, pool), headers)

    def abort_pool(self, asked: Query) -> Answer:
        """Abort what runs on a pool."""
        require_no_body(asked)
        cluster, pool = self._pool(asked)
        return self._accepted(asked, self._world.abort(cluster, pool, asked.principal))

    def list_maintenance(self, asked: Query) -> Answer:
        """List a cluster's maintenance configurations."""
        cluster = self._cluster(asked)
        found = [documents.maintenance_document(self._world.core, cluster)] if cluster.spec.maintenance else []
        return Answer(200, {"value": found})

    def get_maintenance(self, asked: Query) -> Answer:
        """Return one maintenance configuration."""
        cluster = self._cluster(asked)
        name = asked.names["configuration"]
        if cluster.spec.maintenance is None or name.lower() != documents.NODE_OS_SCHEDULE.lower():
            raise _not_found(f"managedClusters/{cluster.name}/maintenanceConfigurations/{name}", cluster)
        return Answer(200, documents.maintenance_document(self._world.core, cluster))

    def operation_status(self, asked: Query) -> Answer:
        """Return how far an operation is."""
        names = asked.names
        return self._long_running.status(asked.call, names["subscription"], names["region"], names["operation"])

    def operation_result(self, asked: Query) -> Answer:
        """Return an operation's result."""
        names = asked.names
        return self._long_running.result(asked.call, names["subscription"], names["region"], names["operation"])

    def query_graph(self, asked: Query) -> Answer:
        """Answer a Resource Graph query."""
        found = graph.query(list(self._world.clusters.values()), asked.call.document())
        return Answer(200, found.document(), {"x-ms-user-quota-resets-after": "00:00:05"})

    def _subscription(self, asked: Query) -> str:
        wanted = asked.names["subscription"].lower()
        for subscription in self._world.core.spec.subscriptions:
            if subscription.lower() == wanted:
                return subscription
        raise ArmError(404, "SubscriptionNotFound", f"The subscription '{wanted}' could not be found.")

    def _cluster(self, asked: Query) -> Cluster:
        subscription = self._subscription(asked)
        group, name = asked.names["group"].lower(), asked.names["cluster"].lower()
        known = False
        for cluster in self._world.clusters.values():
            spec = cluster.spec
            if spec.subscription != subscription or spec.resource_group.lower() != group:
                continue
            known = True
            if spec.name.lower() == name:
                return cluster
        if not known:
            message = f"Resource group '{asked.names['group']}' could not be found."
            raise ArmError(404, "ResourceGroupNotFound", message)
        message = (
            f"The Resource 'Microsoft.ContainerService/managedClusters/{asked.names['cluster']}' under resource group "
            f"'{asked.names['group']}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
        )
        raise ArmError(404, "ResourceNotFound", message)

    def _pool(self, asked: Query) -> tuple[Cluster, Pool]:
        cluster = self._cluster(asked)
        pool = cluster.pools.get(asked.names["pool"].lower())
        if pool is None:
            raise _not_found(f"managedClusters/{cluster.name}/agentPools/{asked.names['pool']}", cluster)
        return cluster, pool

    def _accepted(self, asked: Query, operation: Operation) -> Answer:
        return Answer(202, None, self._long_running.headers(operation, asked.call.origin))


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


def _check_etag(call: Call, present: str) -> None:
    """Compare If-Match; AKS answers 409 EtagMismatch where others answer 412."""
    wanted = call.headers.get("If-Match")
    if wanted not in (None, "*") and str(wanted).strip('"') != present:
        raise ArmError(409, "EtagMismatch", f"The ETag {wanted} does not match the present one, {present}: read again.")
    if call.headers.get("If-None-Match") is not None:
        raise ArmError(409, "EtagMismatch", "The pool exists already.")
