"""Stand-ins for the ports: small, honest, passed in where the real ones would be."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from ops.adapters.sqlite_store import SqliteStore
from ops.bundle import Ports
from ops.config import load
from ops.config.current import ConfigState
from ops.model.fleet import Cluster, Node, Pool, Unknown
from ops.model.ledger import Entry
from ops.model.money import CostReport
from ops.model.settings import Settings
from ops.model.workload import DisruptionBudget, Pod
from ops.ports import (
    EvictionAnswer,
    Forms,
    Json,
    NotFoundError,
    OperationStatus,
    Outgoing,
    OutsideError,
    Posted,
    TryLaterError,
)
from ops.workflows.activities.context import Context

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
OLD = "AKSUbuntu-2204gen2containerd-202610.29.0"
NEW = "AKSUbuntu-2204gen2containerd-202611.05.0"
NEWER = "AKSUbuntu-2204gen2containerd-202611.12.0"

CONFIG = """
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings:
    - {name: pre-production, select: {tags: {env: [dev, test]}}}
    - {name: production, select: {tags: {env: prod}}, at-once: 1 per region pair}
windows:
  nights: {days: mon-thu, from: "22:00", to: "05:00", zone: UTC}
node-image: {window: nights, proven-for: 1d, proven-awake: 12h, proven-nodes: 3, wake-sleepers: true}
chat:
  slack: {channel: C0123}
"""

LANES = (
    CONFIG
    + """
reboot: {window: nights}
power:
  - {select: {tags: {env: dev}}, awake: "mon-fri 08:00-19:00", zone: UTC}
spot: {group-for: 10m}
cost:
  budgets: [{name: platform, offer: [sleep-dev]}]
