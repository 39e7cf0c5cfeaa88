"""A pod as its API server represents it."""

from datetime import datetime

from simulator.azure.documents import zulu
from simulator.http_types import JsonObject
from simulator.kubernetes.lists import Resource
from simulator.world.kube import Pod
from simulator.world.workloads import WorkloadKind

FIELDS = ("metadata.name", "metadata.namespace", "spec.nodeName", "status.phase")
MIRROR = "kubernetes.io/config.mirror"
OWNERS = {
    WorkloadKind.DEPLOYMENT: ("apps/v1", "ReplicaSet"),
    WorkloadKind.STATEFUL_SET: ("apps/v1", "StatefulSet"),
    WorkloadKind.DAEMON_SET: ("apps/v1", "DaemonSet"),
    WorkloadKind.JOB: ("batch/v1", "Job"),
    WorkloadKind.MIRROR: ("v1", "Node"),
}


def pod_labels(pod: Pod) -> dict[str, str]:
    """Return a pod's labels: those that come from its workload and from its controller."""
    labels = pod.workload.spec.pod_labels
    match pod.workload.spec.kind:
        case WorkloadKind.DEPLOYMENT:
            return labels | {"pod-template-hash": pod.workload.template_hash}
        case WorkloadKind.STATEFUL_SET:
            return labels | {"statefulset.kubernetes.io/pod-name": pod.name}
        case WorkloadKind.DAEMON_SET:
            return labels | {"controller-revision-hash": pod.workload.template_hash}
        case _:
            return labels


def pod_fields(pod: Pod) -> dict[str, str]:
    """Return the pod's fields that a field selector can use."""
    values = (pod.name, pod.namespace, pod.node or "", pod.phase)
    return dict(zip(FIELDS, values, strict=True))


def pod_document(pod: Pod) -> JsonObject:
    """Return a pod as an API object."""
    workload = pod.workload.spec
    metadata: JsonObject = {
        "name": pod.name,
        "namespace": pod.namespace,
        "uid": pod.uid,
        "resourceVersion": str(pod.version),
        "creationTimestamp": zulu(pod.created),
        "labels": pod_labels(pod),
    }
    if workload.kind is WorkloadKind.MIRROR:
        metadata["annotations"] = {MIRROR: pod.workload.template_hash, "kubernetes.io/config.source": "file"}
    owner = _owner(pod)
    if owner is not None:
        metadata["ownerReferences"] = [owner]
    if pod.deleted is not None:
        metadata["deletionTimestamp"] = zulu(pod.deleted)
        metadata["deletionGracePeriodSeconds"] = pod.deletion_grace_s
    if workload.finalizer:
        metadata["finalizers"] = [workload.finalizer]
    spec: JsonObject = {
        "containers": [{"name": workload.name, "image": _image(pod), "resources": {}}],
        "restartPolicy": "Never" if workload.kind is WorkloadKind.JOB else "Always",
        "terminationGracePeriodSeconds": workload.grace_s,
        "tolerations": _tolerations(pod),
        "volumes": [{"name": "scratch", "emptyDir": {}}] if workload.empty_dir else [],
    }
    if pod.node is not None:
        spec["nodeName"] = pod.node
    return {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": spec, "status": _status(pod)}


POD = Resource("Pod", "v1", pod_document, pod_labels, pod_fields)


def _image(pod: Pod) -> str:
    return f"registry.example/{pod.workload.spec.name}:1.0"


def _owner(pod: Pod) -> JsonObject | None:
    """Return a pod's controller: a ReplicaSet for a Deployment, the node for a mirror pod, none for a bare pod."""
    workload = pod.workload
    if workload.spec.kind not in OWNERS:
        return None
    version, kind = OWNERS[workload.spec.kind]
    name = workload.spec.name
    if workload.spec.kind is WorkloadKind.DEPLOYMENT:
        name = f"{name}-{workload.template_hash}"
    elif workload.spec.kind is WorkloadKind.MIRROR:
        name = pod.node or ""
    reference: JsonObject = {"apiVersion": version, "kind": kind, "name": name, "uid": workload.uid, "controller": True}
    return reference | {} if kind == "Node" else reference | {"blockOwnerDeletion": True}


def _tolerations(pod: Pod) -> list[JsonObject]:
    workload = pod.workload.spec
    found: list[JsonObject] = []
    if workload.tolerates_spot:
        key = "kubernetes.azure.com/scalesetpriority"
        found.append({"key": key, "operator": "Equal", "value": "spot", "effect": "NoSchedule"})
    if workload.tolerates_cordon:
        found.append({"operator": "Exists", "effect": "NoSchedule"})
    daemon = workload.kind is WorkloadKind.DAEMON_SET
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        lasting: JsonObject = {} if daemon else {"tolerationSeconds": 300}
        found.append({"key": key, "operator": "Exists", "effect": "NoExecute"} | lasting)
    if daemon:
        found.append({"key": "node.kubernetes.io/unschedulable", "operator": "Exists", "effect": "NoSchedule"})
    return found


def _status(pod: Pod) -> JsonObject:
    since = zulu(pod.ready_since or pod.created)
    conditions = [_condition("PodScheduled", pod.created, true=pod.node is not None)]
    status: JsonObject = {"phase": pod.phase, "conditions": conditions, "qosClass": "BestEffort"}
    if pod.node is None:
        conditions[0] |= {"reason": "Unschedulable", "message": "0 nodes are available."}
        return status
    conditions.append(_condition("Ready", pod.ready_since or pod.created, true=pod.ready))
    state: JsonObject = {"running": {"startedAt": since}} if pod.phase == "Running" else {"waiting": {}}
    if pod.finished:
        state = {"terminated": {"exitCode": 0, "reason": "Completed"}}
    container: JsonObject = {
        "name": pod.workload.spec.name,
        "image": _image(pod),
        "imageID": "",
        "ready": pod.ready,
        "restartCount": max(pod.starts - 1, 0),
        "state": state,
    }
    status["containerStatuses"] = [container]
    status["startTime"] = zulu(pod.created)
    return status


def _condition(kind: str, since: datetime, *, true: bool) -> JsonObject:
    return {"type": kind, "status": "True" if true else "False", "lastTransitionTime": zulu(since)}
