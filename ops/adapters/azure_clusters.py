"""Clusters through the Azure Resource Manager SDK. Each call is one attempt; the engine retries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from azure.core.rest import HttpRequest

from ops.adapters.azure_documents import cluster_of, listed_cluster, machine_listed
from ops.adapters.azure_endpoint import AzureEndpoint, ClientCache
from ops.adapters.azure_errors import refusals
from ops.adapters.azure_graph import graph_rows
from ops.adapters.azure_operations import begun
from ops.model.fleet import Cluster, Unknown, UnreadableCluster
from ops.model.machine import ListedMachine
from ops.ports.azure import OperationStatus
from ops.ports.errors import RejectedError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.mgmt.containerservice import ContainerServiceClient
    from azure.mgmt.resourcegraph import ResourceGraphClient

_MOST_PAGES = 500
_LONGEST_TEXT = 500
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

    def list_clusters(self, subscription: str) -> tuple[Cluster | UnreadableCluster, ...]:
        """Runs one Resource Graph query, page by page. Raises the errors that `graph_rows` raises."""
        doing = f"listing the clusters of subscription {subscription}"
        return tuple(listed_cluster(row) for row in graph_rows(self._graph, _FLEET, doing, [subscription]))

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
            image: object = profile.properties.latest_node_image_version
        return image if isinstance(image, str) and image else Unknown("Azure offers no image for it")

    def machines(self, cluster_id: str, pool: str) -> tuple[ListedMachine, ...]:
        """Sends GET requests, page by page.

        Raises:
            RejectedError: the pages do not end. Also raises the errors that `refusals` raises.
        """
        subscription, group, name = _parts(cluster_id)
        with refusals(f"listing the machines of {name}/{pool}"):
            pages = self._clients.of(subscription).machines.list(group, name, pool).by_page()
            found = [machine_listed(each.as_dict()) for page in islice(pages, _MOST_PAGES) for each in page]
            if next(pages, None) is None:
                return tuple(machine for machine in found if machine is not None)
        raise RejectedError("TooManyPages", f"the machines of {name}/{pool} have too many pages")

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
            TryLaterError: the response cannot be read. Also raises the errors that `refusals` raises.
        """
        if not token.startswith(f"{self.endpoint.url}/"):
            raise RejectedError("ForeignOperation", "the address of an operation is outside Azure Resource Manager")
        with refusals("reading a running operation"):
            subscription = token.removeprefix(self.endpoint.url).split("/")[2]
            response = self._clients.of(subscription).send_request(HttpRequest("GET", token))
            response.raise_for_status()
            return _status_of(response.json())

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
            found = [bytes(each.value or b"") for each in answer.kubeconfigs or ()]
        if not found:
            raise RejectedError("NoKubeconfig", f"Azure returned no kubeconfig for {name}")
        return found[0]

    @cached_property
    def _clients(self) -> "ClientCache[ContainerServiceClient]":
        from azure.mgmt.containerservice import ContainerServiceClient

        return ClientCache(lambda name: ContainerServiceClient(self.credential, name, **self.endpoint.options()))

    @cached_property
    def _graph(self) -> "ResourceGraphClient":
        from azure.mgmt.resourcegraph import ResourceGraphClient

        return ResourceGraphClient(self.credential, **self.endpoint.options())


def _status_of(body: Mapping[str, Any]) -> OperationStatus:
    status, error = str(body["status"]), body.get("error")
    if status.casefold() not in ("failed", "canceled"):
        return OperationStatus("succeeded" if status.casefold() == "succeeded" else "running")
    if not isinstance(error, Mapping):
        return OperationStatus("failed", status, str(error or "")[:_LONGEST_TEXT])
    return OperationStatus("failed", str(error.get("code") or status), str(error.get("message") or ""))


def _parts(cluster_id: str) -> tuple[str, str, str]:
    """Returns subscription, resource group and name.

    Raises:
        RejectedError: the ID is not that of a managed cluster.
    """
    parts = cluster_id.strip("/").split("/")
    if len(parts) != _ID_PARTS:
        raise RejectedError("BadTarget", f"{cluster_id} is not the id of a managed cluster")
    return parts[1], parts[3], parts[7]
