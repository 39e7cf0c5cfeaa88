"""The lifecycle of pods: workloads create them, and they are scheduled, started, terminated, and recreated."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from string import ascii_lowercase, digits

from simulator.world.core import Core
from simulator.world.journal import Kind
from simulator.world.kube import PER_NODE, RUNS_ONCE, Pod, Workload
from simulator.world.placement import belongs, place
from simulator.world.state import Cluster, Node
from simulator.world.workloads import WorkloadKind

# How many seconds a terminating pod takes to end (a range), unless its grace period is shorter.
ENDS_IN_S = (1.0, 10.0)
# The default toleration seconds for a not-ready or unreachable node (DefaultTolerationSeconds).
TOLERATION = timedelta(seconds=300)
_LETTERS = digits + ascii_lowercase


@dataclass(frozen=True, slots=True)
class TerminationCause:
    """Who terminates the pods, and why."""

    who: str
    reason: str


def reconcile(core: Core, cluster: Cluster, *, at_once: bool = False) -> None:
    """Create the missing pods and schedule the pending ones."""
    kube = cluster.kube
    if not kube.workloads or cluster.power_state != "Running":
        return
    for workload in kube.workloads:
        _create_missing(core, cluster, workload, at_once=at_once)
    for pod in [pod for pod in kube.pods.values() if pod.node is None and pod.deleted is None]:
        node = place(cluster, pod)
        if node is not None:
            _bind(core, cluster, pod, node, at_once=at_once)


def end(core: Core, cluster: Cluster, pod: Pod, cause: TerminationCause, grace_s: int | None = None) -> None:
    """Terminate a pod. Its replacement is created immediately, or, if it has the same name, after the pod is gone."""
    if pod.deleted is not None:
        return
    grace = pod.workload.spec.grace_s if grace_s is None else grace_s
    kind = Kind.POD_EVICTED if cause.reason == "eviction" else Kind.POD_DELETED
    _write(core, cluster, kind, pod, who=cause.who, reason=cause.reason)
    if pod.node is None or grace == 0 or pod.finished:
        remove(core, cluster, pod, cause.reason)
        return
    pod.deleted = core.scheduler.now + timedelta(seconds=grace)
    pod.deletion_grace_s = grace
    cluster.kube.touch(pod)
    takes = core.seconds(min(ENDS_IN_S[0], grace), min(ENDS_IN_S[1], grace), "end", cluster.name, pod.uid)
    core.scheduler.after(takes, partial(_ended, core, cluster, pod, cause.reason))
    reconcile(core, cluster)


def _ended(core: Core, cluster: Cluster, pod: Pod, reason: str) -> None:
    """Remove a pod whose containers have ended. A NotReady node cannot report that they have ended, and a finalizer keeps it."""
    node = cluster.nodes.get(pod.node or "")
    if pod.workload.spec.finalizer:
        return
    if node is None or node.ready:
        remove(core, cluster, pod, reason)


def remove(core: Core, cluster: Cluster, pod: Pod, reason: str) -> None:
    """Remove a pod object."""
    if cluster.kube.pods.get(pod.key) is pod:
        del cluster.kube.pods[pod.key]
        cluster.kube.touch(pod, gone=True)
        _write(core, cluster, Kind.POD_GONE, pod, reason=reason)
        reconcile(core, cluster)


def node_left(core: Core, cluster: Cluster, node: Node) -> None:
    """Remove the pods of a node that is gone (pod garbage collection)."""
    for pod in cluster.kube.pods_on(node.name):
        remove(core, cluster, pod, "node-left")


def node_not_ready(core: Core, cluster: Cluster, node: Node) -> None:
    """Mark a node's pods as not ready. If the node stays NotReady for longer than their toleration, they are deleted."""
    held = cluster.kube.pods_on(node.name)
    for pod in held:
        set_ready(core, cluster, pod, ready=False, reason="node-not-ready")
    if held:
        core.scheduler.after(TOLERATION, partial(_tainted, core, cluster, node, node.ready_since))


def _tainted(core: Core, cluster: Cluster, node: Node, since: object) -> None:
    if node.ready or node.ready_since != since or cluster.nodes.get(node.name) is not node:
        return
    for pod in cluster.kube.pods_on(node.name):
        if pod.workload.spec.kind not in PER_NODE:
            end(core, cluster, pod, TerminationCause("node-lifecycle-controller", "taint"))


def node_ready(core: Core, cluster: Cluster, node: Node) -> None:
    """Make a node's pods ready: immediately if their containers kept running, or after a restart if the node was booted."""
    for pod in cluster.kube.pods_on(node.name):
        if pod.deleted is not None:
            remove(core, cluster, pod, "node-ready")
        elif pod.boot_id == node.boot_id:
            set_ready(core, cluster, pod, ready=True, reason="node-ready")
        else:
            _start(core, cluster, pod, node)
    reconcile(core, cluster)