"""
)


def settings(text: str = CONFIG) -> Settings:
    """Settings as the loader reads them."""
    return load(text, "daytwo.yaml")


def pool(name: str = "user1", image: str = OLD, **more: object) -> Pool:
    """A pool of three nodes that is behind."""
    plain = Pool(name, "User", "Ubuntu", "1.34.2", image, 3, "Succeeded", max_surge="1")
    return replace(plain, **more)  # type: ignore[arg-type]  # fields by name


def cluster(name: str = "shop-dev", *pools: Pool, env: str = "dev", **more: object) -> Cluster:
    """A running cluster in West Europe that Daytwo drives."""
    identity = (
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/rg"
        f"/providers/microsoft.containerservice/managedclusters/{name}"
    )
    plain = Cluster(
        id=identity,
        name=name,
        subscription="00000000-0000-0000-0000-000000000000",
        resource_group="rg",
        region="westeurope",
        tags={"env": env},
        kubernetes_version="1.34.2",
        running=True,
        provisioning_state="Succeeded",
        node_os_channel="None",
        automatic=False,
        node_auto_provisioning=False,
        pools=pools or (pool(),),
    )
    return replace(plain, **more)  # type: ignore[arg-type]  # fields by name


def nodes_of(of: Cluster, **more: object) -> tuple[Node, ...]:
    """Ready nodes that carry what Azure says of their pools."""
    return tuple(
        replace(Node(f"aks-{each.name}-{number}", each.name, each.image, ready=True), **more)  # type: ignore[arg-type]  # fields by name
        for each in of.pools
        for number in range(each.count)
    )


@dataclass
class FakeClock:
    """A clock that moves when told."""

    at: datetime = MONDAY

    def now(self) -> datetime:
        return self.at

    def pass_(self, **delta: float) -> datetime:
        self.at += timedelta(**delta)
        return self.at


@dataclass
class FakeClusters:
    """One small fleet; upgrades end when the test says so. Every call that changes something is kept in `begun`."""

    fleet: dict[str, Cluster] = field(default_factory=dict)
    newest: str | Unknown = NEW
    begun: list[str] = field(default_factory=list)
    refuse: OutsideError | None = None
    lose_answers: int = 0
    states: dict[str, OperationStatus] = field(default_factory=dict)

    def put(self, *clusters: Cluster) -> None:
        for each in clusters:
            self.fleet[each.id] = each

    def list_clusters(self, subscription: str) -> tuple[Cluster, ...]:
        return tuple(each for each in self.fleet.values() if each.subscription == subscription)

    def cluster(self, cluster_id: str) -> Cluster:
        if cluster_id not in self.fleet:
            raise NotFoundError(f"reading {cluster_id}: it is gone")
        return self.fleet[cluster_id]

    def newest_image(self, cluster_id: str, pool: str) -> str | Unknown:
        assert self.cluster(cluster_id).pool(pool)
        return self.newest

    def begin_upgrade_node_image(self, cluster_id: str, pool: str) -> str:
        return self._begin(cluster_id, f"upgrade {pool}", pool)

    def begin_start(self, cluster_id: str) -> str:
        return self._begin(cluster_id, "start", "")

    def begin_stop(self, cluster_id: str) -> str:
        return self._begin(cluster_id, "stop", "")

    def _begin(self, cluster_id: str, what: str, pool: str) -> str:
        if self.refuse is not None:
            raise self.refuse
        self.begun.append(what)
        of = self.fleet[cluster_id]
        pools = tuple(
            replace(p, provisioning_state="UpgradingNodeImageVersion") if p.name == pool else p for p in of.pools
        )
        self.fleet[cluster_id] = replace(of, provisioning_state="Updating", pools=pools)
        token = f"operation/{len(self.begun)}"
        self.states[token] = OperationStatus("running")
        if self.lose_answers:
            self.lose_answers -= 1
            raise TryLaterError(f"{what}: the answer was lost", 30)
        return token

    def end(self, cluster_id: str, *, image: str | None = None, running: bool = True, failed: str = "") -> None:
        """The operation that runs on the cluster ends."""
        of = self.fleet[cluster_id]
        upgraded = tuple(
            replace(p, provisioning_state="Failed" if failed else "Succeeded", image=image or p.image)
            if p.provisioning_state == "UpgradingNodeImageVersion"
            else p
            for p in of.pools
        )
        self.fleet[cluster_id] = replace(of, provisioning_state="Succeeded", running=running, pools=upgraded)
        ended = OperationStatus("failed", failed, "blocked by pdb web") if failed else OperationStatus("succeeded")
        self.states = {token: ended if state.state == "running" else state for token, state in self.states.items()}

    def operation(self, token: str) -> OperationStatus:
        return self.states[token]


@dataclass
class FakeNodes:
    """Nodes that carry what Azure says, unless a test says otherwise."""

    clusters: FakeClusters
    said: dict[str, tuple[Node, ...]] = field(default_factory=dict)
    running: dict[str, tuple[Pod, ...]] = field(default_factory=dict)
    protecting: dict[str, tuple[DisruptionBudget, ...]] = field(default_factory=dict)
    answers: dict[str, EvictionAnswer] = field(default_factory=dict)
    marks: list[str] = field(default_factory=list)
    evicted: list[str] = field(default_factory=list)

    def nodes(self, cluster: Cluster) -> tuple[Node, ...]:
        if not cluster.running:
            raise TryLaterError(f"listing the nodes of {cluster.name}: its API server does not answer")
        return self.said.get(cluster.name, nodes_of(self.clusters.fleet[cluster.id]))

    def pods(self, cluster: Cluster, node: str = "") -> tuple[Pod, ...]:
        return tuple(pod for pod in self.running.get(cluster.name, ()) if not node or pod.node == node)

    def budgets(self, cluster: Cluster) -> tuple[DisruptionBudget, ...]:
        return self.protecting.get(cluster.name, ())

    def mark(self, cluster: Cluster, node: str, *, unschedulable: bool, annotations: Mapping[str, str | None]) -> None:
        self.marks.append(f"{'cordon' if unschedulable else 'uncordon'} {node}")
        (old,) = (each for each in self.nodes(cluster) if each.name == node)
        kept = {**old.annotations, **annotations}
        self.change(node, unschedulable=unschedulable, annotations={k: v for k, v in kept.items() if v is not None})

    def evict(self, cluster: Cluster, pod: Pod, grace_s: int | None = None) -> EvictionAnswer:
        assert grace_s is None or grace_s > 0
        answer = self.answers.get(pod.name, EvictionAnswer("evicted"))
        self.evicted.append(pod.name)
        if answer.kind == "evicted":
            self.running[cluster.name] = tuple(p for p in self.running[cluster.name] if p.uid != pod.uid)
        return answer

    def change(self, node: str, **changes: object) -> None:
        """Something about a node changes."""
        for name, nodes in self.said.items():
            self.said[name] = tuple(replace(n, **changes) if n.name == node else n for n in nodes)  # type: ignore[arg-type]  # fields by name


@dataclass
class FakeMachines:
    """Scale-set instances: a restart is kept in `restarted`, and ends when the test says so."""

    clusters: FakeClusters
    nodes: FakeNodes
    restarted: list[str] = field(default_factory=list)
    refuse: OutsideError | None = None

    def begin_restart(self, node: Node) -> str:
        if self.refuse is not None:
            raise self.refuse
        self.restarted.append(node.name)
        token = f"restart/{len(self.restarted)}"
        self.clusters.states[token] = OperationStatus("running")
        return token

    def end(self, name: str, *, boots: bool = True) -> None:
        """The restart ends; the node has booted anew and its sentinel asks for nothing more."""
        for token in [token for token in self.clusters.states if token.startswith("restart/")]:
            self.clusters.states[token] = OperationStatus("succeeded")
        if boots:
            (cluster,) = self.clusters.fleet.values()
            (old,) = (node for node in self.nodes.nodes(cluster) if node.name == name)
            kept = {key: value for key, value in old.annotations.items() if key != "daytwo.dev/reboot-required"}
            self.nodes.change(name, boot_id="after", annotations=kept)


@dataclass
class FakeCosts:
    """What things cost, unless it cannot be told."""

    report: CostReport = field(default_factory=lambda: CostReport((), MONDAY))
    refuse: OutsideError | None = None

    def month_to_date(self, subscription: str, now: datetime) -> CostReport:
        assert subscription
        assert now.tzinfo is not None
        if self.refuse is not None:
            raise self.refuse
        return self.report


@dataclass
class FakeChat:
    """A chat that keeps what it was sent, and fails as told: `fail` before, `lose` after the effect."""

    name: str = "slack"
    channel: str = "C0123"
    can_edit: bool = True
    can_thread: bool = True
    shown: dict[str, Mapping[str, Json]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    threads: dict[str, str] = field(default_factory=dict)
    posts: int = 0
    edits: int = 0
    fail: list[OutsideError] = field(default_factory=list)
    lose: int = 0

    def post(self, channel: str, outgoing: Outgoing) -> Posted:
        self._fail()
        self.posts += 1
        identity = f"{self.posts}.0"
        self.shown[identity] = outgoing.content
        self.keys[identity] = outgoing.key
        self.threads[identity] = outgoing.thread.message_id if outgoing.thread else ""
        self._lose()
        return Posted(channel, identity)

    def edit(self, posted: Posted, outgoing: Outgoing) -> None:
        self._fail()
        self.edits += 1
        self.shown[posted.message_id] = outgoing.content
        self._lose()

    def find(self, channel: str, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:
        self._fail()
        assert since.tzinfo is not None
        within = thread.message_id if thread else ""
        return next(
            (Posted(channel, i) for i, known in self.keys.items() if known == key and self.threads[i] == within), None
        )

    def _fail(self) -> None:
        if self.fail:
            raise self.fail.pop(0)

    def _lose(self) -> None:
        if self.lose:
            self.lose -= 1
            raise TryLaterError("posting: the answer was lost", 30)


@dataclass
class FakeAnswers:
    """Keeps private answers by the address that they were sent to."""

    given: list[tuple[str, Mapping[str, Json]]] = field(default_factory=list)
    fail: list[OutsideError] = field(default_factory=list)

    def answer(self, address: str, content: Mapping[str, Json]) -> None:
        if self.fail:
            raise self.fail.pop(0)
        self.given.append((address, content))


@dataclass
class FakeLedger:
    """Keeps entries by key."""

    written: dict[str, Entry] = field(default_factory=dict)

    def append(self, entry: Entry) -> None:
        self.written.setdefault(entry.key, entry)

    def entries(self, day: str) -> Iterator[Entry]:
        return (entry for entry in self.written.values() if f"{entry.at:%Y-%m-%d}" == day)


@dataclass
class FakeEvents:
    """Keeps what was published."""

    published: list[str] = field(default_factory=list)

    def publish(self, kind: str, subject: str, data: Mapping[str, Json], event_id: str) -> None:
        assert subject
        assert data
        self.published.append(f"{kind} {event_id}")


@dataclass
class FakeEngine:
    """Keeps what was started and hinted."""

    started: list[str] = field(default_factory=list)
    hinted: list[str] = field(default_factory=list)
    purged: list[str] = field(default_factory=list)
    live: set[str] = field(default_factory=set)
    payloads: list[Json] = field(default_factory=list)

    def start(self, workflow: str, instance_id: str, payload: Json) -> None:
        assert payload
        self.payloads.append(payload)
        if instance_id not in self.live:
            self.live.add(instance_id)
            self.started.append(f"{workflow} {instance_id}")

    def hint(self, instance_id: str) -> None:
        self.hinted.append(instance_id)

    def is_live(self, instance_id: str) -> bool:
        return instance_id in self.live

    def purge(self, instance_id: str) -> None:
        self.purged.append(instance_id)


@dataclass
class World:
    """All fakes in one hand, and the context that activities are given."""

    clock: FakeClock = field(default_factory=FakeClock)
    clusters: FakeClusters = field(default_factory=FakeClusters)
    chat: FakeChat = field(default_factory=FakeChat)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    events: FakeEvents = field(default_factory=FakeEvents)
    engine: FakeEngine = field(default_factory=FakeEngine)
    store: SqliteStore = field(default_factory=lambda: SqliteStore(":memory:"))
    costs: FakeCosts = field(default_factory=FakeCosts)
    answers: FakeAnswers = field(default_factory=FakeAnswers)
    config: str = CONFIG
    problem: str = ""
    forms: Forms | None = None

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
            self.costs,
            (self.chat,),
            self.events,
            self.answers,
            "https://daytwo.example/api",
            forms=self.forms,
        )
        return Context(ports, self.engine, ConfigState(self.settings, self.problem))
