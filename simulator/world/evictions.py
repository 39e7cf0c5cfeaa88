"""The eviction subresource: checks whether a pod may be evicted now, and evicts it.

Source: Kubernetes, pkg/registry/core/pod/storage/eviction.go.
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import timedelta

from simulator.world import pods
from simulator.world.budgets import BudgetStatus, budgets_of, disrupt, status_of
from simulator.world.core import Core
from simulator.world.journal import Kind
from simulator.world.kube import PER_NODE, Pdb, Pod
from simulator.world.pods import TerminationCause
from simulator.world.state import Cluster, Node

DRAIN_RETRIES = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class EvictionAllowed:
    """The pod is terminating, or would be if this were not a dry run."""


@dataclass(frozen=True, slots=True)
class EvictionBlocked:
    """A budget does not allow the disruption: 429."""

    pdb: Pdb
    status: BudgetStatus


@dataclass(frozen=True, slots=True)
class BudgetsAmbiguous:
    """Several budgets select the pod: 500. A retry does not help."""


type EvictionResult = EvictionAllowed | EvictionBlocked | BudgetsAmbiguous


def evict(
    core: Core, cluster: Cluster, pod: Pod, who: str, *, dry_run: bool, grace_s: int | None = None
) -> EvictionResult:
    """Evict a pod if its budget allows it. A dry run does not change anything."""
    result = _judge(cluster, pod)
    if isinstance(result, EvictionAllowed):
        if not dry_run:
            cause = TerminationCause(who, "eviction")
            disrupt(core, cluster, cause, lambda: pods.end(core, cluster, pod, cause, grace_s))
    elif not dry_run:
        pdb = f"{result.pdb.namespace}/{result.pdb.name}" if isinstance(result, EvictionBlocked) else None
        core.journal.write(Kind.EVICTION_REFUSED, cluster.name, None, pod.node, pod=pod.key, who=who, pdb=pdb)
    return result


def delete(core: Core, cluster: Cluster, pod: Pod, who: str, grace_s: int | None = None) -> None:
    """Delete a pod regardless of its budgets."""
    cause = TerminationCause(who, "delete")
    disrupt(core, cluster, cause, lambda: pods.end(core, cluster, pod, cause, grace_s))


def delete_evictable(core: Core, cluster: Cluster, node: Node, who: str) -> None:
    """Delete all of a node's pods, except per-node pods, regardless of their budgets."""
    for pod in _left(cluster, node):
        delete(core, cluster, pod, who)


def drain(core: Core, cluster: Cluster, node: Node, who: str, timeout: timedelta) -> Generator[timedelta]:
    """Evict a cordoned node's pods until only per-node pods are left, the node is gone, or the timeout expires."""
    ends = core.scheduler.now + timeout
    while cluster.nodes.get(node.name) is node and node.unschedulable and core.scheduler.now < ends:
        left = _left(cluster, node)
        if not left:
            return
        for pod in left:
            evict(core, cluster, pod, who, dry_run=False)
        yield DRAIN_RETRIES


def _left(cluster: Cluster, node: Node) -> list[Pod]:
    found = cluster.kube.pods_on(node.name)
    return [pod for pod in found if pod.workload.spec.kind not in PER_NODE and pod.deleted is None]


def _judge(cluster: Cluster, pod: Pod) -> EvictionResult:
    if pod.deleted is not None or pod.phase in ("Pending", "Succeeded", "Failed"):
        return EvictionAllowed()
    budgets = budgets_of(cluster, pod)
    if not budgets:
        return EvictionAllowed()
    if len(budgets) > 1:
        return BudgetsAmbiguous()
    [pdb] = budgets
    status = status_of(cluster, pdb)
    if not pod.ready:
        healthy = status.current_healthy >= status.desired_healthy > 0
        if pdb.spec.unhealthy_pods == "AlwaysAllow" or healthy:
            return EvictionAllowed()
    return EvictionAllowed() if status.allowed > 0 else EvictionBlocked(pdb, status)
