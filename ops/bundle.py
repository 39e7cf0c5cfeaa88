"""The ports, in one hand."""

from dataclasses import dataclass

from ops.ports import Chat, Clock, Clusters, Costs, Events, Ledger, Machines, Nodes, Store


@dataclass(frozen=True, slots=True)
class Ports:
    """All that the core has of the outside. Made once a process by `ops.bootstrap`, or by a test."""

    clock: Clock
    store: Store
    ledger: Ledger
    clusters: Clusters
    nodes: Nodes
    machines: Machines
    costs: Costs
    chats: tuple[Chat, ...]
    events: Events
