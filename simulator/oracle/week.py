"""One week in one fleet: the ring of each cluster, and the reason why a pool is blocked at a given time (rules 1 to 14)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from math import ceil

from simulator.oracle.config import RingRule, Rules
from simulator.oracle.history import FAR_FUTURE, History, Operation, is_known, minor
from simulator.oracle.local_time import MINUTE, Interval, occurrences, openings, start_of_day
from simulator.oracle.power import Schedule
from simulator.oracle.proof import Proofs
from simulator.world.specs import ClusterSpec, PoolSpec

UPGRADE = "upgrade-node-image"
START_TAKES = timedelta(minutes=10)
# A run makes its next check after at most this time (rule 14), so it detects a failure by then.
CHECK_INTERVAL = timedelta(minutes=5)
READY_WITHIN = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class Place:
    """A pool whose cluster belongs to a ring."""

    cluster: ClusterSpec
    pool: PoolSpec


class Week:
    """The rules for a week that starts on a Monday. `schedule` tells scheduled power operations from those for node images."""

    def __init__(self, rules: Rules, history: History, proofs: Proofs, monday: date, schedule: Schedule) -> None:
        self.rules, self.history, self.monday, self.bot = rules, history, monday, schedule.bot
        self.schedule, self._tags = schedule, schedule.tags
        self._proofs = proofs
        self._from = start_of_day(monday, rules.rings[0].hours.zone)
        self._pairs = {region.name: region.pair for region in history.fleet.regions}
        # Clusters take part in the week in the ring that they are in when it begins (rule 4).
        self._ring_of = self._rings_at(self._from)
        self._occurrences = [occurrences(ring.hours, monday) for ring in rules.rings]
        self.openings = [openings(ring.hours, rules.freezes, monday) for ring in rules.rings]
        self._all_openings = [
            tuple(
                interval
                for weeks in (-1, 0, 1)
                for interval in openings(ring.hours, rules.freezes, monday + weeks * timedelta(days=7))
            )
            for ring in rules.rings
        ]
        self.turns = cache(self._turns)
        self.mine = cache(self._mine)
        self.settled_at = cache(self._settled_at)
        self.run_failed_at = cache(self._run_failed_at)

    def _rings_at(self, at: datetime) -> dict[str, int | None]:
        return {cluster.name: self._tags.ring_number(cluster, at) for cluster in self.history.fleet.clusters}

    def ring_number(self, cluster: ClusterSpec, at: datetime | None = None) -> int | None:
        """The ring that a cluster belonged to at a given time; without a time, when the week began."""
        return self._ring_of[cluster.name] if at is None else self._tags.ring_number(cluster, at)

    def ring(self, cluster: ClusterSpec, at: datetime | None = None) -> RingRule:
        """The ring that a cluster belonged to, as in `ring_number`.

        Raises:
            ValueError: the cluster was not in a ring.
        """
        return self.rules.rings[self._number(cluster, at)]

    def last_moment(self, cluster: ClusterSpec) -> datetime:
        """The end of the last occurrence of the ring's window."""
        return self._occurrences[self._number(cluster)][-1].closes

    def opening_at(self, cluster: ClusterSpec, at: datetime) -> Interval | None:
        """The opening of the ring's window at a given time, including openings that belong to the previous or next week."""
        openings_then = self._all_openings[self._number(cluster, at)]
        return next((interval for interval in openings_then if interval.contains(at)), None)

    def opening_times(self, cluster: ClusterSpec) -> set[datetime]:
        """The start of each opening of the ring's window in the week; none for a cluster without a ring."""
        number = self.ring_number(cluster)
        return set() if number is None else {interval.opens for interval in self.openings[number]}

    def ring_begins(self, number: int) -> datetime:
        """The time at which a ring starts at the latest: when the first occurrences of all previous rings are over (rule 6)."""
        before = [self._occurrences[earlier][0].closes for earlier in range(number) if self._occurrences[earlier]]
        return max([start_of_day(self.monday, self.rules.rings[0].hours.zone), *before])

    @property
    def ends(self) -> datetime:
        """The end of the week, in the time zone of the first ring's window."""
        return start_of_day(self.monday + timedelta(days=7), self.rules.rings[0].hours.zone)

    def are_paired(self, one: ClusterSpec, other: ClusterSpec) -> bool:
        """Whether two clusters are in the two regions of a pair."""
        return self._pairs.get(one.region) == other.region or self._pairs.get(other.region) == one.region

    def same_group(self, one: ClusterSpec, other: ClusterSpec) -> bool:
        """Whether `max-concurrent` counts two clusters together, because they are in the same region or in a region pair."""
        return one.region == other.region or self.are_paired(one, other)

    def expected(self, place: Place, at: datetime) -> timedelta:
        """The expected duration of upgrading a pool (rule 9)."""
        count, surge, soak = self.history.count(place.cluster, place.pool, at), 1, 0
        # Azure shows no settings for a spot pool.
        if place.pool.priority != "Spot" and not place.pool.without_upgrade_settings:
            section, soak = place.pool.max_surge, place.pool.node_soak_minutes
            surge = ceil(count * int(section[:-1]) / 100) if section.endswith("%") else int(section or 1)
        return ceil(count / max(surge, 1)) * (7 + soak) * MINUTE + 10 * MINUTE

    def proven(self, place: Place, at: datetime) -> bool:
        """Whether the pool is allowed to be upgraded to the newest image (rule 11)."""
        return self.proven_image(place, self.history.newest(place.cluster, place.pool, at), at)

    def proven_image(self, place: Place, image: str, at: datetime) -> bool:
        """Whether an image had been proven in the previous ring by the given time. The first ring does not require proof."""
        number = self._number(place.cluster, at)
        if number == 0:
            return True
        members = tuple(name for name, ring in self._rings_at(at).items() if ring == number - 1)
        since = self._proofs.proven_at(members, image, minor(place.cluster, place.pool))
        return since is not None and since <= at

    def upgrade_of(self, place: Place) -> Operation | None:
        """Daytwo's first upgrade of a pool in the week, except those that something else has ended (rule 15)."""
        upgrades = (w for w in self.mine(place.cluster.name) if w.what == UPGRADE and w.pool == place.pool.name)
        return next((w for w in upgrades if not w.interrupted), None)

    def skip_reason(self, place: Place, at: datetime) -> str | None:
        """The reason to skip a pool without waiting: the first in the table of rule 8 that applies."""
        cluster, pool = place.cluster, place.pool
        if self.ring_number(cluster) is None:
            return "no-ring"
        if driven_by_aks(cluster):
            return "driven-by-aks"
        if not is_known(pool):
            return "unsupported-pool"
        if pool.from_snapshot:
            return "snapshot"
        if self.history.has_image(cluster, pool, self.history.newest(cluster, pool, at), at):
            return "already-latest"
        if self.history.pool_failed(cluster.name, pool.name, at):
            return "pool-failed"
        longest = max(interval.closes - interval.opens for interval in self._occurrences[self._number(cluster)])
        return "never-fits" if self.expected(place, at) > longest else None

    def _run_failed_at(self, cluster: str) -> datetime | None:
        """When Daytwo's run on a cluster failed (rule 15), because of a failed start or upgrade, or nodes that were not upgraded in time."""
        for operation in self.mine(cluster):
            if operation.interrupted:
                continue
            if operation.status in ("Failed", "Canceled") and operation.what in (UPGRADE, "start"):
                return operation.ended
            if operation.what == UPGRADE and operation.status == "Succeeded" and self.settled_at(operation) is None:
                return operation.ended + READY_WITHIN
        return None

    def _settled_at(self, operation: Operation) -> datetime | None:
        """When every node had the upgrade's image and was Ready; None if that took more than 20 minutes (rule 15)."""
        return next(
            (
                operation.ended + minutes * MINUTE
                for minutes in range(21)
                if self.history.done(
                    operation.cluster, operation.pool, operation.image, operation.ended + minutes * MINUTE
                )
            ),
            None,
        )

    def halted(self, number: int, at: datetime) -> bool:
        """Whether too many runs had failed for a ring to be started (rule 15)."""
        begins = self.ring_begins(number)
        failures = [
            failed
            for cluster, ring in self._ring_of.items()
            if ring is not None and ring < number and (failed := self.run_failed_at(cluster)) is not None
        ]
        return sum(failed < begins and failed <= at for failed in failures) > self.rules.failure_budget

    def _number(self, cluster: ClusterSpec, at: datetime | None = None) -> int:
        number = self.ring_number(cluster, at)
        if number is None:
            raise ValueError(f"cluster {cluster.name} is not in a ring")
        return number

    def _mine(self, cluster: str) -> tuple[Operation, ...]:
        """Daytwo's operations for a cluster's node images during and between the openings in this week."""
        if self._ring_of[cluster] is None:
            return ()
        first = start_of_day(self.monday, self.rules.rings[0].hours.zone)
        # The last occurrence in a week may extend into the next week, and that of the previous week into this one.
        until = max(first + timedelta(days=7), self.last_moment(self.history.clusters[cluster]))
        earlier = occurrences(self.ring(self.history.clusters[cluster]).hours, self.monday - timedelta(days=7))
        first = max([first, *(interval.closes for interval in earlier)])
        operations = self.history.of_cluster(cluster)
        return tuple(
            operation
            for operation in operations
            if operation.who == self.bot
            and first <= operation.began < until
            and not self.schedule.is_required(operation)
        )

    def _turns(self, cluster: str) -> tuple[Interval, ...]:
        """When a cluster occupied its slot: during each operation in a run, the verification, and the check that follows."""
        return tuple(
            Interval(
                operation.began,
                FAR_FUTURE if operation.ended == FAR_FUTURE else self._proof_ended(operation) + CHECK_INTERVAL,
            )
            for operation in self.mine(cluster)
        )

    def _proof_ended(self, operation: Operation) -> datetime:
        """When a run had finished an operation and its verification. An upgrade is verified for up to 20 minutes."""
        if operation.what != UPGRADE or operation.status != "Succeeded":
            return operation.ended
        return self.settled_at(operation) or operation.ended + READY_WITHIN


def driven_by_aks(cluster: ClusterSpec) -> bool:
    """Rule 1."""
    return cluster.node_os_channel in ("NodeImage", "SecurityPatch") or cluster.sku == "Automatic"


def upgrade_order(cluster: ClusterSpec) -> tuple[PoolSpec, ...]:
    """The order of pools: system pools, then user pools, then spot pools, each sorted by name (rule 7)."""
    return tuple(sorted(cluster.pools, key=lambda p: (p.priority == "Spot", p.mode != "System", p.name)))


def places(clusters: Mapping[str, ClusterSpec]) -> Iterator[Place]:
    """Every pool in a fleet."""
    for cluster in clusters.values():
        for pool in upgrade_order(cluster):
            yield Place(cluster, pool)
