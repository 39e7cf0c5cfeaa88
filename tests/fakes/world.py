"""A world that consists of fakes."""

from dataclasses import dataclass, field

from ops.adapters.sqlite_store import SqliteStore
from ops.chats.slack.rejection_dialog import Forms
from ops.config.config_file import ConfigState
from ops.context import Context
from ops.ports.bundle import Ports
from tests.configurations import CONFIG, settings
from tests.fakes.azure import FakeClusters, FakeCosts, FakeFleets, FakeRights
from tests.fakes.chat import FakeChat, FakeReplies
from tests.fakes.clock import FakeClock
from tests.fakes.kept import FakeEngine, FakeEvents, FakeLedger
from tests.fakes.machines import FakeMachines
from tests.fakes.metrics import RecordedMetrics
from tests.fakes.nodes import FakeNodes


@dataclass
class World:
    """All the fakes together, and a context for activities that uses them."""

    clock: FakeClock = field(default_factory=FakeClock)
    clusters: FakeClusters = field(default_factory=FakeClusters)
    chat: FakeChat = field(default_factory=FakeChat)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    events: FakeEvents = field(default_factory=FakeEvents)
    engine: FakeEngine = field(default_factory=FakeEngine)
    store: SqliteStore = field(default_factory=lambda: SqliteStore(":memory:"))
    costs: FakeCosts = field(default_factory=FakeCosts)
    fleets: FakeFleets = field(default_factory=FakeFleets)
    rights: FakeRights = field(default_factory=FakeRights)
    replies: FakeReplies = field(default_factory=FakeReplies)
    config: str = CONFIG
    problem: str = ""
    forms: Forms | None = None
    metrics: RecordedMetrics = field(default_factory=RecordedMetrics)

    def __post_init__(self) -> None:
        self.nodes = FakeNodes(self.clusters)
        self.machines = FakeMachines(self.clusters, self.nodes)
        self.settings = settings(self.config)

    @property
    def context(self) -> Context:
        ports = Ports(
            self.clock,
            self.store,
            self.ledger,
            self.clusters,
            self.nodes,
            self.machines,
            self.rights,
            self.costs,
            self.fleets,
            (self.chat,),
            self.events,
            (self.replies,),
            "https://daytwo.example/api",
            metrics=self.metrics,
        )
        return Context(ports, self.engine, ConfigState(self.settings, self.problem))
