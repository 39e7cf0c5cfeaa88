"""The state that all parts of the world share: the clock, the journal, the clusters, and armed faults."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from simulator.world.images import Catalog
from simulator.world.journal import Journal
from simulator.world.scheduler import Scheduler
from simulator.world.scripted_faults import (
    AddressMissing,
    CostAnswer,
    NodeNeverReady,
    NodeStaysNotReady,
    RestartFails,
    ScriptedFault,
    StartFails,
    UpgradeDoesNothing,
    UpgradeFails,
    UpgradeSkipsNodes,
)
from simulator.world.specs import FleetSpec
from simulator.world.state import Cluster, Operation, Pool

type PoolFault = (
    UpgradeFails | UpgradeDoesNothing | UpgradeSkipsNodes | NodeNeverReady | RestartFails | NodeStaysNotReady
)


class RefusedError(Exception):
    """The world rejects a request. The status, code and message are ARM's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Event:
    """An event that Azure sends to subscribers. ``source`` is the topic, by default the cluster's system topic.

    ``identity`` is the same in every copy of an event.
    """

    number: int
    at: datetime
    type: str
    cluster: str
    data: Mapping[str, object]
    identity: str
    source: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """The body of an alert that Azure Monitor posts to the webhooks of an action group."""

    identity: str
    body: Mapping[str, object]


@dataclass(slots=True)
class Core:
    """The shared state of the world, passed to each of its processes."""

    spec: FleetSpec
    seed: int
    scheduler: Scheduler
    journal: Journal
    catalog: Catalog
    clusters: dict[str, Cluster] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    armed: list[ScriptedFault] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    kubernetes_latest: str = "1.35.1"
    _ids: int = 0
    _streams: dict[str, int] = field(default_factory=dict)

    def new_id(self) -> str:
        """Return a new id. The seed alone determines the sequence of ids."""
        self._ids += 1
        return str(uuid.UUID(int=Random(f"{self.seed}/id/{self._ids}").getrandbits(128), version=4))

    def new_id_in(self, stream: str) -> str:
        """Return a new id from a separate stream, which does not affect other ids."""
        number = self._streams[stream] = self._streams.get(stream, 0) + 1
        return str(uuid.UUID(int=Random(f"{self.seed}/{stream}/{number}").getrandbits(128), version=4))

    def chance(self, percent: int, *key: object) -> bool:
        """Return whether an event with this probability occurs. The result depends only on the seed and the key."""
        return Random("/".join(str(part) for part in (self.seed, *key))).randrange(100) < percent

    def seconds(self, least: float, most: float, *key: object) -> timedelta:
        """Return a duration between two limits, as ``minutes`` does."""
        return self.minutes(least / 60, most / 60, *key)

    def minutes(self, least: float, most: float, *key: object) -> timedelta:
        """Return a duration between two limits that depends only on the seed and the key."""
        drawn = Random("/".join(str(part) for part in (self.seed, *key))).uniform(least, most)
        return timedelta(seconds=round(drawn * 60))

    def emit(self, kind: str, cluster: str, data: dict[str, str]) -> None:
        """Send an event to AKS's subscribers at the current time."""
        event = Event(
            len(self.events),
            self.scheduler.now,
            f"Microsoft.ContainerService.{kind}",
            cluster,
            data,
            str(len(self.events)),
        )
        self.events.append(event)

    def take_for_pool[
        M: (UpgradeFails, UpgradeDoesNothing, UpgradeSkipsNodes, NodeNeverReady, RestartFails, NodeStaysNotReady)
    ](self, kind: type[M], cluster: str, pool: str) -> M | None:
        """Return and disarm the fault of the given kind that is armed for a pool."""
        for fault in self.armed:
            if isinstance(fault, kind) and (fault.cluster, fault.pool) == (cluster, pool):
                self.armed.remove(fault)
                return fault
        return None

    def take_cost_answer(self, subscription: str) -> CostAnswer | None:
        """Return and disarm the shape that is armed for the next query of a subscription's costs."""
        for fault in self.armed:
            if isinstance(fault, CostAnswer) and fault.subscription == subscription:
                self.armed.remove(fault)
                return fault
        return None

    def newest_image(self, cluster: Cluster, pool: Pool) -> str:
        """Return the newest image that Azure offers a pool in its region."""
        return pool.spec.last_image or self.catalog.newest(cluster.spec.region, pool.family)

    def take_missing_address(self, cluster: str) -> AddressMissing | None:
        """Return and disarm the fault that hides the address of the cluster's next operation."""
        found = next((f for f in self.armed if isinstance(f, AddressMissing) and f.cluster == cluster), None)
        if found is not None:
            self.armed.remove(found)
        return found

    def take_start_failure(self, cluster: str) -> StartFails | None:
        """Return and disarm the fault that is armed for a cluster's next start."""
        for fault in self.armed:
            if isinstance(fault, StartFails) and fault.cluster == cluster:
                self.armed.remove(fault)
                return fault
        return None