def node_booted(core: Core, cluster: Cluster, node: Node) -> None:
    """Stop the containers on a rebooting node. If the node is Ready, they are restarted."""
    for pod in cluster.kube.pods_on(node.name):
        set_ready(core, cluster, pod, ready=False, reason="node-booted")
        if node.ready and pod.deleted is None:
            _start(core, cluster, pod, node)


def cluster_stopped(core: Core, cluster: Cluster) -> None:
    """Terminate all pods. Those without a controller are lost (AKS: standalone pods are deleted on stop)."""
    for pod in list(cluster.kube.pods.values()):
        set_ready(core, cluster, pod, ready=False, reason="cluster-stopped")
        if pod.workload.spec.kind is WorkloadKind.BARE or pod.deleted is not None:
            remove(core, cluster, pod, "cluster-stopped")


def set_ready(core: Core, cluster: Cluster, pod: Pod, *, ready: bool, reason: str) -> None:
    """Change whether a pod is ready."""
    if not ready:
        pod.starts += 1
    if pod.ready == ready or pod.finished:
        return
    pod.ready = ready
    pod.ready_since = core.scheduler.now
    cluster.kube.touch(pod)
    _write(core, cluster, Kind.POD_READY if ready else Kind.POD_NOT_READY, pod, reason=reason)


def _create_missing(core: Core, cluster: Cluster, workload: Workload, *, at_once: bool) -> None:
    spec = workload.spec
    if spec.kind in RUNS_ONCE:
        return
    present = cluster.kube.pods_of(workload)
    if spec.kind in PER_NODE:
        # Wait until the old object is gone: a node has at most one of these pods.
        preemption = {pod.node for pod in present}
        for node in sorted(cluster.nodes.values(), key=lambda node: node.name):
            if node.name not in preemption and belongs(cluster, workload, node):
                _bind(core, cluster, create(core, cluster, workload, 0, node.name), node, at_once=at_once)
    elif spec.kind is WorkloadKind.STATEFUL_SET:
        names = {pod.name for pod in present}
        for index in range(spec.replicas):
            if f"{spec.name}-{index}" not in names:
                create(core, cluster, workload, index)
    else:
        active = sum(pod.deleted is None for pod in present)
        for _ in range(workload.replicas - active):
            create(core, cluster, workload, 0)


def create(core: Core, cluster: Cluster, workload: Workload, index: int, node: str = "") -> Pod:
    """Create a pod object, which is pending until it is scheduled."""
    spec = workload.spec
    uid = core.new_id_in("pod")
    pod = Pod(spec.namespace, _name(workload, uid, index, node), uid, workload, core.scheduler.now)
    cluster.kube.pods[pod.key] = pod
    workload.made += 1
    cluster.kube.touch(pod)
    _write(core, cluster, Kind.POD_CREATED, pod, uid=uid)
    return pod


def _name(workload: Workload, uid: str, index: int, node: str) -> str:
    spec = workload.spec
    drawn = int(uid.replace("-", ""), 16)
    suffix = "".join(_LETTERS[drawn // 36**place % 36] for place in range(5))
    match spec.kind:
        case WorkloadKind.DEPLOYMENT:
            return f"{spec.name}-{workload.template_hash}-{suffix}"
        case WorkloadKind.STATEFUL_SET:
            return f"{spec.name}-{index}"
        case WorkloadKind.MIRROR:
            return f"{spec.name}-{node}"
        case WorkloadKind.BARE if spec.replicas == 1:
            return spec.name
        case _:
            return f"{spec.name}-{suffix}"


def _bind(core: Core, cluster: Cluster, pod: Pod, node: Node, *, at_once: bool) -> None:
    pod.node = pod.workload.node = node.name
    if pod.workload.spec.kind is WorkloadKind.JOB:
        pod.phase, pod.boot_id = "Succeeded", node.boot_id
        cluster.kube.touch(pod)
    elif at_once:
        pod.phase, pod.boot_id = "Running", node.boot_id
        set_ready(core, cluster, pod, ready=True, reason="started")
    else:
        cluster.kube.touch(pod)
        if node.ready:
            _start(core, cluster, pod, node)


def _start(core: Core, cluster: Cluster, pod: Pod, node: Node) -> None:
    """Start a pod's containers during its node's current boot. Unless interrupted, the pod becomes Ready some time later."""
    if pod.finished:
        return
    pod.starts += 1
    number, boot_id = pod.starts, node.boot_id
    takes = core.seconds(*pod.workload.spec.starts_in_s, "start", cluster.name, pod.uid, number)

    def started() -> None:
        there = cluster.kube.pods.get(pod.key) is pod and pod.starts == number
        if there and node.ready and node.boot_id == boot_id and pod.deleted is None:
            pod.phase, pod.boot_id = "Running", boot_id
            set_ready(core, cluster, pod, ready=True, reason="started")

    core.scheduler.after(takes, started)


def _write(core: Core, cluster: Cluster, kind: Kind, pod: Pod, **detail: str) -> None:
    node = cluster.nodes.get(pod.node or "")
    pool = node.pool if node else None
    workload = pod.workload.spec.name
    core.journal.write(kind, cluster.name, pool, pod.node, pod=pod.key, workload=workload, **detail)
