"""The ports, in one hand."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ops.ports.azure import Clusters, Costs, Machines
from ops.ports.chat import BotEndpoint, Chat, Forms, Replies
from ops.ports.kubernetes import Nodes
from ops.ports.runtime import Clock, Events
from ops.ports.store import Ledger, Store
from ops.telemetry.metrics import Metrics, NoMetrics


@dataclass(frozen=True, slots=True)
class Ports:
    """All that the core has of the outside. Made once a process by `ops.bootstrap`, or by a test.

    `paint` makes a PNG of an SVG (raises RejectedError), None where nothing can: then messages go without pictures.
    `forms` are Slack's, None where nothing can open one: then a rejection is one press, without a reason.
    `bot` is the door of the Teams bot, None where there is no such bot.
    `address` is where people reach this app's pages (`https://…/api`), empty where they cannot: then nothing links there.
    """

    clock: Clock
    store: Store
    ledger: Ledger
    clusters: Clusters
    nodes: Nodes
    machines: Machines
    costs: Costs
    chats: tuple[Chat, ...]
    events: Events
    answers: Replies
    address: str = ""
    bot: BotEndpoint | None = None
    metrics: Metrics = field(default_factory=NoMetrics)
    paint: Callable[[str], bytes] | None = None
    forms: Forms | None = None
