"""Creates nodes, a namespace and workloads in a real cluster, from the specifications that the simulated world also uses."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kubernetes import client

from simulator.http_types import JsonObject
from simulator.world.workloads import PdbSpec, WorkloadKind, WorkloadSpec

# The resource group that contains the machines, according to the nodes' provider ids.
NODE_GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/mc_rg_stage_westeurope"
POOL_LABEL = "kubernetes.azure.com/agentpool"
BOOTING = "daytwo.dev/booting"
MERGE = "application/merge-patch+json"
BOOTS_WITHIN_S = 30
BOOT_CHECKS = 5
POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Stage:
    """A namespace and a pool of nodes that only one test uses."""

    namespace: str
    pool: str
    nodes: tuple[str, ...]


@contextmanager
def staged(api: client.ApiClient, nodes: int, workloads: tuple[WorkloadSpec, ...]) -> Iterator[Stage]:
    """Create nodes and workloads in a new namespace, and delete all of them at the end."""
    name = f"t{uuid.uuid4().hex[:8]}"
    core = _core(api)
    core.create_namespace({"metadata": {"name": name}})
    made = tuple(f"aks-{name}-10007920-vmss{index:06d}" for index in range(nodes))
    for node in made:
        _create_node(core, node, name)
    for workload in workloads:
        _create_workload(api, workload, name)
    for node in made:
        _boot(core, node)
    try:
        yield Stage(name, name, made)
    finally:
        core.delete_namespace(name)
        for node in made:
            core.delete_node(node)


def begin_boot(core: Any, node: str) -> None:
    """Take a node down for a reboot. The node is NotReady until ``end_boot`` is called."""
    core.patch_node(node, {"metadata": {"annotations": {BOOTING: "true"}}}, _content_type=MERGE)


def end_boot(core: Any, node: str) -> str:
    """Bring back a node after a reboot, with its containers restarted. Return the new boot id."""
    boot_id = str(uuid.uuid4())
    core.patch_node_status(node, {"status": {"nodeInfo": {"bootID": boot_id}}}, _content_type=MERGE)
    for pod in core.list_pod_for_all_namespaces(field_selector=f"spec.nodeName={node}").items:
        meta = pod.metadata
        core.patch_namespaced_pod_status(
            meta.name, meta.namespace, {"status": {"phase": "Pending"}}, _content_type=MERGE
        )
    core.patch_node(node, {"metadata": {"annotations": {BOOTING: None}}}, _content_type=MERGE)
    return boot_id


def _core(api: client.ApiClient) -> Any:
    """Return the core API with a type that accepts plain objects."""
    return client.CoreV1Api(api)


def _create_node(core: Any, name: str, pool: str) -> None:
    labels = {
        POOL_LABEL: pool,
        "agentpool": pool,
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "type": "kwok",
    }
    machine = f"{NODE_GROUP}/providers/Microsoft.Compute/virtualMachines/{name}"
    core.create_node({"metadata": {"name": name, "labels": labels}, "spec": {"providerID": f"azure://{machine}"}})


def _boot(core: Any, name: str) -> None:
    """Set a node's boot id repeatedly until it persists, because kwok overwrites a node's status when it takes over the node.

    Raises:
        TimeoutError: the boot id did not persist within half a minute.
    """
    ends = time.monotonic() + BOOTS_WITHIN_S
    kept = 0
    while kept < BOOT_CHECKS:
        status = core.read_node(name).status
        kept = kept + 1 if status.conditions and status.node_info.boot_id else 0
        if not kept:
            boot = {"status": {"nodeInfo": {"bootID": str(uuid.uuid4())}}}
            core.patch_node_status(name, boot, _content_type=MERGE)
        if time.monotonic() > ends:
            raise TimeoutError(f"{name} did not keep a boot id within {BOOTS_WITHIN_S} s.")
        time.sleep(
            POLL_S
        )  # Kwok reports nowhere when it takes over a node, so its status is polled until the deadline above


def _create_workload(api: client.ApiClient, workload: WorkloadSpec, namespace: str) -> None:
    apps: Any = client.AppsV1Api(api)
    policy: Any = client.PolicyV1Api(api)
    for name, pdb in workload.all_budgets:
        policy.create_namespaced_pod_disruption_budget(namespace, _budget(name, pdb, workload))
    body: JsonObject = {
        "metadata": {"name": workload.name},
        "spec": {
            "selector": {"matchLabels": {"app": workload.name}},
            "template": {"metadata": {"labels": workload.pod_labels}, "spec": _pod(workload, namespace)},
        },
    }
    replicas = {"replicas": workload.replicas}
    spec = body["spec"]
    if not isinstance(spec, dict):
        raise TypeError("A workload's spec must be an object.")
    match workload.kind:
        case WorkloadKind.DEPLOYMENT:
            apps.create_namespaced_deployment(namespace, body | {"spec": spec | replicas})
        case WorkloadKind.STATEFUL_SET:
            parallel = {"serviceName": workload.name, "podManagementPolicy": "Parallel"}
            apps.create_namespaced_stateful_set(namespace, body | {"spec": spec | replicas | parallel})
        case WorkloadKind.DAEMON_SET:
            apps.create_namespaced_daemon_set(namespace, body)
        case WorkloadKind.BARE:
            pod = {
                "metadata": {"name": workload.name, "labels": workload.pod_labels},
                "spec": _pod(workload, namespace),
            }
            _core(api).create_namespaced_pod(namespace, pod)
        case WorkloadKind.MIRROR | WorkloadKind.JOB:
            raise ValueError(f"{workload.kind} needs a kubelet, which kwok's nodes do not have.")


def _pod(workload: WorkloadSpec, pool: str) -> JsonObject:
    return {
        "nodeSelector": {POOL_LABEL: pool},
        "terminationGracePeriodSeconds": workload.grace_s,
        "containers": [{"name": workload.name, "image": f"registry.example/{workload.name}:1.0"}],
    }


def _budget(name: str, pdb: PdbSpec, workload: WorkloadSpec) -> JsonObject:
    limits = {"minAvailable": pdb.min_available, "maxUnavailable": pdb.max_unavailable}
    return {
        "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": workload.name}},
            "unhealthyPodEvictionPolicy": pdb.unhealthy_pods,
            **{key: value for key, value in limits.items() if value is not None},
        },
    }
