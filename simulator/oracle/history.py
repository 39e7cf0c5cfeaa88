"""The state of the fleet at any time, derived from the journal: power, operations, images, nodes."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from simulator.world.images import FAMILIES, Catalog, Family, family_of
from simulator.world.journal import Entry, Kind
from simulator.world.specs import ClusterSpec, FleetSpec, PoolSpec, UpdateRunSpec

FAR_FUTURE = datetime.max.replace(tzinfo=UTC)
_PATCH = re.compile(r"-\d{4}\.\d\d\.\d\d$")
_INTERRUPTIONS = ("AKSOperationPreempted", "OperationNotAllowed", "EtagMismatch", "SubscriptionRequestsThrottled")
_LONGEST_PAUSE = timedelta(days=1)
_RUN_ENDED = ("Completed", "Failed", "Stopped", "Skipped")
_POOL_FAILED = ("Failed", "Canceled")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation on a cluster or a pool. `ended` is far in the future while the operation is running."""

    id: str
    what: str
    who: str
    cluster: str
    pool: str
    image: str
    began: datetime
    ended: datetime = FAR_FUTURE
    status: str = "InProgress"
    code: str = ""

    @property
    def interrupted(self) -> bool:
        """Whether another operation or a limit on calls has ended it, which is not a failure (rule 15)."""
        return self.status == "Failed" and self.code in _INTERRUPTIONS

    def runs(self, at: datetime) -> bool:
        """Whether the operation was in progress at a given time."""
        return self.began <= at < self.ended


@dataclass(frozen=True, slots=True)
class RefusedCall:
    """A request for an operation that Azure refused, for a reason that lasts."""

    at: datetime
    who: str
    action: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class ButtonClick:
    """A person's click on a button in a chat, with the full text of the message."""

    at: datetime
    user: str
    action: str
    text: str


@dataclass(frozen=True, slots=True)
class Machine:
    """The state of a node at a given time."""

    image: str
    ready: bool


type Machines = Mapping[str, Machine]


@dataclass(slots=True)
class Timeline[T]:
    """A value that changes over time."""

    first: T
    times: list[datetime] = field(default_factory=list)
    values: list[T] = field(default_factory=list)

    def set(self, at: datetime, value: T) -> None:
        """Set the value that applies from a given time on."""
        self.times.append(at)
        self.values.append(value)

    def at(self, at: datetime) -> T:
        """The value at a given time, including changes at exactly that time."""
        place = bisect_right(self.times, at)
        return self.values[place - 1] if place else self.first


