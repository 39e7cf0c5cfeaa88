"""All ports together."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ops.ports.azure import Clusters, Costs, Fleets, Machines, Rights
from ops.ports.chat import Chat, Replies
from ops.ports.kubernetes import Nodes
from ops.ports.runtime import Clock, Events
from ops.ports.store import Ledger, Store
from ops.telemetry.metrics import Metrics, NoMetrics


@dataclass(frozen=True, slots=True)
class Ports:
    """All external systems that the core uses. Created once per process by `ops.bootstrap`, or by a test.

    `replies` has one entry per way to reply to a person; the address decides which one is used. `paint` converts an SVG
    to a PNG (raises RejectedError); if it is None, messages have no pictures. `address` is the base URL of this app's
    pages (`https://…/api`); if it is empty because people cannot reach them, messages have no links.
    """

    clock: Clock
    store: Store
    ledger: Ledger
    clusters: Clusters
    nodes: Nodes
    machines: Machines
    rights: Rights
    costs: Costs
    fleets: Fleets
    chats: tuple[Chat, ...]
    events: Events
    replies: tuple[Replies, ...]
    address: str = ""
    metrics: Metrics = field(default_factory=NoMetrics)
    paint: Callable[[str], bytes] | None = None
