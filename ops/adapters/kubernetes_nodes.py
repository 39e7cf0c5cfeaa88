"""Nodes, pods and PDBs through each cluster's API server, with the kubernetes client."""

import base64
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any

from ops.adapters.azure_errors import UNREADABLE, refusals
from ops.adapters.karpenter_documents import claim_of, class_of
from ops.adapters.kubernetes_documents import budget_of, key_of, node_of, pod_of
from ops.adapters.kubernetes_errors import eviction_answer, refusal_of
from ops.model.auto_provisioning import AutoProvisioning
from ops.model.fleet import Cluster, ClusterRef, Node
from ops.model.workload import DisruptionBudget, Pod
from ops.ports.errors import TryLaterError, UnreachableError
from ops.ports.kubernetes import EvictionResult

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from kubernetes.client import ApiClient

# The AKS server application; it is the same in every tenant.
SCOPE = "6dae42f8-4368-4678-94ff-3960e28e3630/.default"
_CLAIMS = ("karpenter.sh", "v1", "nodeclaims")
_CLASSES = ("karpenter.azure.com", "v1beta1", "aksnodeclasses")
_SCALERS = ("eviction-autoscaler.azure.com", "v1", "evictionautoscalers")
_ABSENT = (HTTPStatus.NOT_FOUND,)
_ABSENT_OR_DENIED = (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN)
_PAGE = 500
_MOST_PAGES = 2_000
_TIMEOUT_S = (5, 30)


@dataclass
class KubernetesNodes:
    """Implements `Nodes`. `kubeconfig` reads a cluster's user kubeconfig, from which only the server and CA are used."""

    credential: "TokenCredential"
    kubeconfig: Callable[[str], bytes]
    _clients: dict[str, "ApiClient"] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def nodes(self, cluster: Cluster | ClusterRef) -> tuple[Node, ...]:
        """Returns all nodes, page by page."""
        from kubernetes.client import CoreV1Api

        with self._client(cluster, f"listing the nodes of {cluster.name}") as client:
            return tuple(node_of(item) for item in _pages(CoreV1Api(client).list_node))

    def pods(self, cluster: Cluster | ClusterRef, node: str = "") -> tuple[Pod, ...]:
        """Returns all pods, or those of one node, page by page."""
        from kubernetes.client import CoreV1Api

        only = {"field_selector": f"spec.nodeName={node}"} if node else {}
        with self._client(cluster, f"listing the pods of {node or cluster.name}") as client:
            return tuple(pod_of(item) for item in _pages(CoreV1Api(client).list_pod_for_all_namespaces, **only))

    def budgets(self, cluster: Cluster | ClusterRef) -> tuple[DisruptionBudget, ...]:
        """Returns all PDBs, page by page, and which of them have an EvictionAutoScaler of the same name."""
        from kubernetes.client import CustomObjectsApi, PolicyV1Api

        with self._client(cluster, f"listing the PDBs of {cluster.name}") as client:
            pages = tuple(_pages(PolicyV1Api(client).list_pod_disruption_budget_for_all_namespaces))
            custom = CustomObjectsApi(client).list_cluster_custom_object
            # Without this list, a PDB that surges counts as one that never allows an eviction, and its node is left alone.
            scalers = _optional_pages(partial(custom, *_SCALERS), _ABSENT_OR_DENIED) if pages else ()
            surging = frozenset(key_of(item) for item in scalers or ())
            return tuple(budget_of(item, surging) for item in pages)

    def auto_provisioning(self, cluster: Cluster | ClusterRef) -> AutoProvisioning | None:
        """Returns both lists, page by page. Response 404: their definitions are not installed."""
        from kubernetes.client import CustomObjectsApi

        with self._client(cluster, f"listing the NodeClaims of {cluster.name}") as client:
            read = CustomObjectsApi(client).list_cluster_custom_object
            claims = _optional_pages(partial(read, *_CLAIMS), _ABSENT)
            classes = _optional_pages(partial(read, *_CLASSES), _ABSENT)
            if claims is None or classes is None:
                return None
            return AutoProvisioning(tuple(map(claim_of, claims)), tuple(map(class_of, classes)))

    def mark(
        self, cluster: Cluster | ClusterRef, node: Node, *, unschedulable: bool, annotations: Mapping[str, str | None]
    ) -> None:
        """Sends one patch. The API server rejects it if its uid is not that of the node."""
        from kubernetes.client import CoreV1Api

        metadata = {"annotations": dict(annotations)} | ({"uid": node.uid} if node.uid else {})
        body = {"spec": {"unschedulable": unschedulable or None}, "metadata": metadata}
        with self._client(cluster, f"patching {node.name} of {cluster.name}") as client:
            CoreV1Api(client).patch_node(node.name, body, _request_timeout=_TIMEOUT_S, _preload_content=False)

    def evict(self, cluster: Cluster | ClusterRef, pod: Pod, grace_s: int | None = None) -> EvictionResult:
        """Sends one POST request.

        Responses: 201; 404 (gone); 409 (another pod has the name); 429 (a PDB, or throttling); 500 (several PDBs).
        """
        return self._evict(cluster, pod, f"evicting {pod.full_name} of {cluster.name}", grace_s)

    def would_evict(self, cluster: Cluster | ClusterRef, pod: Pod) -> EvictionResult:
        """Sends the same request with dryRun=All. Response 400 besides: an admission webhook does not support dry runs."""
        return self._evict(cluster, pod, f"asking for the eviction of {pod.full_name} of {cluster.name}", dry_run="All")

    def _evict(
        self,
        cluster: Cluster | ClusterRef,
        pod: Pod,
        doing: str,
        grace_s: int | None = None,
        dry_run: str | None = None,
    ) -> EvictionResult:
        """Sends one eviction.

        Raises:
            ApiException: the response has no meaning of its own. `_client` translates it to an error of the port.
        """
        from kubernetes.client import CoreV1Api, V1DeleteOptions, V1Eviction, V1ObjectMeta, V1Preconditions
        from kubernetes.client.exceptions import ApiException

        exactly = V1DeleteOptions(preconditions=V1Preconditions(uid=pod.uid), grace_period_seconds=grace_s)
        body = V1Eviction(metadata=V1ObjectMeta(name=pod.name, namespace=pod.namespace), delete_options=exactly)
        with self._client(cluster, doing) as client:
            try:
                CoreV1Api(client).create_namespaced_pod_eviction(
                    pod.name, pod.namespace, body, _request_timeout=_TIMEOUT_S, _preload_content=False, dry_run=dry_run
                )
            except ApiException as error:
                answer = eviction_answer(error)
                if answer is None:
                    raise
                return answer
        return EvictionResult("evicted")

    @contextmanager
    def _client(self, cluster: Cluster | ClusterRef, doing: str) -> "Iterator[ApiClient]":
        """Provides the cluster's client with a fresh token; its errors are raised as the port's errors.

        Raises:
            DeniedError: the bot does not have this permission in the cluster.
            NotFoundError: the object does not exist.
            RejectedError: the API server refused the call for another reason.
            TryLaterError: the response of the API server could not be read.
            UnreachableError: the API server does not answer.
        """
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            with self._lock:
                if cluster.id not in self._clients:
                    self._clients[cluster.id] = _connect(self.kubeconfig(cluster.id))
                client = self._clients[cluster.id]
            with refusals(f"{doing}: getting a token"):
                token = self.credential.get_token(SCOPE).token
            client.configuration.api_key["authorization"] = token
            yield client
        except ApiException as error:
            self._forget(cluster)
            refused = refusal_of(doing, error)
            raise refused from error
        except (HTTPError, OSError) as error:
            # Starting a cluster can change the API server's address, so it is read again next time.
            self._forget(cluster)
            raise UnreachableError(f"{doing}: its API server does not answer") from error
        except UNREADABLE as error:
            raise TryLaterError(f"{doing}: the response of its API server could not be read") from error

    def _forget(self, cluster: Cluster | ClusterRef) -> None:
        with self._lock:
            self._clients.pop(cluster.id, None)


