"""Clusters through the Azure Resource Manager SDK. Each call is one attempt; the engine retries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from azure.core.rest import HttpRequest

from ops.adapters.azure_documents import cluster_of, machine_listed
from ops.adapters.azure_endpoint import AzureEndpoint, ClientCache
from ops.adapters.azure_errors import refusals
from ops.adapters.azure_operations import begun
from ops.model.fleet import Cluster, Unknown
from ops.model.machine import ListedMachine
from ops.ports.azure import OperationStatus
from ops.ports.errors import RejectedError, TryLaterError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.mgmt.containerservice import ContainerServiceClient
    from azure.mgmt.resourcegraph import ResourceGraphClient

_ID_PARTS = 8  # subscriptions/S/resourceGroups/G/providers/P/managedClusters/N
_FLEET = (
    "Resources | where type =~ 'microsoft.containerservice/managedclusters' "
    "| project id, name, location, resourceGroup, subscriptionId, tags, sku, properties"
)


@dataclass
class AzureClusters:
    """Implements `Clusters`."""

    credential: "TokenCredential"
    endpoint: AzureEndpoint = field(default_factory=AzureEndpoint)

    def list_clusters(self, subscription: str) -> tuple[Cluster, ...]:
        """Runs one Resource Graph query, page by page."""
        from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

        clusters: list[Cluster] = []
        token: str | None = None
        while True:
            options = QueryRequestOptions(result_format="objectArray", skip_token=token)
            with refusals(f"listing the clusters of subscription {subscription}"):
                answer = self._graph.resources(
                    QueryRequest(subscriptions=[subscription], query=_FLEET, options=options)
                )
            clusters += [cluster_of(row) for row in cast("list[Mapping[str, Any]]", answer.data)]
            token = answer.skip_token
            if not token:
                return tuple(clusters)

    def cluster(self, cluster_id: str) -> Cluster:
        """Sends one GET request."""
        subscription, group, name = _parts(cluster_id)
        with refusals(f"reading the cluster {name}"):
            return cluster_of(self._clients.of(subscription).managed_clusters.get(group, name).as_dict())

    def newest_image(self, cluster_id: str, pool: str) -> str | Unknown:
        """Sends one GET request for the pool's upgrade profile."""
        subscription, group, name = _parts(cluster_id)
        with refusals(f"reading the upgrade profile of {name}/{pool}"):
            profile = self._clients.of(subscription).agent_pools.get_upgrade_profile(group, name, pool)
        return profile.properties.latest_node_image_version or Unknown("Azure offers no image for it")

    def machines(self, cluster_id: str, pool: str) -> tuple[ListedMachine, ...]:
        """Sends GET requests, page by page."""
        subscription, group, name = _parts(cluster_id)
        with refusals(f"listing the machines of {name}/{pool}"):
            found = [item.as_dict() for item in self._clients.of(subscription).machines.list(group, name, pool)]
        return tuple(machine for each in found if (machine := machine_listed(each)) is not None)

    def begin_upgrade_node_image(self, cluster_id: str, pool: str) -> str:
        """Sends one POST request."""
        subscription, group, name = _parts(cluster_id)
        return begun(
            f"upgrading the node image of {name}/{pool}",
            lambda first: self._clients.of(subscription).agent_pools.begin_upgrade_node_image_version(
                group, name, pool, polling=first
            ),
        )

    def begin_start(self, cluster_id: str) -> str:
        """Sends one POST request."""
        subscription, group, name = _parts(cluster_id)
        return begun(
            f"starting {name}",
            lambda first: self._clients.of(subscription).managed_clusters.begin_start(group, name, polling=first),
        )

    def begin_stop(self, cluster_id: str) -> str:
        """Sends one POST request."""
        subscription, group, name = _parts(cluster_id)
        return begun(
            f"stopping {name}",
            lambda first: self._clients.of(subscription).managed_clusters.begin_stop(group, name, polling=first),
        )

    def operation(self, token: str) -> OperationStatus:
        """Sends one GET request for the operation. An `error` next to InProgress or Succeeded (`NotLatestOperation`) is not a failure.

        Raises:
            RejectedError: the address is outside Azure Resource Manager.
            TryLaterError: the response is not JSON. Also raises the errors that `refusals` raises.
        """
        if not token.startswith(f"{self.endpoint.url}/"):
            raise RejectedError("ForeignOperation", "the address of an operation is outside Azure Resource Manager")
        subscription = token.removeprefix(self.endpoint.url).split("/")[2]
        with refusals("reading a running operation"):
            response = self._clients.of(subscription).send_request(HttpRequest("GET", token))
            response.raise_for_status()
        try:
            body = response.json()
        except ValueError as unreadable:
            raise TryLaterError("reading a running operation: the response is not JSON") from unreadable
        status = str(body.get("status", "")).casefold()
        error = body.get("error") or {}
        if status in ("failed", "canceled"):
            return OperationStatus("failed", str(error.get("code") or body["status"]), str(error.get("message") or ""))
        return OperationStatus("succeeded" if status == "succeeded" else "running")

    def kubeconfig(self, cluster_id: str) -> bytes:
        """Returns the user kubeconfig (one POST). It names the server and its CA; on a cluster with Entra it contains no secret.

        Raises:
            RejectedError: Azure returned no kubeconfig. Also raises the errors that `refusals` raises.
        """
        subscription, group, name = _parts(cluster_id)
        with refusals(f"reading the credentials of {name}"):
            answer = self._clients.of(subscription).managed_clusters.list_cluster_user_credentials(
                group, name, format="exec"
            )
        if not answer.kubeconfigs:
            raise RejectedError("NoKubeconfig", f"Azure returned no kubeconfig for {name}")
        return bytes(answer.kubeconfigs[0].value or b"")

    @cached_property
    def _clients(self) -> "ClientCache[ContainerServiceClient]":
        from azure.mgmt.containerservice import ContainerServiceClient

        return ClientCache(lambda name: ContainerServiceClient(self.credential, name, **self.endpoint.options()))

    @cached_property
    def _graph(self) -> "ResourceGraphClient":
        from azure.mgmt.resourcegraph import ResourceGraphClient

        return ResourceGraphClient(self.credential, **self.endpoint.options())


def _parts(cluster_id: str) -> tuple[str, str, str]:
    """Returns subscription, resource group and name.

    Raises:
        RejectedError: the ID is not that of a managed cluster.
    """
    parts = cluster_id.strip("/").split("/")
    if len(parts) != _ID_PARTS:
        raise RejectedError("BadTarget", f"{cluster_id} is not the id of a managed cluster")
    return parts[1], parts[3], parts[7]
