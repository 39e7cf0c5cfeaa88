"""Evacuate nodes that are about to be taken: cordon them all and let go as many pods as the notice allows."""

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
    """`params`: nodes (comma-separated), run (the stamp), timeout_s, grace_s. What has not left in time dies with its node: no failure."""

    name: str = "evacuate-nodes"
    actions: frozenset[str] = frozenset({READ_CLUSTER, ASK_API_SERVER})
    kubernetes: frozenset[str] = frozenset({"list nodes", "patch nodes", "list pods", "create pods/eviction"})
    on_cancel: Literal["finish", "abort"] = "finish"
    undo: str = ""

    def check(self, task: StepContext) -> Ready | Done | Pending | Refused | Stale:
        """Nodes that are gone need nothing. Those that are cordoned already must still be emptied."""
        there = _there(task)[1]
        return Ready() if there else Done("they are gone already")

    def begin(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """The cordons, ours only where nobody has put one, and the first round."""
        cluster, there = _there(task)
        for node in there:
            if not node.unschedulable:
                stamp = {CORDON_STAMP: task.step.params["run"]}
                with suppress(
                    OutsideError
                ):  # one node that is going already does not keep the others from being emptied
                    task.ports.nodes.mark(cluster, node.name, unschedulable=True, annotations=stamp)
        return self.poll(task)

    def poll(self, task: StepContext) -> Pending | Done | Refused:
        """One round over all of them; nodes or an API server that are gone in the middle of it end the work."""
        try:
            cluster, there = _there(task)
            left = _left(task, cluster, there)
        except TryLaterError:
            return self._over(task, "the API server does not answer")
        progress = drain_progress(task, left)
        if not there:
            return self._over(task, "they are gone")
        if not left:
            return Done(f"{progress.done} of {progress.total} pods have left", progress)
        grace_s = int(task.step.params["grace_s"])
        for pod in left:
            if not pod.deleting:
                with suppress(OutsideError):  # asked again in the next round, as long as there is time
                    task.ports.nodes.evict(cluster, pod, grace_s)
        if is_time_over(task):
            return Done(f"{progress.done} of {progress.total} pods have left in time", progress)
        return Pending("evacuate", task.now + _ROUND, progress)

    def verify(self, task: StepContext) -> Done:
        """What was reached stands in the record: the nodes may be gone by now."""
        progress = task.record.progress
        return Done(
            f"{progress.done} of {progress.total} pods have left in time" if progress else "nothing had to leave",
            progress,
        )

    def _over(self, task: StepContext, why: str) -> Done:
        progress = task.record.progress
        left = f"{progress.done} of {progress.total} pods had left" if progress else "no pod was seen to leave"
        return Done(f"{why}: {left}", progress)


VERB = EvacuateNodes()


def _there(task: StepContext) -> tuple[Cluster, list[Node]]:
    cluster = task.ports.clusters.cluster(task.target)
    names = set(task.step.params["nodes"].split(","))
    return cluster, [node for node in task.ports.nodes.nodes(cluster) if node.name in names]


def _left(task: StepContext, cluster: Cluster, there: list[Node]) -> list[Pod]:
    pods = task.ports.nodes.pods(cluster)
    return [pod for node in there for pod in pods_to_evict(pods, node.name)]