def _pages(call: Callable[..., Any], **options: str) -> Iterator[Mapping[str, Any]]:
    """Returns every item of a list as JSON: the client's models validate every field, which takes ten times as long.

    Raises:
        TypeError: the response is not a list.
        ValueError: its pages do not end.
    """
    token: str | None = None
    for _ in range(_MOST_PAGES):
        response = call(limit=_PAGE, _continue=token, _request_timeout=_TIMEOUT_S, _preload_content=False, **options)
        page = json.loads(response.data)
        if not isinstance(page["items"], list):
            raise TypeError("the items of a list are not a list")
        yield from page["items"]
        before, token = token, page["metadata"].get("continue")
        if not token:
            return
        if token == before:
            break
    raise ValueError("the pages of a list do not end")


def _optional_pages(call: Callable[..., Any], absent: Collection[int]) -> tuple[Mapping[str, Any], ...] | None:
    """Returns every item of a kind that the API server may not know; None if it answers with a status of `absent`.

    Raises:
        ApiException: the response is another error.
    """
    from kubernetes.client.exceptions import ApiException

    try:
        return tuple(_pages(call))
    except ApiException as error:
        if error.status in absent:
            return None
        raise


def _connect(kubeconfig: bytes) -> "ApiClient":
    """Returns a client for the cluster of a kubeconfig.

    Raises:
        ValueError: the kubeconfig is malformed; also any other of `UNREADABLE`.
    """
    from kubernetes.client import ApiClient, Configuration
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        document = YAML(typ="safe").load(kubeconfig)
    except YAMLError as error:
        raise ValueError("the kubeconfig is not YAML") from error
    server = document["clusters"][0]["cluster"]
    authority = base64.b64decode(server["certificate-authority-data"]).decode()
    configuration = Configuration(host=server["server"], ca_cert_data=authority)
    configuration.api_key_prefix["authorization"] = "Bearer"
    configuration.retries = False
    return ApiClient(configuration)
