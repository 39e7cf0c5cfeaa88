"""What tests of approvals share: presses, what is asked and shown, runs of a ring, and a ledger and stores that misbehave."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ops.adapters.sqlite_store import SqliteStore
from ops.approvals.votes import ApprovalAction, record_vote
from ops.engine.run_starter import start_run
from ops.model.approval import Approval, Choice
from ops.model.fleet import Cluster
from ops.model.json import Json
from ops.model.ledger import Entry
from ops.model.people import Identity
from ops.model.run_request import RunRequest
from ops.ports.store import Record
from ops.tables.approvals import approvals
from tests.approvals.story import PEOPLE, SLACK, TEAM, Driver, Pressed, config, production
from tests.fakes import FakeLedger, World, settings

ONE = "{from: platform}"
TWO = "{from: platform, of: 2}"
RING = "{from: platform, hours: office, expires-after: 24h, remind-before: 2h, escalate-to: leads, escalate-after: 6h}"
OFFICE = 'office: {days: mon-fri, from: "09:00", to: "17:00", zone: UTC}\n'
ROLLOUT = "rollout.node-image.2026-w47"
WITHOUT_ANA = PEOPLE.replace("[ana, ben]", "[ben]")


class Bare:
    """Implements `Door`: the decision itself."""

    def press(self, world: World, pressed: Pressed) -> str:
        """Decides; tells the result."""
        clicked = click(pressed.token, pressed.person, pressed.choice, pressed.event)
        return record_vote(world.context, clicked).result


class KilledError(BaseException):
    """The process dies: nothing in it catches this."""


@dataclass
class RefusingLedger(FakeLedger):
    """A ledger that takes nothing."""

    error: BaseException = field(default_factory=KilledError)

    def append(self, entry: Entry) -> None:
        """Raises its error."""
        assert entry.key
        raise self.error


class CountingStore(SqliteStore):
    """A store that keeps the kind of each record that was read from it, one by one or in a scan."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.got: list[str] = []
        self.scanned: list[str] = []

    def get(self, kind: str, key: str) -> Record | None:
        """The record, counted."""
        self.got.append(kind)
        return super().get(kind, key)

    def scan(self, kind: str, prefix: str = "") -> Iterator[Record]:
        """The records, each counted."""
        for record in super().scan(kind, prefix):
            self.scanned.append(kind)
            yield record


class DyingStore(SqliteStore):
    """A store whose process dies right before a write, once as many as it has left are done; None: it lives."""

    left: int | None = None

    def write(self) -> None:
        """Counts a write. Raises KilledError."""
        if self.left == 0:
            self.left = None
            raise KilledError
        if self.left is not None:
            self.left -= 1

    def insert(self, kind: str, key: str, value: Json) -> bool:
        """Write it if it is absent."""
        self.write()
        return super().insert(kind, key, value)

    def replace(self, kind: str, key: str, value: Json, etag: str) -> str:
        """Write it over the version of this etag."""
        self.write()
        return super().replace(kind, key, value, etag)

    def delete(self, kind: str, key: str) -> None:
        """Remove it."""
        self.write()
        super().delete(kind, key)


@dataclass
class DyingLedger(FakeLedger):
    """A ledger whose writes count among those of a store that dies."""

    store: DyingStore = field(default_factory=lambda: DyingStore(":memory:"))

    def append(self, entry: Entry) -> None:
        """Writes it, unless the process dies before."""
        self.store.write()
        super().append(entry)


def slack(person: str) -> Identity:
    """Who Slack says that this person is."""
    return Identity("slack", "slack", TEAM, SLACK[person])


def click(token: str, person: str = "ana", choice: Choice = Choice.APPROVE, event: str = "once") -> ApprovalAction:
    """A press in Slack of a button with this word on it."""
    return ApprovalAction(token, choice, slack(person), event)


def press(world: World, person: str = "ana", choice: Choice = Choice.APPROVE, drivers: Iterable[Driver] = ()) -> str:
    """Presses the button of the last request as it is now, and wakes those that were hinted."""
    token = requests(world)[-1].token
    found = record_vote(world.context, click(token, person, choice, f"{person} {world.clock.at}"))
    for driver in drivers:
        driver.wake()
    return found.result


def requests(world: World) -> list[Approval]:
    """Every request, the oldest first."""
    return sorted((stored.value for stored in approvals(world.store).scan()), key=lambda each: each.id)


def shown(world: World) -> dict[str, str]:
    """What the chat shows, by subject."""
    return {world.chat.keys[key]: str(content) for key, content in world.chat.shown.items()}


def started(world: World, target: Cluster, rollout: str = "") -> Driver:
    """A node image's run that the timer starts now, before its first look."""
    signal = RunRequest("node-image", target.id, target.name, "2026-w47", world.clock.at, "timer", "daytwo", rollout)
    return Driver(world, start_run(world.context, signal)[0].id)


def begun(world: World, target: Cluster, rollout: str = "") -> Driver:
    """A node image's run that the timer starts now, at its first look."""
    driver = started(world, target, rollout)
    driver.go_on()
    return driver


def ring(*names: str, rule: str = RING, store: SqliteStore | None = None) -> tuple[World, dict[str, Driver]]:
    """Clusters whose runs belong to one rollout, each at its first look."""
    world = production(ONE, *names)
    world.store = store or world.store
    configure(world, rule)
    return world, {each.name: begun(world, each, ROLLOUT) for each in list(world.clusters.fleet.values())}


def configure(world: World, rule: str) -> None:
    """The configuration is this rule's, with hours to ask in."""
    world.settings = settings(config(rule).replace("windows:\n", f"windows:\n  {OFFICE}"))
