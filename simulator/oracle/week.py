"""One week of one fleet: who belongs where, and what holds a pool at an instant (rules 1 to 14)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from math import ceil

from simulator.oracle.config import RingRule, Rules
from simulator.oracle.history import FAR, History, Work, minor
from simulator.oracle.local_time import MINUTE, Stretch, occurrences, openings, start_of_day
from simulator.oracle.power import Schedule
from simulator.oracle.proof import Proofs
from simulator.world.specs import ClusterSpec, PoolSpec

UPGRADE = "upgrade-node-image"
START_TAKES = timedelta(minutes=10)
# A run looks again at the latest after this (rule 14), and sees a failure no later.
LOOK = timedelta(minutes=5)
READY_WITHIN = timedelta(minutes=20)


@dataclass(frozen=True, slots=True)
class Place:
    """A pool of a cluster of a ring."""

    cluster: ClusterSpec
    pool: PoolSpec


class Week:
    """What holds for a week that begins on a Monday; `schedule` tells sleep by the clock from work on node images."""

    def __init__(self, rules: Rules, history: History, proofs: Proofs, monday: date, schedule: Schedule) -> None:
        self.rules, self.history, self.monday, self.bot = rules, history, monday, schedule.bot
        self.schedule = schedule
        self._proofs = proofs
        self._pairs = {region.name: region.pair for region in history.fleet.regions}
        self._ring_of = {
            cluster.name: next(
                (n for n, r in enumerate(rules.rings) if r.takes(cluster.name, cluster.region, dict(cluster.tags))),
                None,
            )
            for cluster in history.fleet.clusters
        }
        self._occurrences = [occurrences(ring.hours, monday) for ring in rules.rings]
        self.openings = [openings(ring.hours, rules.closed, monday) for ring in rules.rings]
        self._all_openings = [
            tuple(
                stretch
                for weeks in (-1, 0, 1)
                for stretch in openings(ring.hours, rules.closed, monday + weeks * timedelta(days=7))
            )
            for ring in rules.rings
        ]
        self.turns = cache(self._turns)
        self.mine = cache(self._mine)
        self.settled_at = cache(self._settled_at)
        self.run_failed_at = cache(self._run_failed_at)

    def ring_number(self, cluster: ClusterSpec) -> int | None:
        """The first ring that takes a cluster in."""
        return self._ring_of[cluster.name]

    def ring(self, cluster: ClusterSpec) -> RingRule:
        """The ring of a cluster that is in one."""
        return self.rules.rings[self._number(cluster)]

    def last_moment(self, cluster: ClusterSpec) -> datetime:
        """The end of the last occurrence of its ring's window."""
        return self._occurrences[self._number(cluster)][-1].closes

    def opening_at(self, cluster: ClusterSpec, at: datetime) -> Stretch | None:
        """The opening of its ring around an instant, also one that belongs to the week before or after."""
        return next((stretch for stretch in self._all_openings[self._number(cluster)] if stretch.holds(at)), None)

    def opening_times(self, cluster: ClusterSpec) -> set[datetime]:
        """When the week's openings of its ring open; none for a cluster in no ring."""
        number = self.ring_number(cluster)
        return set() if number is None else {stretch.opens for stretch in self.openings[number]}

    def ring_begins(self, number: int) -> datetime:
        """When a ring begins at the latest: when the first occurrences of the rings before are over (rule 6)."""
        before = [self._occurrences[earlier][0].closes for earlier in range(number) if self._occurrences[earlier]]
        return max([start_of_day(self.monday, self.rules.rings[0].hours.zone), *before])

    @property
    def ends(self) -> datetime:
        """The end of the week, in the zone of the first ring's window."""
        return start_of_day(self.monday + timedelta(days=7), self.rules.rings[0].hours.zone)

    def neighbours(self, one: ClusterSpec, other: ClusterSpec) -> bool:
        """Whether two clusters are in different regions of a pair."""
        return self._pairs.get(one.region) == other.region or self._pairs.get(other.region) == one.region

    def same_group(self, one: ClusterSpec, other: ClusterSpec) -> bool:
        """Whether max-concurrent counts them together: one region, or the regions of a pair."""
        return one.region == other.region or self.neighbours(one, other)

    def expected(self, place: Place, at: datetime) -> timedelta:
        """How long a pool's upgrade is expected to take (rule 9)."""
        count, surge = self.history.count(place.cluster, place.pool, at), 1
        if place.pool.priority != "Spot":
            said = place.pool.max_surge
            surge = ceil(count * int(said[:-1]) / 100) if said.endswith("%") else int(said or 1)
        return ceil(count / max(surge, 1)) * (7 + place.pool.node_soak_minutes) * MINUTE + 10 * MINUTE

    def proven(self, place: Place, at: datetime) -> bool:
        """Whether the newest image may be taken here (rule 11)."""
        return self.proven_image(place, self.history.newest(place.cluster, place.pool, at), at)

    def proven_image(self, place: Place, image: str, at: datetime) -> bool:
        """Whether an image was proven in the ring before by then; the first ring needs no proof."""
        number = self._number(place.cluster)
        if number == 0:
            return True
        members = tuple(name for name, ring in self._ring_of.items() if ring == number - 1)
        since = self._proofs.proven_at(members, image, minor(place.cluster, place.pool))
        return since is not None and since <= at

    def upgrade_of(self, place: Place) -> Work | None:
        """Daytwo's first upgrade of a pool in this week."""
        return next((w for w in self.mine(place.cluster.name) if w.what == UPGRADE and w.pool == place.pool.name), None)

    def standing(self, place: Place, at: datetime) -> str | None:
        """What leaves a pool out without waiting, the first of rule 8's table that holds."""
        cluster, pool = place.cluster, place.pool
        if self.ring_number(cluster) is None:
            return "no-ring"
        if driven_by_aks(cluster):
            return "driven-by-aks"
        if pool.from_snapshot:
            return "snapshot"
        if self.history.carries(cluster, pool, self.history.newest(cluster, pool, at), at):
            return "already-latest"
        if self.history.pool_failed(cluster.name, pool.name, at):
            return "pool-failed"
        longest = max(stretch.closes - stretch.opens for stretch in self._occurrences[self._number(cluster)])
        return "never-fits" if self.expected(place, at) > longest else None

    def _run_failed_at(self, cluster: str) -> datetime | None:
        """When Daytwo's run on a cluster failed (rule 15): a failed start or upgrade, or nodes that did not follow."""
        for work in self.mine(cluster):
            if work.status in ("Failed", "Canceled") and work.what in (UPGRADE, "start"):
                return work.ended
            if work.what == UPGRADE and work.status == "Succeeded" and self.settled_at(work) is None:
                return work.ended + READY_WITHIN
        return None

    def _settled_at(self, work: Work) -> datetime | None:
        """When every node carried the image of an upgrade and was Ready; None where not within 20 minutes (rule 15)."""
        return next(
            (
                work.ended + minutes * MINUTE
                for minutes in range(21)
                if self.history.done(work.cluster, work.pool, work.image, work.ended + minutes * MINUTE)
            ),
            None,
        )

    def halted(self, number: int, at: datetime) -> bool:
        """Whether too many runs had failed for a ring to begin (rule 15)."""
        begins = self.ring_begins(number)
        failures = [
            failed
            for cluster, ring in self._ring_of.items()
            if ring is not None and ring < number and (failed := self.run_failed_at(cluster)) is not None
        ]
        return sum(failed < begins and failed <= at for failed in failures) > self.rules.failure_budget

    def _number(self, cluster: ClusterSpec) -> int:
        number = self._ring_of[cluster.name]
        if number is None:
            raise ValueError(f"cluster {cluster.name} is in no ring")
        return number

    def _mine(self, cluster: str) -> tuple[Work, ...]:
        """What Daytwo did for a cluster's node images in its openings of this week, and between them."""
        if self._ring_of[cluster] is None:
            return ()
        first = start_of_day(self.monday, self.rules.rings[0].hours.zone)
        # A week's last occurrence may reach into the next week, and the week before's into this one.
        until = max(first + timedelta(days=7), self.last_moment(self.history.clusters[cluster]))
        earlier = occurrences(self.ring(self.history.clusters[cluster]).hours, self.monday - timedelta(days=7))
        first = max([first, *(stretch.closes for stretch in earlier)])
        works = self.history.of_cluster(cluster)
        return tuple(
            work
            for work in works
            if work.who == self.bot and first <= work.began < until and not self.schedule.asked_for(work)
        )

    def _turns(self, cluster: str) -> tuple[Stretch, ...]:
        """When a cluster held its turn: each of a run's operations, its proof, and the look after it."""
        return tuple(
            Stretch(work.began, FAR if work.ended == FAR else self._proof_ended(work) + LOOK)
            for work in self.mine(cluster)
        )

    def _proof_ended(self, work: Work) -> datetime:
        """When a run was through with an operation: an upgrade is proven, for 20 minutes at most."""
        if work.what != UPGRADE or work.status != "Succeeded":
            return work.ended
        return self.settled_at(work) or work.ended + READY_WITHIN


def driven_by_aks(cluster: ClusterSpec) -> bool:
    """Rule 1."""
    return cluster.node_os_channel in ("NodeImage", "SecurityPatch") or cluster.sku == "Automatic"


def in_order(cluster: ClusterSpec) -> tuple[PoolSpec, ...]:
    """System pools, then user pools, then spot pools, each by name (rule 7)."""
    return tuple(sorted(cluster.pools, key=lambda p: (p.priority == "Spot", p.mode != "System", p.name)))


def places(clusters: Mapping[str, ClusterSpec]) -> Iterator[Place]:
    """Every pool of a fleet."""
    for cluster in clusters.values():
        for pool in in_order(cluster):
            yield Place(cluster, pool)
