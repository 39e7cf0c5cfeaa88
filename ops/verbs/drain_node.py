"""Drains a node through the Eviction API, in rounds of evictions; verified by the pods that remain."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ops.model.arm_actions import ASK_API_SERVER, READ_CLUSTER
from ops.model.fleet import Cluster
from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.model.reasons import FailureCode
from ops.model.workload import Pod
from ops.policy.evictable_pods import pods_to_evict, terminating
from ops.ports.errors import OutsideError
from ops.ports.kubernetes import EvictionResult
from ops.verbs.contract import StepContext
from ops.verbs.drain_progress import drain_progress, is_time_over
from ops.verbs.node_lookup import FoundNode, find_node, missing_cordon

_ROUND = timedelta(seconds=15)
# Pods that are created on the node later than this after the start of the drain were placed there by their controllers.
_SETTLES = timedelta(minutes=1)
_DRAINING = "drain"


@dataclass(frozen=True, slots=True)
class DrainNode:
    """`params`: node, uid, run (the value of the annotation), timeout_s, grace_s (empty: each pod's own).

    It acts only while the node has this run's cordon. It cannot be undone, since the pods have moved.
    """

    name: str = "drain-node"
    actions: frozenset[str] = frozenset({READ_CLUSTER, ASK_API_SERVER})
    kubernetes: frozenset[str] = frozenset({"list nodes", "list pods", "create pods/eviction"})
    on_cancel: Literal["finish", "abort"] = "abort"
    undo: str = ""

    def check(self, task: StepContext) -> Ready | Done | Pending | Refused | Stale:
        """Done if the node is already empty or no longer exists."""
        found = find_node(task)
        if isinstance(found, Stale):
            return Done(found.why)
        refused = missing_cordon(task, found.node)
        if refused is not None:
            return refused
        return Ready() if _left(task, found) else Done(f"{found.node.name} has no pods to evict")

    def begin(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """Runs the first round."""
        return self.poll(task)

    def poll(self, task: StepContext) -> Pending | Done | Refused:
        """Runs one round: requests the eviction of each remaining pod. Evictions that a PDB blocks are retried until the timeout.

        Each round checks the cordon again: someone who uncordons the node wants its pods to stay.
        """
        found = find_node(task)
        if isinstance(found, Stale):
            return Done(found.why)
        node, refused = found.node, missing_cordon(task, found.node)
        if refused is not None:
            return refused
        left = _left(task, found)
        progress = drain_progress(task, left)
        if not left:
            return Done(f"{progress.total} pods have left {node.name}", progress)
        newest = _newest_before(task, left)
        back = _came_back(left, newest)
        if back is not None:
            return comes_back(node.name, back)
        answers = _ask(task, found.cluster, left)
        several = next((answer.why for answer in answers.values() if answer.kind == "several"), "")
        if several:
            return Refused(
                FailureCode.SEVERAL_PDBS,
                several,
                "make sure that only one PDB covers each pod, then start the run again",
            )
        if is_time_over(task):
            return _out_of_time(node.name, left[0], answers[left[0].full_name])
        token = f"{_DRAINING} {newest.isoformat()}" if newest else _DRAINING
        return Pending(token, task.now + _ROUND, progress)

    def verify(self, task: StepContext) -> Done | Pending | Refused:
        """Verifies that no pod remains that the drain should have evicted."""
        found = find_node(task)
        if isinstance(found, Stale):
            return Done(found.why)
        if _left(task, found):
            return self.poll(task)  # pods scheduled in the meantime are also evicted, within the same timeout
        return Done(f"only DaemonSet pods remain on {found.node.name}", task.record.progress)


VERB = DrainNode()


def _out_of_time(node: str, pod: Pod, answer: EvictionResult) -> Refused:
    """Says what the pod that is left was waiting for: its own end, a PDB, or what the API server said."""
    cause = f"{pod.full_name} has not left {node} in time"
    if pod.deleting:
        advice = "find out why the pod does not end (its finalizers, its node), then start the run again"
        return Refused(FailureCode.DRAIN_TIMEOUT, f"{cause}: {terminating(pod)}", advice)
    because = f"{cause}: {answer.why}" if answer.why else cause
    if answer.kind == "refused":
        return Refused(FailureCode.DRAIN_TIMEOUT, because, "fix what the API server reports, then start the run again")
    advice = "let its PDB allow an eviction (more replicas, or a lower minAvailable), then start the run again"
    return Refused(FailureCode.DRAIN_TIMEOUT, because, advice)


def _newest_before(task: StepContext, left: tuple[Pod, ...]) -> datetime | None:
    """Returns when the newest of the pods was created that were on the node when the cordon took effect.

    All of these times are those of the API server, whose clock can differ from ours. The token keeps them between rounds.
    """
    _, _, kept = task.record.token.partition(" ")
    newest = datetime.fromisoformat(kept) if kept else None
    if newest is not None and task.now - (task.record.began or task.now) >= _SETTLES:
        return newest
    created = [pod.created for pod in left if pod.created is not None]
    return max([*created, *([newest] if newest else [])], default=None)


def _came_back(left: tuple[Pod, ...], newest: datetime | None) -> Pod | None:
    """Returns a pod that was created since. Evicting it would only create the next one."""
    later = (pod for pod in left if newest is not None and pod.created is not None and pod.created > newest)
    return next((pod for pod in later if not pod.deleting), None)


def comes_back(node: str, pod: Pod) -> Refused:
    """Says that the cordon does not keep a pod away from its node."""
    cause = f"{pod.full_name} was created on {node} although it is cordoned, so evicting it does not empty the node"
    advice = "find out what places the pod there (spec.nodeName, or its own scheduler), then start the run again"
    return Refused(FailureCode.COMES_BACK, cause, advice)


def _left(task: StepContext, found: FoundNode) -> tuple[Pod, ...]:
    return pods_to_evict(task.ports.nodes.pods(found.cluster, found.node.name), found.node.name)


def _ask(task: StepContext, cluster: Cluster, left: tuple[Pod, ...]) -> dict[str, EvictionResult]:
    """Requests the eviction of each pod once; skips pods that are already terminating."""
    grace = task.step.params.get("grace_s", "")
    grace_s = int(grace) if grace else None
    return {pod.full_name: _ask_one(task, cluster, pod, grace_s) for pod in left}


def _ask_one(task: StepContext, cluster: Cluster, pod: Pod, grace_s: int | None) -> EvictionResult:
    """Requests the eviction of one pod. An error (a webhook, a namespace that is being deleted) is retried until the timeout."""
    if pod.deleting:
        return EvictionResult("evicted")
    try:
        return task.ports.nodes.evict(cluster, pod, grace_s)
    except OutsideError as error:
        return EvictionResult("refused", str(error))
