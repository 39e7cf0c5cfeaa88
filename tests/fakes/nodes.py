"""The API server in memory: nodes, pods, PDBs, cordons, and evictions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ops.model.auto_provisioning import AutoProvisioning
from ops.model.fleet import Cluster, ClusterRef, Node
from ops.model.workload import DisruptionBudget, Pod
from ops.ports.errors import BusyError, OutsideError, UnreachableError
from ops.ports.kubernetes import EvictionResult
from tests.fakes.azure import FakeClusters
from tests.fakes.fleet import nodes_of


@dataclass
class FakeNodes:
    """Nodes that run their pools' images, unless a test sets others in `listed`. `refuse` maps each kind of read to its error."""

    clusters: FakeClusters
    listed: dict[str, tuple[Node, ...]] = field(default_factory=dict)
    running: dict[str, tuple[Pod, ...]] = field(default_factory=dict)
    protecting: dict[str, tuple[DisruptionBudget, ...]] = field(default_factory=dict)
    answers: dict[str, EvictionResult] = field(default_factory=dict)
    marks: list[str] = field(default_factory=list)
    evicted: list[str] = field(default_factory=list)
    provisioned: dict[str, AutoProvisioning] = field(default_factory=dict)
    dry_answers: dict[str, EvictionResult | OutsideError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refuse: dict[str, OutsideError] = field(default_factory=dict)

    def nodes(self, cluster: Cluster | ClusterRef) -> tuple[Node, ...]:
        if self.clusters.fleet[cluster.id].is_stopped:
            raise UnreachableError(f"listing the nodes of {cluster.name}: its API server does not answer")
        self._ask("nodes")
        return self.listed.get(cluster.name, nodes_of(self.clusters.fleet[cluster.id]))

    def pods(self, cluster: Cluster | ClusterRef, node: str = "") -> tuple[Pod, ...]:
        self._ask("pods")
        return tuple(pod for pod in self.running.get(cluster.name, ()) if not node or pod.node == node)

    def budgets(self, cluster: Cluster | ClusterRef) -> tuple[DisruptionBudget, ...]:
        self._ask("budgets")
        return self.protecting.get(cluster.name, ())

    def auto_provisioning(self, cluster: Cluster | ClusterRef) -> AutoProvisioning | None:
        self._ask("auto_provisioning")
        return self.provisioned.get(cluster.name)

    def _ask(self, what: str) -> None:
        if what in self.refuse:
            raise self.refuse[what]

    def mark(
        self, cluster: Cluster | ClusterRef, node: Node, *, unschedulable: bool, annotations: Mapping[str, str | None]
    ) -> None:
        (old,) = (each for each in self.nodes(cluster) if each.name == node.name)
        if old.uid != node.uid:
            raise BusyError(f"patching {node.name}: 409 Conflict")
        self.marks.append(f"{'cordon' if unschedulable else 'uncordon'} {node.name}")
        kept = {**old.annotations, **annotations}
        self.change(
            node.name, unschedulable=unschedulable, annotations={k: v for k, v in kept.items() if v is not None}
        )

    def evict(self, cluster: Cluster | ClusterRef, pod: Pod, grace_s: int | None = None) -> EvictionResult:
        assert grace_s is None or grace_s > 0
        answer = self.answers.get(pod.name, EvictionResult("evicted"))
        self.evicted.append(pod.name)
        if answer.kind == "evicted":
            self.running[cluster.name] = tuple(p for p in self.running[cluster.name] if p.uid != pod.uid)
        return answer

    def would_evict(self, cluster: Cluster | ClusterRef, pod: Pod) -> EvictionResult:
        assert cluster.id in self.clusters.fleet
        self.asked.append(pod.name)
        answer = self.dry_answers.get(pod.name, EvictionResult("evicted"))
        if isinstance(answer, OutsideError):
            raise answer
        return answer

    def change(self, node: str, **changes: object) -> None:
        """Change the fields of a node."""
        for name, nodes in self.listed.items():
            self.listed[name] = tuple(replace(n, **changes) if n.name == node else n for n in nodes)  # type: ignore[arg-type]  # fields by name
