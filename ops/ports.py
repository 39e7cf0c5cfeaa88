"""What the core needs from outside, as protocols, and the ways in which the outside says no.

An adapter raises nothing but the refusals below; what the SDKs raise stays behind them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ops.model.fleet import Cluster, Node, Unknown
from ops.model.ledger import Entry
from ops.model.money import CostReport
from ops.model.workload import DisruptionBudget, Pod

type Json = bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None


class OutsideError(Exception):
    """Something outside refused or did not answer. The text says what was done, to what, and what is wrong."""


class TryLaterError(OutsideError):
    """Throttled, unreachable or in trouble of its own: the same call may succeed after `retry_after_s`."""

    def __init__(self, why: str, retry_after_s: float = 60.0) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s


class NotDoneError(TryLaterError):
    """As above, and it is certain that nothing was done."""


class LimitedError(NotDoneError):
    """Too many calls: nothing of this kind is taken before `retry_after_s`."""


class BusyError(OutsideError):
    """Another operation runs on the cluster (409 `OperationNotAllowed`)."""


class NotFoundError(OutsideError):
    """There is no such thing (any more)."""


class DeniedError(OutsideError):
    """Our identity may not do that: a role is missing."""


class RejectedError(OutsideError):
    """The world said no for a reason that trying again does not change."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


class ConflictError(OutsideError):
    """The record has changed since it was read (compare-and-swap), or exists already."""


class Clock(Protocol):
    """The only source of the present time."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Record:
    """A stored value with the tag that a replacement must name."""

    key: str
    value: Json
    etag: str


class Store(Protocol):
    """Durable records of a kind under a key, with compare-and-swap; large values by the hash of their content.

    Kinds are `[a-z-]+`; keys have at most 512 characters, none of them a slash, backslash, hash, question mark or control character.
    """

    def get(self, kind: str, key: str) -> Record | None:
        """The record, or None."""
        ...

    def insert(self, kind: str, key: str, value: Json) -> bool:
        """Write it if it is absent; False where it exists already (and stays as it is)."""
        ...

    def replace(self, kind: str, key: str, value: Json, etag: str) -> str:
        """Write it over the version of this etag; the new etag. Raises ConflictError."""
        ...

    def delete(self, kind: str, key: str) -> None:
        """Remove it; nothing happens where it does not exist."""
        ...

    def scan(self, kind: str, prefix: str = "") -> Iterator[Record]:
        """All records of the kind whose key begins so, by key."""
        ...

    def put_content(self, content: bytes) -> str:
        """Keep a large value; the reference to it, made from its content."""
        ...

    def get_content(self, reference: str) -> bytes:
        """A large value. Raises NotFoundError."""
        ...


class Ledger(Protocol):
    """Append-only; each entry carries the hash of the one before."""

    def append(self, entry: Entry) -> None:
        """Write an entry; one of the same key on the same day is written once."""
        ...

    def entries(self, day: str) -> Iterator[Entry]:
        """The entries of a day (`2026-11-16`, UTC), oldest first. Raises LedgerBrokenError where the chain does not hold."""
        ...


class LedgerBrokenError(OutsideError):
    """An entry's hash does not follow from the one before: the record was changed."""


@dataclass(frozen=True, slots=True)
class OperationStatus:
    """A long-running operation: `state` is running, succeeded or failed; `code` and `message` say why it failed."""

    state: str
    code: str = ""
    message: str = ""


class Clusters(Protocol):
    """Azure Resource Manager, as far as clusters go. One attempt a call: no retries, no waiting."""

    def list_clusters(self, subscription: str) -> tuple[Cluster, ...]:
        """All clusters of a subscription; a little behind the truth: look again before acting."""
        ...

    def cluster(self, cluster_id: str) -> Cluster:
        """The cluster as it is now. Raises NotFoundError."""
        ...

    def newest_image(self, cluster_id: str, pool: str) -> str | Unknown:
        """The newest image for this pool, in its region, as Azure offers it now."""
        ...

    def begin_upgrade_node_image(self, cluster_id: str, pool: str) -> str:
        """Ask for the newest image on every node of the pool; a token to follow the operation with."""
        ...

    def begin_start(self, cluster_id: str) -> str:
        """Ask for the cluster to be started; a token."""
        ...

    def begin_stop(self, cluster_id: str) -> str:
        """Ask for the cluster to be stopped; a token."""
        ...

    def operation(self, token: str) -> OperationStatus:
        """One look at a running operation."""
        ...


@dataclass(frozen=True, slots=True)
class EvictionAnswer:
    """What an API server says to one eviction, as `kind`, with `why` naming the budget.

    `evicted`; `gone` (it was no more); `blocked` (a budget, or throttling: ask again); `several` (more than one budget covers the pod).
    """

    kind: str
    why: str = ""


