"""Helpers for the approval tests: votes, requests, messages, a ring's runs, and ledgers and stores that fail."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ops.adapters.sqlite_store import SqliteStore
from ops.approvals.votes import ApprovalAction, record_vote
from ops.model.approval import Approval, Choice
from ops.model.fleet import Cluster
from ops.model.json import Json
from ops.model.ledger import Entry
from ops.model.people import Identity
from ops.ports.store import Record
from ops.tables.approvals import approvals
from tests.approvals.story import PEOPLE, SLACK, TEAM, CastVote, config, production
from tests.driving import DrivenRun, run_request, start
from tests.fakes import FakeLedger, World, settings

ONE = "{from: platform}"
TWO = "{from: platform, of: 2}"
RING = "{from: platform, hours: office, expires-after: 24h, remind-before: 2h, escalate-to: leads, escalate-after: 6h}"
OFFICE = 'office: {days: mon-fri, from: "09:00", to: "17:00", zone: UTC}\n'
ROLLOUT = "rollout.node-image.2026-w47"
WITHOUT_ANA = PEOPLE.replace("[ana, ben]", "[ben]")


class DirectVote:
    """Implements `VoteEndpoint` by recording the vote directly."""

    def vote(self, world: World, cast_vote: CastVote) -> str:
        """Cast the vote. Return its result."""
        clicked = click(cast_vote.token, cast_vote.person, cast_vote.choice, cast_vote.event)
        return record_vote(world.context, clicked).result


class KilledError(BaseException):
    """Simulates the death of the process. No product code catches it."""


@dataclass
class RefusingLedger(FakeLedger):
    """A ledger that rejects every entry."""

    error: BaseException = field(default_factory=KilledError)

    def append(self, entry: Entry) -> None:
        """Raise the configured error."""
        assert entry.key
        raise self.error


class CountingStore(SqliteStore):
    """A store that records the kind of each record that is read, either individually or in a scan."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.got: list[str] = []
        self.scanned: list[str] = []

    def get(self, kind: str, key: str) -> Record | None:
        """Read the record and count it."""
        self.got.append(kind)
        return super().get(kind, key)

    def scan(self, kind: str, prefix: str = "") -> Iterator[Record]:
        """Read the records and count each of them."""
        for record in super().scan(kind, prefix):
            self.scanned.append(kind)
            yield record


class DyingStore(SqliteStore):
    """A store whose process dies right before a write, once `left` writes have succeeded. If `left` is None, it never dies."""

    left: int | None = None

    def write(self) -> None:
        """Count a write. Raises KilledError."""
        if self.left == 0:
            self.left = None
            raise KilledError
        if self.left is not None:
            self.left -= 1

    def insert(self, kind: str, key: str, value: Json) -> bool:
        """Insert the record, unless the process dies first."""
        self.write()
        return super().insert(kind, key, value)

    def replace(self, kind: str, key: str, value: Json, etag: str) -> str:
        """Replace the record if its etag still matches, unless the process dies first."""
        self.write()
        return super().replace(kind, key, value, etag)

    def delete(self, kind: str, key: str) -> None:
        """Delete the record, unless the process dies first."""
        self.write()
        super().delete(kind, key)


@dataclass
class DyingLedger(FakeLedger):
    """A ledger whose writes count toward the limit of a store that dies."""

    store: DyingStore = field(default_factory=lambda: DyingStore(":memory:"))

    def append(self, entry: Entry) -> None:
        """Append the entry, unless the process dies first."""
        self.store.write()
        super().append(entry)


def slack(person: str) -> Identity:
    """The identity that Slack reports for this person."""
    return Identity("slack", "slack", TEAM, SLACK[person])


def click(token: str, person: str = "ana", choice: Choice = Choice.APPROVE, event: str = "once") -> ApprovalAction:
    """A vote in Slack through a button with this token."""
    return ApprovalAction(token, choice, slack(person), event)


def vote(world: World, person: str = "ana", choice: Choice = Choice.APPROVE, driven: Iterable[DrivenRun] = ()) -> str:
    """Vote on the latest request and execute the runs that the vote wakes. Return the vote's result."""
    token = requests(world)[-1].token
    found = record_vote(world.context, click(token, person, choice, f"{person} {world.clock.at}"))
    for run in driven:
        run.wake_if_requested()
    return found.result


def requests(world: World) -> list[Approval]:
    """Every request, oldest first."""
    return sorted((stored.value for stored in approvals(world.store).scan()), key=lambda each: each.id)


def shown(world: World) -> dict[str, str]:
    """The content of each chat message, keyed by subject."""
    return {world.chat.keys[key]: str(content) for key, content in world.chat.shown.items()}


def assessed(world: World, target: Cluster | None = None, rollout: str = "") -> DrivenRun:
    """A node image run that the timer has just started, after its first assessment."""
    run = start(world, run_request(world, of=target, rollout=rollout))
    run.to_first_step()
    return run


def ring(*names: str, rule: str = RING, store: SqliteStore | None = None) -> tuple[World, dict[str, DrivenRun]]:
    """Clusters whose runs belong to the same rollout, each after its first assessment."""
    world = production(ONE, *names)
    world.store = store or world.store
    configure(world, rule)
    return world, {each.name: assessed(world, each, ROLLOUT) for each in list(world.clusters.fleet.values())}


def configure(world: World, rule: str) -> None:
    """Configure this rule, with office hours as the window in which requests are sent."""
    world.settings = settings(config(rule).replace("windows:\n", f"windows:\n  {OFFICE}"))
