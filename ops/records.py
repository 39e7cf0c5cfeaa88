"""Typed tables over the store: runs, rollouts, controls, leases, proofs, messages."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ops.model.approval import Approval
from ops.model.money import BudgetAlert
from ops.model.proof import Proof
from ops.model.run import Rollout, Run
from ops.model.workload import Eviction
from ops.policy.leases import Lease
from ops.ports import ConflictError, NotFoundError, Store
from ops.wire import from_json, to_json

# The index of runs that have not ended, so that a person's question need not read every run that ever was.
LIVE = "live"
# A second writer is rare (a person's click beside the run's own activity); ten rounds mean that something is wrong.
_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Stored[T]:
    """A value as it was read, with what its replacement must name."""

    key: str
    value: T
    etag: str


@dataclass(frozen=True, slots=True)
class Table[T]:
    """One kind of records of the store, as nouns."""

    store: Store
    kind: str
    type: type[T]

    def get(self, key: str) -> Stored[T] | None:
        """The record, or None."""
        record = self.store.get(self.kind, key)
        return None if record is None else Stored(key, from_json(record.value, self.type), record.etag)

    def must_get(self, key: str) -> Stored[T]:
        """The record. Raises NotFoundError."""
        stored = self.get(key)
        if stored is None:
            raise NotFoundError(f"the store has no {self.kind} {key}")
        return stored

    def insert(self, key: str, value: T) -> bool:
        """Write it where it is absent; whether it was."""
        return self.store.insert(self.kind, key, to_json(value))

    def replace(self, stored: Stored[T], value: T) -> Stored[T]:
        """Write over what was read. Raises ConflictError where somebody else did meanwhile."""
        etag = self.store.replace(self.kind, stored.key, to_json(value), stored.etag)
        return Stored(stored.key, value, etag)

    def change(self, key: str, change: Callable[[T | None], T]) -> T:
        """Write what `change` makes of the record, reading again as often as somebody else was faster."""
        for _ in range(_ROUNDS):
            stored = self.get(key)
            value = change(stored.value if stored else None)
            if stored is None:
                if self.insert(key, value):
                    return value
                continue
            if value == stored.value:
                return value
            try:
                self.replace(stored, value)
            except ConflictError:
                continue
            return value
        raise ConflictError(f"{self.kind} {key} changed {_ROUNDS} times while it was being written")

    def scan(self, prefix: str = "") -> Iterator[Stored[T]]:
        """All records whose key begins so."""
        for record in self.store.scan(self.kind, prefix):
            yield Stored(record.key, from_json(record.value, self.type), record.etag)

    def delete(self, key: str) -> None:
        """Remove it."""
        self.store.delete(self.kind, key)


@dataclass(frozen=True, slots=True)
class Control:
    """What people (or a rollout that halted) want of a run; read between steps, so no event can lose it."""

    cancelled_by: str = ""
    paused_by: str = ""
    why: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """A person's expiring exception: `kind` is awake or skip."""

    kind: str
    until: datetime
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Burst:
    """Evictions of one pool that belong together, and the run that tells them."""

    run: str
    began: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class PowerChange:
    """When the last power operation of ours on a cluster ended."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Want:
    """One run that waits for a lease: its rank (0 goes first), and until when that counts."""

    rank: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Wants:
    """Who waits for a lease, by run."""

    runs: Mapping[str, Want] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """What a chat shows of one subject in one channel, and what it should show.

    `thread_of` is the subject whose message it answers, in the same channel; empty where it stands by itself. `picture`
    is where the store keeps the PNG that belongs to it. `posting_since` is set before a message is posted and cleared
    after: a process killed in between leaves it, and the chat is searched before anything is posted again. `dirty` means
    that the chat lags behind; what is `urgent` needs somebody.
    """

    chat: str
    subject: str
    channel: str
    message_id: str = ""
    sent: str = ""
    wanted: str = ""
    content_ref: str = ""
    posting_since: datetime | None = None
    dirty: bool = False
    problem: str = ""
    retry_at: datetime | None = None
    edits: int = field(default=0)
    thread_of: str = ""
    picture: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class StandingRecord:
    """A condition that lasts: the message that tells it (its subject, what and where), in which channels, and when it was last seen."""

    subject: str
    what: str
    where: str
    channels: tuple[str, ...]
    looked_at: datetime


@dataclass(frozen=True, slots=True)
class AskedWord:
    """The request that a button or link was made for."""

    approval: str


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """The id of a request."""

    approval: str


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """What was answered to one event."""

    result: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Unpublished:
    """The end of a run that other programs have not been told yet, since when."""

    target: str
    runbook: str
    state: str
    why: str
    since: datetime


@dataclass(frozen=True, slots=True)
class KnownCluster:
    """A cluster as the last look at the fleet saw it: enough to find it by its name and to tell its ring."""

    id: str
    name: str
    region: str
    tags: Mapping[str, str]
    seen: datetime


def known_clusters(store: Store) -> Table[KnownCluster]:
    """The clusters of the last looks, by `name|hash of id`, in lower case."""
    return Table(store, "known-cluster", KnownCluster)


def unpublished(store: Store) -> Table[Unpublished]:
    """Ends that are still to be told, by run.

    Not under "unpublished": records of that kind, of another shape, may lie in a store since an earlier version.
    """
    return Table(store, "unpublished-end", Unpublished)


def runs(store: Store) -> Table[Run]:
    """All runs, by id."""
    return Table(store, "run", Run)


def rollouts(store: Store) -> Table[Rollout]:
    """All rollouts, by id."""
    return Table(store, "rollout", Rollout)


def controls(store: Store) -> Table[Control]:
    """What is wanted of a run or rollout, by its id."""
    return Table(store, "control", Control)


def overrides(store: Store) -> Table[Override]:
    """Overrides by `kind|cluster`."""
    return Table(store, "override", Override)


def override_end(store: Store, kind: str, target: str) -> datetime | None:
    """Until when an override of this kind holds for a cluster, perhaps past; None where there is none."""
    stored = overrides(store).get(f"{kind}|{target.replace('/', '|')}")
    return stored.value.until if stored else None


def power_changes(store: Store) -> Table[PowerChange]:
    """Our last power operation, by cluster."""
    return Table(store, "power-change", PowerChange)


def power_changed(store: Store, target: str) -> datetime | None:
    """When our last power operation on a cluster ended; None where there was none."""
    stored = power_changes(store).get(target.replace("/", "|"))
    return stored.value.at if stored else None


def note_power_change(store: Store, target: str, at: datetime) -> None:
    """A start or a stop of ours has been proven."""
    power_changes(store).change(target.replace("/", "|"), lambda _: PowerChange(at))


def wants(store: Store) -> Table[Wants]:
    """Who waits for a lease, by its name."""
    return Table(store, "wants", Wants)


def alerts(store: Store) -> Table[BudgetAlert]:
    """Budget alerts by the run they became."""
    return Table(store, "alert", BudgetAlert)


def evictions(store: Store) -> Table[Eviction]:
    """Evictions of spot nodes by `cluster|node|instance`."""
    return Table(store, "eviction", Eviction)


def bursts(store: Store) -> Table[Burst]:
    """Bursts of evictions by `cluster|pool`."""
    return Table(store, "burst", Burst)


def leases(store: Store) -> Table[Lease]:
    """Leases by name."""
    return Table(store, "lease", Lease)


def messages(store: Store) -> Table[MessageRecord]:
    """Messages by `chat|channel|subject`."""
    return Table(store, "message", MessageRecord)


def standing(store: Store) -> Table[StandingRecord]:
    """Conditions that hold now and were told, by what they are about."""
    return Table(store, "standing", StandingRecord)


def approvals(store: Store) -> Table[Approval]:
    """Requests for approval by id."""
    return Table(store, "approval", Approval)


def asked_words(store: Store) -> Table[AskedWord]:
    """What the random words of buttons and links name."""
    return Table(store, "asked-word", AskedWord)


def open_requests(store: Store) -> Table[OpenRequest]:
    """The request that a ring's next run may join, by `rollout|ring`."""
    return Table(store, "open-request", OpenRequest)


def attempts(store: Store) -> Table[AttemptRecord]:
    """What came of each delivered press, by its event's hash: the same again gets the same answer."""
    return Table(store, "attempt", AttemptRecord)


def proofs(store: Store) -> Table[Proof]:
    """Proofs by `ring|image@minor`."""
    return Table(store, "proof", Proof)


def proofs_of(store: Store, ring: str) -> Iterator[Proof]:
    """The proofs of one ring."""
    return (stored.value for stored in proofs(store).scan(f"{ring}|"))
