"""Namespaces as the API server represents them: those of the workloads, and those that every cluster has."""

from dataclasses import dataclass
from datetime import datetime

from simulator.azure.documents import etag, zulu
from simulator.http_types import JsonObject
from simulator.kubernetes.lists import Resource
from simulator.world.core import Core
from simulator.world.state import Cluster

_ALWAYS = ("default", "kube-node-lease", "kube-public", "kube-system")


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace."""

    name: str
    created: datetime
    ends: bool


def namespaces(core: Core, cluster: Cluster) -> list[Namespace]:
    """Return a cluster's namespaces, by name."""
    specs = [workload.spec for workload in cluster.kube.workloads]
    ending = {spec.namespace for spec in specs if spec.namespace_ends}
    names = sorted({*_ALWAYS, *(spec.namespace for spec in specs)})
    return [Namespace(name, core.spec.start, name in ending) for name in names]


def _document(namespace: Namespace) -> JsonObject:
    return {
        "kind": "Namespace",
        "apiVersion": "v1",
        "metadata": {
            "name": namespace.name,
            "uid": etag("namespace", namespace.name),
            "resourceVersion": "1",
            "creationTimestamp": zulu(namespace.created),
            "labels": {"kubernetes.io/metadata.name": namespace.name},
        },
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Terminating" if namespace.ends else "Active"},
    }


NAMESPACE = Resource(
    "Namespace",
    "v1",
    _document,
    lambda each: {"kubernetes.io/metadata.name": each.name},
    lambda each: {"metadata.name": each.name},
)
