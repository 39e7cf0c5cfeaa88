"""The results of fleet scans: clusters and proven images."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from ops.model.proof import Proof
from ops.ports.store import Store
from ops.tables.base import Table

LOOKUP = "groups"
# The position of each part in `/subscriptions/.../resourcegroups/.../providers/...`.
_SUBSCRIPTION, _RESOURCE_GROUP = 2, 4


@dataclass(frozen=True, slots=True)
class KnownCluster:
    """A cluster as found by the last fleet scan: what endpoints need to know without asking Azure.

    Attributes:
        id: the ARM id, as `azure_key` returns it.
        name: its name.
        region: its region.
        tags: the tags that apply to it (docs/tags.md), which can differ from its current ones.
        seen: when it was first found as it is now.
        node_resource_group: the resource group of its nodes, as `azure_key` returns it.
        spot_pools: the names of its spot pools.
    """

    id: str
    name: str
    region: str
    tags: Mapping[str, str]
    seen: datetime
    node_resource_group: str = ""
    spot_pools: tuple[str, ...] = ()

    @property
    def subscription(self) -> str:
        """The id of its subscription."""
        return _part(self.id, _SUBSCRIPTION)

    @property
    def resource_group(self) -> str:
        """Its resource group."""
        return _part(self.id, _RESOURCE_GROUP)


@dataclass(frozen=True, slots=True)
class FleetLookup:
    """The fleet as an endpoint last listed it: the id and name of each cluster, by the subscription and resource group of its nodes."""

    at: datetime
    groups: Mapping[str, tuple[str, str]]


def fleet_lookups(store: Store) -> Table[FleetLookup]:
    """The last list of the fleet that an endpoint needed, under `LOOKUP`."""
    return Table(store, "fleet-lookup", FleetLookup)


def known_clusters(store: Store) -> Table[KnownCluster]:
    """The clusters found by the last fleet scan, by `name|hash of id`."""
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
