"""The kinds of objects that the API server knows: where each is served, how it is represented, and what can be done with it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from simulator.kubernetes import columns, daemonsets, events, karpenter, namespaces, pdbs, pods
from simulator.kubernetes.lists import Resource
from simulator.kubernetes.nodes import node_resource
from simulator.kubernetes.tables import AGE, NAME, Column
from simulator.world.core import Core
from simulator.world.feed import Feed
from simulator.world.state import Cluster

READ = ("get", "list")


@dataclass(frozen=True, slots=True)
class Subresource:
    """A subresource and the kind of object that is posted to it."""

    name: str
    kind: str
    group: str
    version: str
    verbs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. Its objects have any type: each of its functions takes what `items` returns. Without a feed, it cannot be watched."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    resource: Callable[[Cluster], Resource[Any]]
    items: Callable[[Core, Cluster], list[Any]]
    columns: tuple[Column, ...]
    verbs: tuple[str, ...] = READ
    short: tuple[str, ...] = ()
    fields: tuple[str, ...] = ("metadata.name",)
    feed: Callable[[Cluster], Feed[Any]] | None = None
    subresources: tuple[Subresource, ...] = ()
    # Custom resources exist only where their definitions are installed.
    installed: Callable[[Cluster], bool] = lambda _: True

    @property
    def singular(self) -> str:
        """The name of one object in kubectl's arguments."""
        return self.kind.lower()

    @property
    def full_name(self) -> str:
        """The resource as errors name it."""
        return f"{self.group}/{self.plural}" if self.group else self.plural


def _pods(_: Core, cluster: Cluster) -> list[Any]:
    return sorted(cluster.kube.pods.values(), key=lambda pod: pod.key)


def _budgets(_: Core, cluster: Cluster) -> list[Any]:
    return sorted(cluster.kube.pdbs, key=lambda pdb: (pdb.namespace, pdb.name))


def _scaled(cluster: Cluster) -> list[Any]:
    return [pdb for pdb in cluster.kube.pdbs if pdb.workload.spec.surges]


def _scalers(_: Core, cluster: Cluster) -> list[Any]:
    return sorted(_scaled(cluster), key=lambda pdb: (pdb.namespace, pdb.name))


def _nodes(_: Core, cluster: Cluster) -> list[Any]:
    return sorted(cluster.node_objects.values(), key=lambda node: node.name)


def _has_karpenter(cluster: Cluster) -> bool:
    return cluster.karpenter is not None


def _karpenter(_: Core, cluster: Cluster) -> list[Any]:
    return [cluster.karpenter]


_EVICTION = Subresource("eviction", "Eviction", "policy", "v1", ("create",))
KINDS = (
    Kind(
        group="",
        version="v1",
        kind="Node",
        plural="nodes",
        namespaced=False,
        resource=node_resource,
        items=_nodes,
        columns=columns.NODE,
        verbs=(*READ, "patch", "watch"),
        short=("no",),
        feed=lambda cluster: cluster.node_feed,
    ),
    Kind(
        group="",
        version="v1",
        kind="Pod",
        plural="pods",
        namespaced=True,
        resource=lambda _: pods.POD,
        items=_pods,
        columns=columns.POD,
        verbs=("delete", *READ, "watch"),
        short=("po",),
        fields=pods.FIELDS,
        feed=lambda cluster: cluster.kube.feed,
        subresources=(_EVICTION,),
    ),
    Kind(
        group="",
        version="v1",
        kind="Namespace",
        plural="namespaces",
        namespaced=False,
        resource=lambda _: namespaces.NAMESPACE,
        items=namespaces.namespaces,
        columns=columns.NAMESPACE,
        short=("ns",),
    ),
    Kind(
        group="",
        version="v1",
        kind="Event",
        plural="events",
        namespaced=True,
        resource=events.events,
        items=events.recent,
        columns=columns.EVENT,
        short=("ev",),
        fields=events.FIELDS,
    ),
    Kind(
        group="policy",
        version="v1",
        kind="PodDisruptionBudget",
        plural="poddisruptionbudgets",
        namespaced=True,
        resource=pdbs.pdb_resource,
        items=_budgets,
        columns=columns.BUDGET,
        short=("pdb",),
        fields=pdbs.FIELDS,
    ),
    Kind(
        group="apps",
        version="v1",
        kind="DaemonSet",
        plural="daemonsets",
        namespaced=True,
        resource=daemonsets.resource,
        items=lambda _, cluster: daemonsets.daemon_sets(cluster),
        columns=columns.DAEMON_SET,
        short=("ds",),
        fields=daemonsets.FIELDS,
    ),
    Kind(
        group="eviction-autoscaler.azure.com",
        version="v1",
        kind="EvictionAutoScaler",
        plural="evictionautoscalers",
        namespaced=True,
        resource=lambda _: pdbs.scaler_resource(),
        items=_scalers,
        columns=(NAME, AGE),
        fields=pdbs.FIELDS,
        installed=lambda cluster: bool(_scaled(cluster)),
    ),
    Kind(
        group="karpenter.sh",
        version="v1",
        kind="NodeClaim",
        plural="nodeclaims",
        namespaced=False,
        resource=karpenter.claims,
        items=lambda _, cluster: cluster.provisioned,
        columns=columns.NODE_CLAIM,
        installed=_has_karpenter,
    ),
    Kind(
        group="karpenter.sh",
        version="v1",
        kind="NodePool",
        plural="nodepools",
        namespaced=False,
        resource=lambda _: karpenter.pools(),
        items=_karpenter,
        columns=columns.NODE_POOL,
        installed=_has_karpenter,
    ),
    Kind(
        group="karpenter.azure.com",
        version="v1beta1",
        kind="AKSNodeClass",
        plural="aksnodeclasses",
        namespaced=False,
        resource=karpenter.classes,
        items=_karpenter,
        columns=columns.NODE_CLASS,
        short=("aksnc", "aksncs"),
        installed=_has_karpenter,
    ),
)


def kinds_of(cluster: Cluster) -> Iterator[Kind]:
    """Return the kinds that a cluster's API server knows."""
    return (kind for kind in KINDS if kind.installed(cluster))


def kind_at(cluster: Cluster, group: str, version: str, plural: str) -> Kind | None:
    """Return the kind that is served at this place, or None."""
    wanted = (group, version, plural)
    return next((kind for kind in kinds_of(cluster) if (kind.group, kind.version, kind.plural) == wanted), None)
