"""Evacuates nodes that Azure is about to evict: cordons them, and evicts as many pods as the notice allows."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import zip_longest
from typing import Literal

from ops.model.arm_actions import ASK_API_SERVER
from ops.model.fleet import CORDON_STAMP, ClusterRef, Node
from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.model.workload import Pod
from ops.policy.evictable_pods import pods_to_evict
from ops.ports.errors import OutsideError, TryLaterError, UnreachableError
from ops.verbs.contract import StepContext
from ops.verbs.drain_progress import drain_progress, is_time_over
from ops.verbs.node_lookup import is_our_cordon

_ROUND = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class EvacuateNodes:
    """`params`: nodes (comma-separated), uids (theirs, in the same order), run (the annotation), timeout_s, grace_s.

    It reads nothing from Azure, because a notice lasts seconds and Azure may throttle.
    Pods that remain are lost with their node, which is not a failure.
    """

    name: str = "evacuate-nodes"
    actions: frozenset[str] = frozenset({ASK_API_SERVER})
    kubernetes: frozenset[str] = frozenset({"list nodes", "patch nodes", "list pods", "create pods/eviction"})
    on_cancel: Literal["finish", "abort"] = "finish"
    undo: str = ""

    def check(self, task: StepContext) -> Ready | Done | Pending | Refused | Stale:
        """Done if the nodes no longer exist. Nodes that are already cordoned must still be emptied."""
        return Ready() if _there(task) else Done("the nodes no longer exist")

    def begin(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """Runs the first round."""
        return self.poll(task)

    def poll(self, task: StepContext) -> Pending | Done | Refused:
        """Runs one round over all nodes. Ends if the nodes or the API server disappear; any other failed read is repeated.

        Each round checks the cordons: pods are evicted only from nodes on which they cannot be placed again.
        """
        try:
            there = _there(task)
            left = _left(task, there)
        except UnreachableError:
            return self._over(task, "the API server does not answer")
        except TryLaterError as error:
            if is_time_over(task):
                return self._over(task, f"time is over, and the nodes could not be read at the end ({error})")
            return Pending("evacuate", task.now + max(_ROUND, timedelta(seconds=error.retry_after_s)))
        progress = drain_progress(task, left)
        if not there:
            return self._over(task, "the nodes no longer exist")
        closed = {node.name for node in there if node.unschedulable or _cordon(task, node)}
        if not left or all(_was_uncordoned(task, node) for node in there):
            return Done(f"{progress.done} of {progress.total} pods have left", progress)
        _evict(task, [pod for pod in left if pod.node in closed and not pod.deleting])
        if is_time_over(task):
            return Done(f"{progress.done} of {progress.total} pods have left in time", progress)
        return Pending("evacuate", task.now + _ROUND, progress)

    def verify(self, task: StepContext) -> Done:
        """Takes the result from the record, since the nodes may no longer exist. Names those that are open."""
        progress = task.record.progress
        counted = (
            f"{progress.done} of {progress.total} pods have left in time"
            if progress
            else "no pods were counted, since the nodes were gone or could not be read"
        )
        return Done(f"{counted}{_open_nodes(task)}", progress)

    def _over(self, task: StepContext, why: str) -> Done:
        progress = task.record.progress
        left = (
            f"{progress.done} of {progress.total} pods had left"
            if progress
            else "it is not known how many pods have left"
        )
        return Done(f"{why}: {left}", progress)


VERB = EvacuateNodes()


def _cluster(task: StepContext) -> ClusterRef:
    return ClusterRef(task.target, task.target.rpartition("/")[2])


def _there(task: StepContext) -> list[Node]:
    """Returns the nodes that still exist. One that was registered again under the same name is another node."""
    names = task.step.params["nodes"].split(",")
    uids = task.step.params.get("uids", "").split(",")
    wanted = dict(zip_longest(names, uids, fillvalue=""))
    found = (node for node in task.ports.nodes.nodes(_cluster(task)) if node.name in wanted)
    return [node for node in found if wanted[node.name] in ("", node.uid)]


def _was_uncordoned(task: StepContext, node: Node) -> bool:
    """Whether someone has removed this run's cordon. They want the pods of the node to stay."""
    return not node.unschedulable and is_our_cordon(node, task.step.params["run"])


def _cordon(task: StepContext, node: Node) -> bool:
    """Cordons the node, unless someone has uncordoned it; returns whether it is cordoned now.

    A node that is already being removed must not prevent the others from being emptied.
    """
    if _was_uncordoned(task, node):
        return False
    stamp = {CORDON_STAMP: task.step.params["run"]}
    try:
        task.ports.nodes.mark(_cluster(task), node, unschedulable=True, annotations=stamp)
    except OutsideError:
        return False
    return True


def _evict(task: StepContext, pods: list[Pod]) -> None:
    """Requests the evictions. What is refused is requested again in the next round, while time is left."""
    for pod in pods:
        with suppress(OutsideError):
            task.ports.nodes.evict(_cluster(task), pod, int(task.step.params["grace_s"]))


def _open_nodes(task: StepContext) -> str:
    """Names the nodes whose pods were not evicted, because they are not cordoned; empty if there are none or it cannot be read."""
    try:
        opened = [node for node in _there(task) if not node.unschedulable]
    except OutsideError:
        return ""
    lines = (
        f"; {node.name} was uncordoned by someone else"
        if _was_uncordoned(task, node)
        else f"; {node.name} could not be cordoned, so its pods were not evicted"
        for node in opened
    )
    return "".join(lines)


def _left(task: StepContext, there: list[Node]) -> list[Pod]:
    pods = task.ports.nodes.pods(_cluster(task))
    return [pod for node in there for pod in pods_to_evict(pods, node.name)]