class Nodes(Protocol):
    """The API servers of the clusters. Each call raises TryLaterError where one does not answer, DeniedError where we may not."""

    def nodes(self, cluster: Cluster) -> tuple[Node, ...]:
        """All nodes."""
        ...

    def pods(self, cluster: Cluster, node: str = "") -> tuple[Pod, ...]:
        """All pods, or those of one node."""
        ...

    def budgets(self, cluster: Cluster) -> tuple[DisruptionBudget, ...]:
        """All PDBs."""
        ...

    def mark(self, cluster: Cluster, node: str, *, unschedulable: bool, annotations: Mapping[str, str | None]) -> None:
        """Cordon or uncordon, and set (or, with None, remove) annotations, in one patch."""
        ...

    def evict(self, cluster: Cluster, pod: Pod, grace_s: int | None = None) -> EvictionAnswer:
        """One eviction of this very pod, by its uid."""
        ...


class Machines(Protocol):
    """The scale-set instances behind nodes."""

    def begin_restart(self, node: Node) -> str:
        """Ask for a restart; a token that `Clusters.operation` reads."""
        ...


class Costs(Protocol):
    """Cost Management. Answers are kept for hours: it refreshes every four, and throttles."""

    def month_to_date(self, subscription: str, now: datetime) -> CostReport:
        """This month's cost by resource group, from one grouped query."""
        ...


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message went."""

    channel: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a chat is to show: `content` is what `ops.render` made for it, `key` marks it as ours, by which it can be found.

    `thread` is the message that it answers, None where it stands by itself. `picture` is a PNG that belongs to it.
    """

    content: Mapping[str, Json]
    key: str
    thread: Posted | None = None
    picture: bytes | None = None


class Chat(Protocol):
    """A chat that can post, and perhaps edit, answer in threads and find again.

    `channel` is where it goes unless a route says otherwise. To a chat that cannot edit only what needs somebody and
    what has ended is posted; one without threads gets no details.
    """

    name: str
    channel: str
    can_edit: bool
    can_thread: bool

    def post(self, channel: str, outgoing: Outgoing) -> Posted:
        """Post it."""
        ...

    def edit(self, posted: Posted, outgoing: Outgoing) -> None:
        """Replace what stands there."""
        ...

    def find(self, channel: str, key: str, since: datetime, thread: Posted | None = None) -> Posted | None:
        """The message of this key posted since then, if the chat has it; looked for in the thread where one is given."""
        ...


class Signature(Protocol):
    """Proves that a request comes from the chat that it says it comes from."""

    def holds(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether the raw body was signed, lately, by who holds the secret. Never raises: what cannot be checked does not hold."""
        ...


class Answers(Protocol):
    """Private answers to what somebody pressed or typed."""

    def answer(self, address: str, content: Mapping[str, Json]) -> None:
        """Send one to the address that came with the request. Raises RejectedError where it is none of the chat's."""
        ...


class Forms(Protocol):
    """Forms that a chat shows to one person."""

    def open(self, trigger: str, form: Mapping[str, Json]) -> None:
        """Show it to whoever did what `trigger` names; an answer within 2 s. Raises OutsideError.

        TryLaterError: nobody knows whether they see it.
        """
        ...


class BotDoor(Protocol):
    """What the door of a chat's bot needs: the proof of where a request comes from, and where its answers go."""

    def admit(self, authorization: str) -> str:
        """The service that the request's token was made for. Raises DeniedError, TryLaterError where it cannot be checked."""
        ...

    def address(self, service_url: str, conversation: str, activity: str = "") -> str:
        """Where `Answers` sends an answer to an activity, or without one to its conversation."""
        ...

    def private_address(self, service_url: str, user: str, tenant: str) -> str:
        """Where `Answers` reaches one person alone. Raises DeniedError where the bot may not."""
        ...


class Events(Protocol):
    """Where run events go for other programs."""

    def publish(self, kind: str, subject: str, data: Mapping[str, Json], event_id: str) -> None:
        """Send one event; the same id is the same event."""
        ...


class Engine(Protocol):
    """The durable engine as activities and doors see it. Events are hints: they may be lost or doubled."""

    def start(self, workflow: str, instance_id: str, payload: Json) -> None:
        """Start an instance; one of this id that runs already is left alone."""
        ...

    def hint(self, instance_id: str) -> None:
        """Wake an instance so that it reads the store; an unknown one is no error."""
        ...

    def is_live(self, instance_id: str) -> bool:
        """Whether the engine has this instance and it has not ended."""
        ...

    def purge(self, instance_id: str) -> None:
        """Forget an ended instance."""
        ...
