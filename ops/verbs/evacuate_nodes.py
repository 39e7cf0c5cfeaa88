"""Evacuates nodes that Azure is about to evict: cordons them, and evicts as many pods as the notice allows."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from ops.model.arm_actions import ASK_API_SERVER, READ_CLUSTER
from ops.model.fleet import CORDON_STAMP, Cluster, Node
from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.model.workload import Pod
from ops.policy.evictable_pods import pods_to_evict
from ops.ports.errors import OutsideError, TryLaterError
from ops.verbs.contract import StepContext
from ops.verbs.drain_progress import drain_progress, is_time_over

_ROUND = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class EvacuateNodes:
    """`params`: nodes (comma-separated), run (the annotation), timeout_s, grace_s.

    Pods that remain are lost with their node, which is not a failure.
    """

    name: str = "evacuate-nodes"
    actions: frozenset[str] = frozenset({READ_CLUSTER, ASK_API_SERVER})
    kubernetes: frozenset[str] = frozenset({"list nodes", "patch nodes", "list pods", "create pods/eviction"})
    on_cancel: Literal["finish", "abort"] = "finish"
    undo: str = ""

    def check(self, task: StepContext) -> Ready | Done | Pending | Refused | Stale:
        """Done if the nodes no longer exist. Nodes that are already cordoned must still be emptied."""
        there = _there(task)[1]
        return Ready() if there else Done("the nodes no longer exist")

    def begin(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """Cordons the nodes that are not cordoned yet, and runs the first round."""
        cluster, there = _there(task)
        for node in there:
            if not node.unschedulable:
                stamp = {CORDON_STAMP: task.step.params["run"]}
                with suppress(
                    OutsideError
                ):  # a node that is already being removed must not prevent the others from being emptied
                    task.ports.nodes.mark(cluster, node.name, unschedulable=True, annotations=stamp)
        return self.poll(task)

    def poll(self, task: StepContext) -> Pending | Done | Refused:
        """Runs one round over all nodes. Ends if the nodes or the API server disappear."""
        try:
            cluster, there = _there(task)
            left = _left(task, cluster, there)
        except TryLaterError:
            return self._over(task, "the API server does not answer")
        progress = drain_progress(task, left)
        if not there:
            return self._over(task, "the nodes no longer exist")
        if not left:
            return Done(f"{progress.done} of {progress.total} pods have left", progress)
        grace_s = int(task.step.params["grace_s"])
        for pod in left:
            if not pod.deleting:
                with suppress(OutsideError):  # retried in the next round while time is left
                    task.ports.nodes.evict(cluster, pod, grace_s)
        if is_time_over(task):
            return Done(f"{progress.done} of {progress.total} pods have left in time", progress)
        return Pending("evacuate", task.now + _ROUND, progress)

    def verify(self, task: StepContext) -> Done:
        """Takes the result from the record, since the nodes may no longer exist."""
        progress = task.record.progress
        return Done(
            f"{progress.done} of {progress.total} pods have left in time"
            if progress
            else "there were no pods to evict",
            progress,
        )

    def _over(self, task: StepContext, why: str) -> Done:
        progress = task.record.progress
        left = f"{progress.done} of {progress.total} pods had left" if progress else "no pods have left"
        return Done(f"{why}: {left}", progress)


VERB = EvacuateNodes()


def _there(task: StepContext) -> tuple[Cluster, list[Node]]:
    cluster = task.ports.clusters.cluster(task.target)
    names = set(task.step.params["nodes"].split(","))
    return cluster, [node for node in task.ports.nodes.nodes(cluster) if node.name in names]


def _left(task: StepContext, cluster: Cluster, there: list[Node]) -> list[Pod]:
    pods = task.ports.nodes.pods(cluster)
    return [pod for node in there for pod in pods_to_evict(pods, node.name)]
