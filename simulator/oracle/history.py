"""What the journal tells of any instant: power, operations, images, nodes."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from simulator.world.images import FAMILIES, Catalog, Family, family_of
from simulator.world.journal import Entry, Kind
from simulator.world.specs import ClusterSpec, FleetSpec, PoolSpec

FAR = datetime.max.replace(tzinfo=UTC)
_PATCH = re.compile(r"-\d{4}\.\d\d\.\d\d$")
_POOL_FAILED = ("Failed", "Canceled")


@dataclass(frozen=True, slots=True)
class Work:
    """One operation on a cluster, or on a pool of it; `ended` is far away while it runs."""

    id: str
    what: str
    who: str
    cluster: str
    pool: str
    image: str
    began: datetime
    ended: datetime = FAR
    status: str = "InProgress"

    def runs(self, at: datetime) -> bool:
        """Whether it runs at an instant."""
        return self.began <= at < self.ended


@dataclass(frozen=True, slots=True)
class Press:
    """What a person pressed in a chat, and all that the message said to them."""

    at: datetime
    user: str
    action: str
    text: str


@dataclass(frozen=True, slots=True)
class Machine:
    """A node as it was at an instant."""

    image: str
    ready: bool


type Machines = Mapping[str, Machine]


@dataclass(slots=True)
class Track[T]:
    """A value over time."""

    first: T
    times: list[datetime] = field(default_factory=list)
    values: list[T] = field(default_factory=list)

    def set(self, at: datetime, value: T) -> None:
        """Changes it from an instant on."""
        self.times.append(at)
        self.values.append(value)

    def at(self, at: datetime) -> T:
        """What it was, changes of that very instant included."""
        place = bisect_right(self.times, at)
        return self.values[place - 1] if place else self.first


class History:
    """A fleet's past, from its specification and its journal."""

    def __init__(self, fleet: FleetSpec, journal: Sequence[Entry], seed: int) -> None:
        self.fleet = fleet
        self.clusters = {cluster.name: cluster for cluster in fleet.clusters}
        self.works: list[Work] = _works(journal)
        self.presses = tuple(
            Press(entry.at, str(entry.detail["user"]), str(entry.detail["action"]), str(entry.detail["text"]))
            for entry in journal
            if entry.kind is Kind.PRESSED
        )
        self.landed: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
        self._power = {c.name: Track("Stopped" if c.stopped else "Running") for c in fleet.clusters}
        self._pool_image: dict[tuple[str, str], Track[str]] = defaultdict(lambda: Track(""))
        self._machines: dict[tuple[str, str], Track[Machines]] = defaultdict(lambda: Track({}))
        self._by_cluster: dict[str, list[Work]] = defaultdict(list)
        for work in self.works:
            self._by_cluster[work.cluster].append(work)
        begins = journal[0].at if journal else fleet.start
        catalog = Catalog(fleet.regions, seed, begins)
        self._at_start = {
            (region.name, family.prefix): catalog.newest(region.name, family)
            for region in fleet.regions
            for family in FAMILIES
        }
        for entry in journal:
            self._note(entry)

    def of_cluster(self, cluster: str) -> Sequence[Work]:
        """Its operations, in the order in which they began."""
        return self._by_cluster[cluster]

    def newest(self, cluster: ClusterSpec, pool: PoolSpec, at: datetime) -> str:
        """The newest image of a pool's family in its region."""
        prefix = family(cluster, pool).prefix
        there = [image for when, image in self.landed[cluster.region, prefix] if when <= at]
        return max([self._at_start[cluster.region, prefix], *there])

    def landed_within(self, region: str, image: str, before: datetime, span: timedelta) -> bool:
        """Whether an image reached a region in the span up to an instant."""
        return any(
            landed == image and before - span < when <= before
            for (where, _), found in self.landed.items()
            if where == region
            for when, landed in found
        )

    def stopped(self, cluster: str, at: datetime) -> bool:
        """Whether it has no power."""
        return self._power[cluster].at(at) == "Stopped"

    def answers(self, cluster: str, at: datetime) -> bool:
        """Whether its API server does: not while it is stopped, stopping or starting."""
        moving = any(work.what in ("stop", "start") and work.runs(at) for work in self.of_cluster(cluster))
        return not self.stopped(cluster, at) and not moving

    def busy(self, cluster: str, at: datetime, but: Work | None = None) -> bool:
        """Whether an operation runs, other than one."""
        return any(work.runs(at) and work is not but for work in self.of_cluster(cluster))

    def pool_failed(self, cluster: str, pool: str, at: datetime) -> bool:
        """Whether the pool's last operation to end left it failed."""
        ended = [w for w in self.of_cluster(cluster) if w.pool == pool and w.ended <= at and w.what != "abort"]
        return bool(ended) and max(ended, key=lambda work: work.ended).status in _POOL_FAILED

    def machines(self, cluster: str, pool: str, at: datetime) -> Machines:
        """A pool's nodes by name; the nodes of node auto-provisioning where `pool` is empty."""
        return self._machines[cluster, pool].at(at)

    def carries(self, cluster: ClusterSpec, pool: PoolSpec, image: str, at: datetime) -> bool:
        """Whether every node carries an image; where none can be seen, whether the pool says so."""
        seen = self.machines(cluster.name, pool.name, at) if self.answers(cluster.name, at) else {}
        if not seen:
            return self._pool_image[cluster.name, pool.name].at(at) == image
        return all(unpatched(machine.image) == image for machine in seen.values())

    def done(self, cluster: str, pool: str, image: str, at: datetime) -> bool:
        """Whether every node carries the image and is Ready (rule 16)."""
        seen = self.machines(cluster, pool, at).values()
        return all(unpatched(machine.image) == image and machine.ready for machine in seen)

    def count(self, cluster: ClusterSpec, pool: PoolSpec, at: datetime) -> int:
        """How many nodes a pool is meant to have."""
        changed = [w for w in self.of_cluster(cluster.name) if w.pool == pool.name and w.what == "update-pool"]
        counts = [int(work.image) for work in changed if work.began <= at and work.image]
        return counts[-1] if counts else pool.nodes

    def _note(self, entry: Entry) -> None:
        cluster, pool, detail = entry.cluster or "", entry.pool or "", entry.detail
        match entry.kind:
            case Kind.IMAGE_LANDED:
                image = str(detail["image"])
                self.landed[str(detail["region"]), _prefix(image)].append((entry.at, image))
            case Kind.POWER if not pool:
                self._power[cluster].set(entry.at, str(detail["power"]))
            case Kind.POOL_KNOWN | Kind.POOL_IMAGE:
                self._pool_image[cluster, pool].set(entry.at, str(detail["image"]))
            case Kind.NODE_JOINED | Kind.NODE_LEFT | Kind.NODE_LABEL | Kind.NODE_READY | Kind.NODE_NOT_READY:
                self._note_node(entry)
            case _:
                pass

    def _note_node(self, entry: Entry) -> None:
        track = self._machines[entry.cluster or "", entry.pool or ""]
        machines, name = dict(track.at(entry.at)), entry.node or ""
        before = machines.pop(name, Machine("", ready=True))
        match entry.kind:
            case Kind.NODE_JOINED:
                machines[name] = Machine(str(entry.detail["image"]), ready=bool(entry.detail.get("ready", True)))
            case Kind.NODE_LABEL:
                machines[name] = Machine(str(entry.detail["image"]), before.ready)
            case Kind.NODE_READY | Kind.NODE_NOT_READY:
                machines[name] = Machine(before.image, ready=entry.kind is Kind.NODE_READY)
            case _:
                pass
        track.set(entry.at, machines)


