"""The events of the last hour, as the kubelet and the node controller write them. They are derived from the journal."""

from datetime import timedelta

from simulator.azure.documents import etag, zulu
from simulator.http_types import JsonObject
from simulator.kubernetes.lists import Resource
from simulator.world.core import Core
from simulator.world.journal import Entry, Kind
from simulator.world.state import Cluster

KEPT = timedelta(hours=1)
FIELDS = (
    "involvedObject.kind",
    "involvedObject.name",
    "involvedObject.namespace",
    "involvedObject.uid",
    "metadata.name",
    "metadata.namespace",
    "type",
    "reason",
)
# What is written about each kind of entry: the type, the reason, and the component that writes it.
_WRITTEN = {
    Kind.NODE_READY: ("Normal", "NodeReady", "kubelet"),
    Kind.NODE_NOT_READY: ("Normal", "NodeNotReady", "node-controller"),
    Kind.NODE_CORDONED: ("Normal", "NodeNotSchedulable", "kubelet"),
    Kind.NODE_UNCORDONED: ("Normal", "NodeSchedulable", "kubelet"),
    Kind.NODE_BOOTED: ("Warning", "Rebooted", "kubelet"),
    Kind.POD_EVICTED: ("Normal", "Killing", "kubelet"),
    Kind.POD_DELETED: ("Normal", "Killing", "kubelet"),
}


def recent(core: Core, cluster: Cluster) -> list[Entry]:
    """Return the entries of the last hour that an event is written about, in order."""
    found: list[Entry] = []
    for entry in reversed(core.journal.entries):
        if core.scheduler.now - entry.at > KEPT:
            break
        if entry.cluster == cluster.name and entry.kind in _WRITTEN:
            found.append(entry)
    return found[::-1]


def events(cluster: Cluster) -> Resource[Entry]:
    """Return the resource that represents the event of each entry."""
    return Resource("Event", "v1", lambda entry: _event(cluster, entry), lambda _: {}, lambda e: _fields(cluster, e))


def _involved(cluster: Cluster, entry: Entry) -> tuple[str, str, str, str]:
    """Return the kind, namespace, name and uid of the object that an entry is about. A node's uid in events is its name."""
    if entry.kind in (Kind.POD_EVICTED, Kind.POD_DELETED):
        key = str(entry.detail["pod"])
        namespace, _, name = key.partition("/")
        pod = cluster.kube.pods.get(key)
        return "Pod", namespace, name, pod.uid if pod is not None else ""
    return "Node", "", entry.node or "", entry.node or ""


def _fields(cluster: Cluster, entry: Entry) -> dict[str, str]:
    kind, namespace, name, uid = _involved(cluster, entry)
    type_, reason, _ = _WRITTEN[entry.kind]
    own = (kind, name, namespace, uid, _name(entry, name), namespace or "default", type_, reason)
    return dict(zip(FIELDS, own, strict=True))


def _name(entry: Entry, involved: str) -> str:
    return f"{involved}.{entry.number:016x}"


def _event(cluster: Cluster, entry: Entry) -> JsonObject:
    kind, namespace, name, uid = _involved(cluster, entry)
    type_, reason, component = _WRITTEN[entry.kind]
    at = zulu(entry.at)
    return {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {
            "name": _name(entry, name),
            "namespace": namespace or "default",
            "uid": etag("event", entry.number),
            "resourceVersion": str(entry.number + 1),
            "creationTimestamp": at,
        },
        "involvedObject": {"kind": kind, "namespace": namespace, "name": name, "uid": uid, "apiVersion": "v1"},
        "type": type_,
        "reason": reason,
        "message": f"{kind} {name}: {reason}",
        "source": {"component": component},
        "reportingComponent": component,
        "reportingInstance": "",
        "eventTime": None,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
    }