class History:
    """A fleet's history, derived from its specification and its journal."""

    def __init__(self, fleet: FleetSpec, journal: Sequence[Entry], seed: int) -> None:
        self.fleet = fleet
        self.clusters = {cluster.name: cluster for cluster in fleet.clusters}
        self.operations: list[Operation] = _operations(journal)
        self.clicks = tuple(
            ButtonClick(entry.at, str(entry.detail["user"]), str(entry.detail["action"]), str(entry.detail["text"]))
            for entry in journal
            if entry.kind is Kind.BUTTON_CLICKED
        )
        self.landed: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
        self._power = {c.name: Timeline("Stopped" if c.stopped else "Running") for c in fleet.clusters}
        self._pool_image: dict[tuple[str, str], Timeline[str]] = defaultdict(lambda: Timeline(""))
        self._machines: dict[tuple[str, str], Timeline[Machines]] = defaultdict(lambda: Timeline({}))
        self.refused_calls: list[RefusedCall] = []
        self.budget_alerts = [entry for entry in journal if entry.kind is Kind.BUDGET_ALERT]
        self._refused: dict[str, list[tuple[datetime, datetime, str]]] = defaultdict(list)
        self._hidden: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
        self._without_pools: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
        self._without_image: dict[tuple[str, str], list[tuple[datetime, datetime]]] = defaultdict(list)
        self._by_cluster: dict[str, list[Operation]] = defaultdict(list)
        for operation in self.operations:
            self._by_cluster[operation.cluster].append(operation)
        begins = journal[0].at if journal else fleet.start
        catalog = Catalog(fleet.regions, seed, begins)
        self._at_start = {
            (region.name, family.prefix): catalog.newest(region.name, family)
            for region in fleet.regions
            for family in FAMILIES
        }
        for entry in journal:
            self._record(entry)

    def of_cluster(self, cluster: str) -> Sequence[Operation]:
        """The cluster's operations in the order in which they started."""
        return self._by_cluster[cluster]

    def newest(self, cluster: ClusterSpec, pool: PoolSpec, at: datetime) -> str:
        """The newest image in a pool's region for its family."""
        if pool.last_image is not None:
            return pool.last_image
        prefix = family(cluster, pool).prefix
        there = [image for when, image in self.landed[cluster.region, prefix] if when <= at]
        return max([self._at_start[cluster.region, prefix], *there])

    def landed_within(self, region: str, image: str, before: datetime, span: timedelta) -> bool:
        """Whether an image reached a region within the given period before a given time."""
        return any(
            landed == image and before - span < when <= before
            for (where, _), found in self.landed.items()
            if where == region
            for when, landed in found
        )

    def stopped(self, cluster: str, at: datetime) -> bool:
        """Whether the cluster is stopped."""
        return self._power[cluster].at(at) == "Stopped"

    def power_unknown(self, cluster: str, at: datetime) -> bool:
        """Whether Azure does not report whether the cluster is running."""
        return any(began <= at < ended for began, ended in self._hidden[cluster])

    def pools_unknown(self, cluster: str, at: datetime) -> bool:
        """Whether Azure does not list the cluster's pools."""
        return any(began <= at < ended for began, ended in self._without_pools[cluster])

    def image_unknown(self, cluster: str, pool: str, at: datetime) -> bool:
        """Whether Azure does not report the image of a pool."""
        return any(began <= at < ended for began, ended in self._without_image[cluster, pool])

    def held(self, cluster: str, at: datetime) -> bool:
        """Whether an update run of a fleet contains the cluster and has not ended, or a fleet cannot be read (rule 21)."""
        return any(
            fleet.closed
            or any(_contains(run, group, at) for name, group in fleet.members if name == cluster for run in fleet.runs)
            for fleet in self.fleet.managers
        )

    def refused(self, cluster: str, at: datetime) -> bool:
        """Whether Azure refuses every operation on the cluster, or did so until a day ago: the next attempt can be a day away."""
        return any(began <= at < ended + _LONGEST_PAUSE for began, ended, _ in self._refused[cluster])

    def refuses(self, cluster: str, at: datetime, text: str) -> bool:
        """Whether Azure refuses every operation on the cluster at a given time with the code that this text contains."""
        return any(began <= at < ended and code in text for began, ended, code in self._refused[cluster])

    def api_responds(self, cluster: str, at: datetime) -> bool:
        """Whether the cluster's API server responds, which it does not while the cluster is stopped, stopping or starting."""
        moving = any(
            operation.what in ("stop", "start") and operation.runs(at) for operation in self.of_cluster(cluster)
        )
        return not self.stopped(cluster, at) and not moving

    def busy(self, cluster: str, at: datetime, but: Operation | None = None) -> bool:
        """Whether any operation other than `but` was in progress."""
        return any(operation.runs(at) and operation is not but for operation in self.of_cluster(cluster))

    def pool_failed(self, cluster: str, pool: str, at: datetime) -> bool:
        """Whether the last operation on the pool that ended left it in a failed state."""
        ended = [w for w in self.of_cluster(cluster) if w.pool == pool and w.ended <= at and w.what != "abort"]
        last = max(ended, key=lambda operation: operation.ended, default=None)
        if last is None:
            return any(each.failed is not None for each in self.clusters[cluster].pools if each.name == pool)
        return last.status in _POOL_FAILED and not last.interrupted

    def machines(self, cluster: str, pool: str, at: datetime) -> Machines:
        """The nodes in a pool by name. If `pool` is empty, the nodes from node auto-provisioning."""
        return self._machines[cluster, pool].at(at)

    def has_image(self, cluster: ClusterSpec, pool: PoolSpec, image: str, at: datetime) -> bool:
        """Whether Azure reports an image for the pool and every visible node has it (rule 8)."""
        seen = self.machines(cluster.name, pool.name, at) if self.api_responds(cluster.name, at) else {}
        reported = self.reports(cluster.name, pool.name, image, at)
        return reported and all(unpatched(machine.image) == image for machine in seen.values())

    def reports(self, cluster: str, pool: str, image: str, at: datetime) -> bool:
        """Whether Azure reports an image for a pool."""
        return unpatched(self._pool_image[cluster, pool].at(at)) == image

    def done(self, cluster: str, pool: str, image: str, at: datetime) -> bool:
        """Whether every node has the image and is Ready (rule 16)."""
        seen = self.machines(cluster, pool, at).values()
        return all(unpatched(machine.image) == image and machine.ready for machine in seen)

    def count(self, cluster: ClusterSpec, pool: PoolSpec, at: datetime) -> int:
        """The number of nodes that ARM reports for the pool: none for one that is stopped."""
        changed = [w for w in self.of_cluster(cluster.name) if w.pool == pool.name and w.what == "update-pool"]
        counts = [int(operation.image) for operation in changed if operation.began <= at and operation.image]
        return counts[-1] if counts else 0 if pool.stopped else pool.nodes

    def _record(self, entry: Entry) -> None:
        cluster, pool, detail = entry.cluster or "", entry.pool or "", entry.detail
        match entry.kind:
            case Kind.IMAGE_LANDED:
                image = str(detail["image"])
                self.landed[str(detail["region"]), _prefix(image)].append((entry.at, image))
            case Kind.POWER if not pool:
                self._power[cluster].set(entry.at, str(detail["power"]))
            case Kind.POOL_KNOWN | Kind.POOL_IMAGE:
                self._pool_image[cluster, pool].set(entry.at, str(detail["image"]))
            case Kind.FAULT_ARMED if detail["what"] == "FieldMissing" and detail["field"] == "powerState" and not pool:
                self._hidden[cluster].append(_times(entry))
            case Kind.FAULT_ARMED if detail["what"] == "FieldMissing" and detail["field"] == "agentPoolProfiles":
                self._without_pools[cluster].append(_times(entry))
            case Kind.FAULT_ARMED if detail["what"] == "FieldMissing" and detail["field"] == "nodeImageVersion":
                self._without_image[cluster, pool].append(_times(entry))
            case Kind.FAULT_ARMED if detail["what"] == "Refusal":
                self._refused[cluster].append((*_times(entry), str(detail.get("code", ""))))
            case Kind.OPERATION_REFUSED if self.refused(cluster, entry.at):
                action = (cluster, pool, str(detail.get("what", "")))
                self.refused_calls.append(RefusedCall(entry.at, str(detail["who"]), action))
            case Kind.NODE_JOINED | Kind.NODE_LEFT | Kind.NODE_LABEL | Kind.NODE_READY | Kind.NODE_NOT_READY:
                self._record_node(entry)
            case _:
                pass

    def _record_node(self, entry: Entry) -> None:
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


