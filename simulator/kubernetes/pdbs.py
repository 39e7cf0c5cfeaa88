"""A PodDisruptionBudget as its API server represents it."""

from simulator.azure.documents import etag, zulu
from simulator.http_types import JsonObject
from simulator.kubernetes.lists import Resource
from simulator.world.budgets import status_of
from simulator.world.kube import Pdb
from simulator.world.state import Cluster

FIELDS = ("metadata.name", "metadata.namespace")


def pdb_document(cluster: Cluster, pdb: Pdb) -> JsonObject:
    """Return a budget with its current status."""
    status = status_of(cluster, pdb)
    enough = status.allowed > 0
    condition = {
        "type": "DisruptionAllowed",
        "status": "True" if enough else "False",
        "reason": "SufficientPods" if enough else "InsufficientPods",
        "message": "",
        "observedGeneration": 1,
        "lastTransitionTime": zulu(pdb.created),
    }
    limit = {"minAvailable": pdb.spec.min_available, "maxUnavailable": pdb.spec.max_unavailable}
    return {
        "kind": "PodDisruptionBudget",
        "apiVersion": "policy/v1",
        "metadata": {
            "name": pdb.name,
            "namespace": pdb.namespace,
            "uid": pdb.uid,
            "resourceVersion": str(cluster.kube.versions.last),
            "generation": 1,
            "creationTimestamp": zulu(pdb.created),
        },
        "spec": {
            **{key: value for key, value in limit.items() if value is not None},
            "selector": _selector(pdb),
            "unhealthyPodEvictionPolicy": pdb.spec.unhealthy_pods,
        },
        "status": {
            "conditions": [condition],
            "currentHealthy": status.current_healthy,
            "desiredHealthy": status.desired_healthy,
            "disruptionsAllowed": status.allowed,
            "expectedPods": status.expected,
            "observedGeneration": 1,
        },
    }


def scaler_resource() -> Resource[Pdb]:
    """Return the resource that represents the EvictionAutoScaler of a budget."""
    return Resource(
        "EvictionAutoScaler",
        "eviction-autoscaler.azure.com/v1",
        _scaler_document,
        lambda _: {},
        lambda pdb: {"metadata.name": pdb.name, "metadata.namespace": pdb.namespace},
    )


def _scaler_document(pdb: Pdb) -> JsonObject:
    return {
        "kind": "EvictionAutoScaler",
        "apiVersion": "eviction-autoscaler.azure.com/v1",
        "metadata": {
            "name": pdb.name,
            "namespace": pdb.namespace,
            "uid": etag("scaler", pdb.uid),
            "resourceVersion": "1",
            "creationTimestamp": zulu(pdb.created),
        },
        "spec": {"targetKind": "deployment", "targetName": pdb.workload.spec.name},
        "status": {"deploymentGeneration": 1, "minReplicas": pdb.workload.spec.replicas},
    }


def _selector(pdb: Pdb) -> JsonObject:
    name = pdb.workload.spec.name
    match pdb.spec.selects:
        case "labels":
            return {"matchLabels": {"app": name}}
        case "expressions":
            return {"matchExpressions": [{"key": "app", "operator": "In", "values": [name]}]}
        case "namespace":
            return {}


def pdb_resource(cluster: Cluster) -> Resource[Pdb]:
    """Return the resource that represents and selects the budgets in a cluster."""
    return Resource(
        "PodDisruptionBudget",
        "policy/v1",
        lambda pdb: pdb_document(cluster, pdb),
        lambda _: {},
        lambda pdb: {"metadata.name": pdb.name, "metadata.namespace": pdb.namespace},
    )
