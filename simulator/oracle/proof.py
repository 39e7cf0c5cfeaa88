"""When an image was proven in a ring (rule 11), according to samples taken on the hour."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from simulator.oracle.config import Rules
from simulator.oracle.history import History, Machine, is_known, minor, unpatched
from simulator.world.specs import ClusterSpec, PoolSpec

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Observation:
    nodes: int
    green: bool
    complete: bool


class Proofs:
    """The proofs for every image in every ring, sampled from `since` to `until`."""

    def __init__(self, rules: Rules, history: History, since: datetime, until: datetime) -> None:
        self._rules = rules
        self._history = history
        self._samples: list[datetime] = []
        at = since.replace(minute=0, second=0, microsecond=0)
        while at <= until:
            if at >= since:
                self._samples.append(at)
            at += HOUR
        self.proven_at = cache(self._proven_at)

    def _proven_at(self, members: tuple[str, ...], image: str, kubernetes: str) -> datetime | None:
        """When an image was proven on a ring's clusters; None if it never was."""
        first: datetime | None = None
        awake = 0
        for at in self._samples:
            seen = self._observe(members, image, kubernetes, at)
            if not seen.complete and seen.green and seen.nodes < self._rules.proven_nodes:
                pass  # it neither counts nor interrupts the series
            elif seen.nodes and (not seen.green or seen.nodes < self._rules.proven_nodes):
                first, awake = None, 0
            elif seen.nodes and first is None:
                first, awake = at, 0
            elif seen.nodes:
                awake += 1
            if first is not None and at - first >= self._rules.proven_for and awake >= self._rules.proven_awake:
                return at
        return None

    def _observe(self, members: tuple[str, ...], image: str, kubernetes: str, at: datetime) -> _Observation:
        nodes, green, complete = 0, True, True
        for name in members:
            cluster = self._history.clusters[name]
            if not self._history.api_responds(name, at):
                complete = complete and self._history.stopped(name, at)
                continue
            for pool, carrying in self._carrying(cluster, image, kubernetes, at):
                upgrading = any(
                    operation.pool == pool.name and operation.what == "upgrade-node-image" and operation.runs(at)
                    for operation in self._history.of_cluster(name)
                )
                bad = 0 if upgrading else sum(not machine.ready for machine in carrying)
                # A healthy node counts only if Azure reports its image for the pool, up to the pool's number of nodes.
                reported = self._history.reports(name, pool.name, image, at)
                good = min(len(carrying) - bad, self._history.count(cluster, pool, at)) if reported else 0
                nodes += good + bad
                green = green and not bad
        return _Observation(nodes, green, complete)

    def _carrying(
        self, cluster: ClusterSpec, image: str, kubernetes: str, at: datetime
    ) -> list[tuple[PoolSpec, list[Machine]]]:
        """The machines of the cluster's pools. Azure does not list those of node auto-provisioning, so they never count."""
        return [
            (
                pool,
                [
                    m
                    for m in self._history.machines(cluster.name, pool.name, at).values()
                    if unpatched(m.image) == image
                ],
            )
            for pool in cluster.pools
            if minor(cluster, pool) == kubernetes and is_known(pool)
        ]
