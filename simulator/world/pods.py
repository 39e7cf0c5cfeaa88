"""The life of pods: made by their workloads, placed, started, ended, made again elsewhere."""

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

# A pod that is told to end does so within seconds, or at the end of its grace period.
ENDS_IN_S = (1.0, 10.0)
# The toleration that every pod gets for an unreachable or not-ready node (DefaultTolerationSeconds).
TOLERATED = timedelta(seconds=300)
_LETTERS = digits + ascii_lowercase


@dataclass(frozen=True, slots=True)
class Why:
    """Who ends pods, and for what reason."""

    who: str
    reason: str


def reconcile(core: Core, cluster: Cluster, *, at_once: bool = False) -> None:
    """Make the pods that are missing, and place those that wait."""
    kube = cluster.kube
    if not kube.workloads or cluster.power_state != "Running":
        return
    for workload in kube.workloads:
        _create_missing(core, cluster, workload, at_once=at_once)
    for pod in [pod for pod in kube.pods.values() if pod.node is None and pod.deleted is None]:
        node = place(cluster, pod)
        if node is not None:
            _bind(core, cluster, pod, node, at_once=at_once)


def end(core: Core, cluster: Cluster, pod: Pod, why: Why, grace_s: int | None = None) -> None:
    """Tell a pod to end; its replacement is made at once or, under the same name, when it is gone."""
    if pod.deleted is not None:
        return
    grace = pod.workload.spec.grace_s if grace_s is None else grace_s
    kind = Kind.POD_EVICTED if why.reason == "eviction" else Kind.POD_DELETED
    _write(core, cluster, kind, pod, who=why.who, reason=why.reason)
    if pod.node is None or grace == 0 or pod.finished:
        remove(core, cluster, pod, why.reason)
        return
    pod.deleted = core.agenda.now + timedelta(seconds=grace)
    pod.deletion_grace_s = grace
    cluster.kube.touch(pod)
    takes = core.seconds(min(ENDS_IN_S[0], grace), min(ENDS_IN_S[1], grace), "end", cluster.name, pod.uid)
    core.agenda.after(takes, partial(_ended, core, cluster, pod, why.reason))
    reconcile(core, cluster)


def _ended(core: Core, cluster: Cluster, pod: Pod, reason: str) -> None:
    """Remove a pod whose containers ended; a node that is not Ready cannot say so."""
    node = cluster.nodes.get(pod.node or "")
    if node is None or node.ready:
        remove(core, cluster, pod, reason)


def remove(core: Core, cluster: Cluster, pod: Pod, reason: str) -> None:
    """Remove a pod's object."""
    if cluster.kube.pods.get(pod.key) is pod:
        del cluster.kube.pods[pod.key]
        cluster.kube.touch(pod, gone=True)
        _write(core, cluster, Kind.POD_GONE, pod, reason=reason)
        reconcile(core, cluster)


def node_left(core: Core, cluster: Cluster, node: Node) -> None:
    """Remove the pods of a node that is no more (pod garbage collection)."""
    for pod in cluster.kube.pods_on(node.name):
        remove(core, cluster, pod, "node-left")


def node_not_ready(core: Core, cluster: Cluster, node: Node) -> None:
    """Take the pods of a node out of service; those still there after their toleration are deleted."""
    held = cluster.kube.pods_on(node.name)
    for pod in held:
        set_ready(core, cluster, pod, ready=False, reason="node-not-ready")
    if held:
        core.agenda.after(TOLERATED, partial(_tainted, core, cluster, node, node.ready_since))


def _tainted(core: Core, cluster: Cluster, node: Node, since: object) -> None:
    if node.ready or node.ready_since != since or cluster.nodes.get(node.name) is not node:
        return
    for pod in cluster.kube.pods_on(node.name):
        if pod.workload.spec.kind not in PER_NODE:
            end(core, cluster, pod, Why("node-lifecycle-controller", "taint"))


def node_ready(core: Core, cluster: Cluster, node: Node) -> None:
    """Bring the pods of a node back: at once where its containers kept running, anew after a boot."""
    for pod in cluster.kube.pods_on(node.name):
        if pod.deleted is not None:
            remove(core, cluster, pod, "node-ready")
        elif pod.boot_id == node.boot_id:
            set_ready(core, cluster, pod, ready=True, reason="node-ready")
        else:
            _start(core, cluster, pod, node)
    reconcile(core, cluster)


def node_booted(core: Core, cluster: Cluster, node: Node) -> None:
    """Lose the containers of a node that boots; where it is Ready they start anew."""
    for pod in cluster.kube.pods_on(node.name):
        set_ready(core, cluster, pod, ready=False, reason="node-booted")
        if node.ready and pod.deleted is None:
            _start(core, cluster, pod, node)


def cluster_stopped(core: Core, cluster: Cluster) -> None:
    """End all pods; those without a controller are lost (AKS: standalone pods are deleted on stop)."""
    for pod in list(cluster.kube.pods.values()):
        set_ready(core, cluster, pod, ready=False, reason="cluster-stopped")
        if pod.workload.spec.kind is WorkloadKind.BARE or pod.deleted is not None:
            remove(core, cluster, pod, "cluster-stopped")


def set_ready(core: Core, cluster: Cluster, pod: Pod, *, ready: bool, reason: str) -> None:
    """Change whether a pod serves."""
    if not ready:
        pod.starts += 1
    if pod.ready == ready or pod.finished:
        return
    pod.ready = ready
    pod.ready_since = core.agenda.now
    cluster.kube.touch(pod)
    _write(core, cluster, Kind.POD_READY if ready else Kind.POD_NOT_READY, pod, reason=reason)


def _create_missing(core: Core, cluster: Cluster, workload: Workload, *, at_once: bool) -> None:
    spec = workload.spec
    if spec.kind in RUNS_ONCE:
        return
    present = cluster.kube.pods_of(workload)
    if spec.kind in PER_NODE:
        # Kept until the old object is gone; a node has one at most.
        taken = {pod.node for pod in present}
        for node in sorted(cluster.nodes.values(), key=lambda node: node.name):
            if node.name not in taken and belongs(cluster, workload, node):
                _bind(core, cluster, create(core, cluster, workload, 0, node.name), node, at_once=at_once)
    elif spec.kind is WorkloadKind.STATEFUL_SET:
        names = {pod.name for pod in present}
        for index in range(spec.replicas):
            if f"{spec.name}-{index}" not in names:
                create(core, cluster, workload, index)
    else:
        active = sum(pod.deleted is None for pod in present)
        for _ in range(spec.replicas - active):
            create(core, cluster, workload, 0)


def create(core: Core, cluster: Cluster, workload: Workload, index: int, node: str = "") -> Pod:
    """Make a pod's object; it waits for a node."""
    spec = workload.spec
    uid = core.new_id_in("pod")
    pod = Pod(spec.namespace, _name(workload, uid, index, node), uid, workload, core.agenda.now)
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
    pod.node = node.name

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
    """Start a pod's containers in its node's present boot; Ready some time later, unless something comes between."""
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

    core.agenda.after(takes, started)


def _write(core: Core, cluster: Cluster, kind: Kind, pod: Pod, **detail: str) -> None:
    node = cluster.nodes.get(pod.node or "")
    pool = node.pool if node else None
    workload = pod.workload.spec.name
    core.journal.write(kind, cluster.name, pool, pod.node, pod=pod.key, workload=workload, **detail)
