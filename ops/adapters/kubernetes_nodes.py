"""Nodes through each cluster's API server, by the kubernetes client."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
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
        except (ValueError, KeyError) as error:
            raise TryLaterError(f"{doing}: what its API server answered is no list of nodes") from error

    def _list(self, cluster: Cluster) -> tuple[Node, ...]:
        api = self._api(cluster)
        api.api_client.configuration.api_key["authorization"] = self.credential.get_token(SCOPE).token
        found: list[Node] = []
        token: str | None = None
        while True:
            # As JSON: the client's models validate every field of every node, ten times the work for the five that are read.
            response: Any = api.list_node(
                limit=_PAGE, _continue=token, _request_timeout=_TIMEOUT_S, _preload_content=False
            )
            page = json.loads(response.data)
            found += [_node_of(item) for item in page["items"]]
            token = page["metadata"].get("continue")
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
    metadata, status = item["metadata"], item.get("status", {})
    labels = metadata.get("labels") or {}
    conditions = status.get("conditions") or ()
    created = metadata.get("creationTimestamp")
    return Node(
        name=metadata["name"],
        pool=labels.get(_POOL, "") if _PROVISIONER not in labels else "",
        image_label=labels.get(_IMAGE, ""),
        ready=any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions),
        boot_id=status.get("nodeInfo", {}).get("bootID", ""),
        unschedulable=bool(item.get("spec", {}).get("unschedulable")),
        provisioner=labels.get(_PROVISIONER, ""),
        created=datetime.fromisoformat(created) if created else None,
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
