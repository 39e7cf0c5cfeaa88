"""The eviction subresource: whether a pod may be evicted now, and its eviction.

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
from simulator.world.pods import Why
from simulator.world.state import Cluster, Node

DRAIN_RETRIES = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Evicted:
    """The pod was told to end, or would be."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """A budget has nothing left: 429."""

    pdb: Pdb
    status: BudgetStatus


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several budgets select the pod: 500, and no retry will help."""


type Verdict = Evicted | Blocked | Ambiguous


def evict(core: Core, cluster: Cluster, pod: Pod, who: str, *, dry_run: bool, grace_s: int | None = None) -> Verdict:
    """Evict a pod if its budget allows it; a dry run neither ends it nor uses the budget up."""
    verdict = _judge(cluster, pod)
    if isinstance(verdict, Evicted):
        if not dry_run:
            why = Why(who, "eviction")
            disrupt(core, cluster, why, lambda: pods.end(core, cluster, pod, why, grace_s))
    elif not dry_run:
        pdb = f"{verdict.pdb.namespace}/{verdict.pdb.name}" if isinstance(verdict, Blocked) else None
        core.journal.write(Kind.EVICTION_REFUSED, cluster.name, None, pod.node, pod=pod.key, who=who, pdb=pdb)
    return verdict


def delete(core: Core, cluster: Cluster, pod: Pod, who: str, grace_s: int | None = None) -> None:
    """Delete a pod, whatever its budgets say."""
    why = Why(who, "delete")
    disrupt(core, cluster, why, lambda: pods.end(core, cluster, pod, why, grace_s))


def drain(core: Core, cluster: Cluster, node: Node, who: str, timeout: timedelta) -> Generator[timedelta]:
    """Evict a cordoned node's pods until none but per-node ones are left, the node is gone, or the time is over."""
    ends = core.agenda.now + timeout
    while cluster.nodes.get(node.name) is node and node.unschedulable and core.agenda.now < ends:
        left = [
            pod
            for pod in cluster.kube.pods_on(node.name)
            if pod.workload.spec.kind not in PER_NODE and pod.deleted is None
        ]
        if not left:
            return
        for pod in left:
            evict(core, cluster, pod, who, dry_run=False)
        yield DRAIN_RETRIES


def _judge(cluster: Cluster, pod: Pod) -> Verdict:
    if pod.deleted is not None or pod.phase in ("Pending", "Succeeded", "Failed"):
        return Evicted()
    budgets = budgets_of(cluster, pod)
    if not budgets:
        return Evicted()
    if len(budgets) > 1:
        return Ambiguous()
    [pdb] = budgets
    status = status_of(cluster, pdb)
    if not pod.ready:
        healthy = status.current_healthy >= status.desired_healthy > 0
        if pdb.spec.unhealthy_pods == "AlwaysAllow" or healthy:
            return Evicted()
    return Evicted() if status.allowed > 0 else Blocked(pdb, status)
