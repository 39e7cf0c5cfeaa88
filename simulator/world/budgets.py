"""PodDisruptionBudgets: their status as the disruption controller computes it, and a record of violations.

Source: Kubernetes, pkg/controller/disruption/disruption.go (getExpectedPodCount, updatePdbStatus).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from simulator.world.core import Core
from simulator.world.journal import Kind
from simulator.world.kube import Pdb, Pod, Workload
from simulator.world.pods import TerminationCause
from simulator.world.state import Cluster


@dataclass(frozen=True, slots=True)
class BudgetStatus:
    """The ``status`` of a PDB."""

    current_healthy: int
    desired_healthy: int
    expected: int

    @property
    def allowed(self) -> int:
        """How many of the budget's pods may be evicted now."""
        return max(self.current_healthy - self.desired_healthy, 0) if self.expected > 0 else 0


def status_of(cluster: Cluster, pdb: Pdb) -> BudgetStatus:
    """Return a budget's current status. As in the controller, percentages are rounded up."""
    pods = [pod for pod in cluster.kube.pods.values() if pdb.selects(pod)]
    healthy = sum(pod.healthy for pod in pods)
    replicas = pdb.workload.spec.replicas
    if pdb.spec.min_available is not None:
        wanted = pdb.spec.min_available
        if isinstance(wanted, int):
            return BudgetStatus(healthy, wanted, len(pods))
        return BudgetStatus(healthy, _scaled(wanted, replicas), replicas)
    unavailable = _scaled(pdb.spec.max_unavailable or 0, replicas)
    return BudgetStatus(healthy, max(replicas - unavailable, 0), replicas)


def budgets_of(cluster: Cluster, pod: Pod) -> list[Pdb]:
    """Return the budgets that select a pod."""
    return [pdb for pdb in cluster.kube.pdbs if pdb.selects(pod)]


def disrupt(core: Core, cluster: Cluster, cause: TerminationCause, act: Callable[[], None]) -> None:
    """Perform a voluntary disruption, and record each budget whose healthy pods it reduces below the desired number.

    The healthy pods are compared before and after the disruption, regardless of the response to an eviction.
    """
    before = {pdb.uid: status_of(cluster, pdb).current_healthy for pdb in cluster.kube.pdbs}
    act()
    for pdb in cluster.kube.pdbs:
        status = status_of(cluster, pdb)
        if status.current_healthy < min(status.desired_healthy, before[pdb.uid]):
            core.journal.write(
                Kind.PDB_VIOLATED,
                cluster.name,
                pdb=f"{pdb.namespace}/{pdb.name}",
                healthy=status.current_healthy,
                desired=status.desired_healthy,
                who=cause.who,
                reason=cause.reason,
            )


def build_budgets(core: Core, cluster: Cluster, workload: Workload) -> None:
    """Create the budgets of a workload."""
    spec = workload.spec
    for name, budget in spec.all_budgets:
        uid = core.new_id_in("pdb")
        cluster.kube.pdbs.append(Pdb(spec.namespace, name, uid, budget, workload, core.scheduler.now))


def _scaled(limit: str | int, of: int) -> int:
    return limit if isinstance(limit, int) else ceil(int(limit.removesuffix("%")) * of / 100)