def _contains(run: UpdateRunSpec, group: str, at: datetime) -> bool:
    """Whether an update run that has not ended contains a member of this group."""
    groups = [name for _, names in run.stages for name in names]
    return run.at <= at and run.state(at) not in _RUN_ENDED and (not groups or group in groups)


def _times(entry: Entry) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(str(entry.detail["at"])), datetime.fromisoformat(str(entry.detail["until"]))


def family(cluster: ClusterSpec, pool: PoolSpec) -> Family:
    """The image family of a pool."""
    return family_of(pool.os_sku, pool.kubernetes_version or cluster.kubernetes_version)


def is_known(pool: PoolSpec) -> bool:
    """Whether Daytwo acts on pools of this type and mode (rule 8)."""
    known_type = pool.type in ("VirtualMachineScaleSets", "VirtualMachines")
    return known_type and pool.mode in ("System", "User", "Gateway")


def minor(cluster: ClusterSpec, pool: PoolSpec) -> str:
    """The Kubernetes minor version of a pool."""
    version = pool.kubernetes_version or cluster.kubernetes_version
    return ".".join(version.split(".")[:2])


def unpatched(label: str) -> str:
    """A node's image label without the suffix that a security patch adds."""
    return _PATCH.sub("", label)


def _prefix(image: str) -> str:
    return next(family.prefix for family in FAMILIES if image.startswith(family.prefix + "-"))


def _operations(journal: Iterable[Entry]) -> list[Operation]:
    begun: dict[str, Operation] = {}
    for entry in journal:
        detail = entry.detail
        if entry.kind is Kind.OPERATION_BEGUN:
            id_, what = str(detail["operation"]), str(detail["what"])
            aim = str(detail.get("image") or detail.get("count") or "")
            begun[id_] = Operation(id_, what, str(detail["who"]), entry.cluster or "", entry.pool or "", aim, entry.at)
        elif entry.kind is Kind.OPERATION_ENDED and str(detail["operation"]) in begun:
            id_ = str(detail["operation"])
            was = begun[id_]
            status, code = str(detail["status"]), str(detail.get("code") or "")
            begun[id_] = replace(was, ended=entry.at, status=status, code=code)
    return list(begun.values())
