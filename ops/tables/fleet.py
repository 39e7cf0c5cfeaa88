"""The results of fleet scans: clusters and proven images."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from ops.model.proof import Proof
from ops.ports.store import Store
from ops.tables.base import Table

# The position of each part in `/subscriptions/.../resourcegroups/.../providers/...`.
_SUBSCRIPTION, _RESOURCE_GROUP = 2, 4


@dataclass(frozen=True, slots=True)
class KnownCluster:
    """A cluster as found by the last fleet scan: enough to find it by name and to determine its ring.

    `tags` are those that apply to it (docs/tags.md), which can differ from its current ones.
    """

    id: str
    name: str
    region: str
    tags: Mapping[str, str]
    seen: datetime

    @property
    def subscription(self) -> str:
        """The id of its subscription."""
        return _part(self.id, _SUBSCRIPTION)

    @property
    def resource_group(self) -> str:
        """Its resource group."""
        return _part(self.id, _RESOURCE_GROUP)


def known_clusters(store: Store) -> Table[KnownCluster]:
    """The clusters found by the last fleet scan, by `name|hash of id`, in lower case."""
    return Table(store, "known-cluster", KnownCluster)


def proofs(store: Store) -> Table[Proof]:
    """Proofs, by `ring|image@minor`."""
    return Table(store, "proof", Proof)


def proofs_of(store: Store, ring: str) -> Iterator[Proof]:
    """The proofs of one ring."""
    return (stored.value for stored in proofs(store).scan(f"{ring}|"))


def _part(cluster_id: str, position: int) -> str:
    parts = cluster_id.split("/")
    return parts[position] if len(parts) > position else ""