def family(cluster: ClusterSpec, pool: PoolSpec) -> Family:
    """The family of a pool's images."""
    return family_of(pool.os_sku, pool.kubernetes_version or cluster.kubernetes_version)


def minor(cluster: ClusterSpec, pool: PoolSpec | None) -> str:
    """The Kubernetes minor of a pool, or of the nodes that node auto-provisioning made."""
    version = (pool.kubernetes_version if pool else None) or cluster.kubernetes_version
    return ".".join(version.split(".")[:2])


def unpatched(label: str) -> str:
    """A node's label without the suffix of a security patch."""
    return _PATCH.sub("", label)


def _prefix(image: str) -> str:
    return next(family.prefix for family in FAMILIES if image.startswith(family.prefix + "-"))


def _works(journal: Iterable[Entry]) -> list[Work]:
    begun: dict[str, Work] = {}
    for entry in journal:
        detail = entry.detail
        if entry.kind is Kind.OPERATION_BEGUN:
            id_, what = str(detail["operation"]), str(detail["what"])
            aim = str(detail.get("image") or detail.get("count") or "")
            begun[id_] = Work(id_, what, str(detail["who"]), entry.cluster or "", entry.pool or "", aim, entry.at)
        elif entry.kind is Kind.OPERATION_ENDED and str(detail["operation"]) in begun:
            id_ = str(detail["operation"])
            was = begun[id_]
            begun[id_] = Work(
                id_, was.what, was.who, was.cluster, was.pool, was.image, was.began, entry.at, str(detail["status"])
            )
    return list(begun.values())
