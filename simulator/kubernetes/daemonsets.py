"""DaemonSets as the API server represents them: kubectl asks for the one that owns a pod before it ignores the pod in a drain."""

from simulator.azure.documents import zulu
from simulator.http_types import JsonObject
from simulator.kubernetes.lists import Resource
from simulator.world.kube import Workload
from simulator.world.state import Cluster
from simulator.world.workloads import WorkloadKind

FIELDS = ("metadata.name", "metadata.namespace")


def daemon_sets(cluster: Cluster) -> list[Workload]:
    """Return a cluster's DaemonSets, by name."""
    found = (each for each in cluster.kube.workloads if each.spec.kind is WorkloadKind.DAEMON_SET)
    return sorted(found, key=lambda each: (each.spec.namespace, each.spec.name))


def resource(cluster: Cluster) -> Resource[Workload]:
    """Return the resource that represents them."""
    return Resource(
        "DaemonSet",
        "apps/v1",
        lambda workload: _document(cluster, workload),
        lambda workload: workload.spec.pod_labels,
        lambda workload: {"metadata.name": workload.spec.name, "metadata.namespace": workload.spec.namespace},
    )


def _document(cluster: Cluster, workload: Workload) -> JsonObject:
    pods = cluster.kube.pods_of(workload)
    ready = sum(pod.ready for pod in pods)
    return {
        "kind": "DaemonSet",
        "apiVersion": "apps/v1",
        "metadata": {
            "name": workload.spec.name,
            "namespace": workload.spec.namespace,
            "uid": workload.uid,
            "resourceVersion": str(cluster.kube.versions.last),
            "generation": 1,
            "creationTimestamp": zulu(workload.created),
            "labels": workload.spec.pod_labels,
        },
        "spec": {"selector": {"matchLabels": workload.spec.pod_labels}, "template": {"metadata": {}, "spec": {}}},
        "status": {
            "currentNumberScheduled": len(pods),
            "desiredNumberScheduled": len(pods),
            "numberMisscheduled": 0,
            "numberReady": ready,
            "observedGeneration": 1,
        },
    }
