"""Nodes through each cluster's API server, by the kubernetes client."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from ops.model.fleet import Cluster, Node
from ops.ports import DeniedError, NotFoundError, RejectedError, TryLaterError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from kubernetes.client import CoreV1Api

# The AKS server application; the same in every tenant.
SCOPE = "6dae42f8-4368-4678-94ff-3960e28e3630/.default"
_POOL = "kubernetes.azure.com/agentpool"
_IMAGE = "kubernetes.azure.com/node-image-version"
_PROVISIONER = "karpenter.sh/nodepool"
_PAGE = 500
_TIMEOUT_S = (5, 30)


@dataclass
class KubernetesNodes:
    """Implements `Nodes`. `kubeconfig` reads a cluster's user kubeconfig: only server and authority are taken from it."""

    credential: "TokenCredential"
    kubeconfig: Callable[[str], bytes]
    _apis: dict[str, "CoreV1Api"] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def nodes(self, cluster: Cluster) -> tuple[Node, ...]:
        """All nodes, page by page."""
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        doing = f"listing the nodes of {cluster.name}"
        try:
            return self._list(cluster)
        except ApiException as error:
            self._forget(cluster)
            raise _refusal(doing, error) from error
        except (HTTPError, OSError) as error:
            # A start may have moved the API server: read its address anew next time.
            self._forget(cluster)
            raise TryLaterError(f"{doing}: its API server does not answer") from error

    def _list(self, cluster: Cluster) -> tuple[Node, ...]:
        api = self._api(cluster)
        api.api_client.configuration.api_key["authorization"] = self.credential.get_token(SCOPE).token
        found: list[Node] = []
        token: str | None = None
        while True:
            page = api.list_node(limit=_PAGE, _continue=token, _request_timeout=_TIMEOUT_S)
            found += [_node_of(item) for item in page.items]
            token = page.metadata._continue if page.metadata else None  # noqa: SLF001 - the client's spelling of a reserved word
            if not token:
                return tuple(found)

    def _api(self, cluster: Cluster) -> "CoreV1Api":
        with self._lock:
            if cluster.id not in self._apis:
                self._apis[cluster.id] = _connect(self.kubeconfig(cluster.id))
            return self._apis[cluster.id]

    def _forget(self, cluster: Cluster) -> None:
        with self._lock:
            self._apis.pop(cluster.id, None)


def _connect(kubeconfig: bytes) -> "CoreV1Api":
    from kubernetes.client import ApiClient, Configuration, CoreV1Api
    from ruamel.yaml import YAML

    document = YAML(typ="safe").load(kubeconfig)
    server = document["clusters"][0]["cluster"]
    authority = base64.b64decode(server["certificate-authority-data"]).decode()
    configuration = Configuration(host=server["server"], ca_cert_data=authority)
    configuration.api_key_prefix["authorization"] = "Bearer"
    configuration.retries = False
    return CoreV1Api(ApiClient(configuration))


def _node_of(item: Any) -> Node:
    labels = item.metadata.labels or {}
    conditions = item.status.conditions or ()
    ready = any(condition.type == "Ready" and condition.status == "True" for condition in conditions)
    return Node(
        name=item.metadata.name,
        pool=labels.get(_POOL, "") if _PROVISIONER not in labels else "",
        image_label=labels.get(_IMAGE, ""),
        ready=ready,
        boot_id=item.status.node_info.boot_id if item.status.node_info else "",
        unschedulable=bool(item.spec.unschedulable),
        provisioner=labels.get(_PROVISIONER, ""),
        created=item.metadata.creation_timestamp,
    )


def _refusal(doing: str, error: Any) -> Exception:
    text = f"{doing}: {error.status} {error.reason}"
    if error.status in (401, 403):
        return DeniedError(f"{text}: bind the ClusterRole of the guide to the bot's identity")
    if error.status == 404:  # noqa: PLR2004 - HTTP's own number
        return NotFoundError(text)
    if error.status == 429 or error.status >= 500 or not error.status:  # noqa: PLR2004 - HTTP's own numbers
        return TryLaterError(text)
    return RejectedError(str(error.status), text)
