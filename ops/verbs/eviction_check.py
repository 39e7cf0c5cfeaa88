"""Asks the API server, with dry runs, whether it would evict the pods of a node. Nothing is evicted."""

from ops.model.outcome import Refused
from ops.model.reasons import FailureCode
from ops.model.workload import Pod
from ops.policy.evictable_pods import blocking_pdb, pods_to_evict
from ops.ports.errors import BusyError, RejectedError
from ops.ports.kubernetes import EvictionResult
from ops.verbs.contract import StepContext
from ops.verbs.node_lookup import FoundNode


def refused_eviction(task: StepContext, found: FoundNode) -> Refused | None:
    """Returns the first lasting refusal; None if each pod can be evicted now or later.

    A PDB that allows nothing now, but can by its rules, is not a refusal: the drain repeats the request. Neither is a namespace
    that is being deleted: its pods end by themselves.
    """
    name = found.node.name
    pods = task.ports.nodes.pods(found.cluster, name)
    for pod in pods_to_evict(pods, name):
        if pod.deleting:
            continue
        answer = _ask(task, found, pod)
        if answer.kind == "several":
            return _refused(name, pod, answer.why, "make sure that only one PDB covers each pod")
        if answer.kind == "refused":
            return _refused(name, pod, answer.why, "fix what the API server reports, or ask the owner of the webhook")
        if answer.kind == "blocked" and _never_allows(task, found, pod):
            advice = "let its PDB allow an eviction (more replicas, or a lower minAvailable)"
            return _refused(name, pod, answer.why, advice)
    return None


def _ask(task: StepContext, found: FoundNode, pod: Pod) -> EvictionResult:
    try:
        return task.ports.nodes.would_evict(found.cluster, pod)
    except RejectedError as error:
        return EvictionResult("refused", str(error))
    except BusyError:
        return EvictionResult("unasked")  # the namespace is being deleted


def _never_allows(task: StepContext, found: FoundNode, pod: Pod) -> bool:
    return bool(blocking_pdb([pod], found.node.name, task.ports.nodes.budgets(found.cluster)))


def _refused(node: str, pod: Pod, why: str, advice: str) -> Refused:
    cause = f"{node} was not cordoned, because {pod.full_name} cannot be evicted: {why}"
    return Refused(FailureCode.EVICTION_REFUSED, cause, advice, lasting=True, subject=node)
