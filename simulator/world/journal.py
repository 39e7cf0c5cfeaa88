"""The append-only record of everything that happened in the world. The oracle bases its judgment on it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

type Scalar = str | int | bool | None


class Kind(StrEnum):
    """The kind of an entry."""

    CLUSTER_KNOWN = "cluster-known"
    POOL_KNOWN = "pool-known"
    IMAGE_RELEASED = "image-released"
    IMAGE_LANDED = "image-landed"
    KUBERNETES_RELEASED = "kubernetes-released"
    # `detail`: the complete tags as a JSON object, who changed them, and whether the cluster was deleted and created again.
    CLUSTER_TAGS = "cluster-tags"
    OPERATION_BEGUN = "operation-begun"
    OPERATION_REFUSED = "operation-refused"
    OPERATION_ENDED = "operation-ended"
    POOL_IMAGE = "pool-image"
    POWER = "power"
    NODE_JOINED = "node-joined"
    NODE_LEFT = "node-left"
    NODE_INVENTED = "node-invented"
    NODE_LABEL = "node-label"
    NODE_READY = "node-ready"
    NODE_NOT_READY = "node-not-ready"
    NODE_CORDONED = "node-cordoned"
    NODE_UNCORDONED = "node-uncordoned"
    NODE_BOOTED = "node-booted"
    NODE_REBOOT_REQUIRED = "node-reboot-required"
    NODE_REBOOT_DONE = "node-reboot-done"
    MACHINE_RESTART = "machine-restart"
    SPOT_NOTICE = "spot-notice"
    SPOT_EVICTED = "spot-evicted"
    POD_CREATED = "pod-created"
    POD_READY = "pod-ready"
    POD_NOT_READY = "pod-not-ready"
    POD_EVICTED = "pod-evicted"
    POD_DELETED = "pod-deleted"
    POD_GONE = "pod-gone"
    EVICTION_REFUSED = "eviction-refused"
    PDB_VIOLATED = "pdb-violated"
    BUDGET_ALERT = "budget-alert"
    FAULT_ARMED = "fault-armed"
    BUTTON_CLICKED = "button-clicked"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event in the world. ``number`` counts from 0 without gaps."""

    number: int
    at: datetime
    kind: Kind
    cluster: str | None = None
    pool: str | None = None
    node: str | None = None
    detail: dict[str, Scalar] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """Return the entry as JSON."""
        return {
            "number": self.number,
            "at": self.at.isoformat(),
            "kind": self.kind.value,
            "cluster": self.cluster,
            "pool": self.pool,
            "node": self.node,
            "detail": self.detail,
        }


class Journal:
    """Entries in chronological order."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.entries: list[Entry] = []

    def write(
        self,
        kind: Kind,
        cluster: str | None = None,
        pool: str | None = None,
        node: str | None = None,
        **detail: Scalar,
    ) -> None:
        """Append an entry at the current time."""
        self.entries.append(Entry(len(self.entries), self._now(), kind, cluster, pool, node, detail))

    def of(self, kind: Kind, cluster: str | None = None, pool: str | None = None) -> list[Entry]:
        """Return the entries of one kind, filtered by cluster and pool if those are given."""
        return [
            entry
            for entry in self.entries
            if entry.kind is kind and cluster in (None, entry.cluster) and pool in (None, entry.pool)
        ]
