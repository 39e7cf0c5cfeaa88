"""When an image was proven in a ring (rule 11), according to samples taken on the hour."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from simulator.oracle.config import Rules
from simulator.oracle.history import History, Machine, minor, unpatched
from simulator.world.specs import ClusterSpec

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Observation:
    nodes: int
    green: bool


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
            if seen.nodes and (not seen.green or seen.nodes < self._rules.proven_nodes):
                first, awake = None, 0
            elif seen.nodes and first is None:
                first, awake = at, 0
            elif seen.nodes:
                awake += 1
            if first is not None and at - first >= self._rules.proven_for and awake >= self._rules.proven_awake:
                return at
        return None

    def _observe(self, members: tuple[str, ...], image: str, kubernetes: str, at: datetime) -> _Observation:
        nodes, green = 0, True
        for name in members:
            cluster = self._history.clusters[name]
            if not self._history.api_responds(name, at):
                continue
            for pool, carrying in self._carrying(cluster, image, kubernetes, at):
                nodes += len(carrying)
                upgrading = any(
                    operation.pool == pool and operation.what == "upgrade-node-image" and operation.runs(at)
                    for operation in self._history.of_cluster(name)
                )
                green = green and (upgrading or all(machine.ready for machine in carrying))
        return _Observation(nodes, green)

    def _carrying(
        self, cluster: ClusterSpec, image: str, kubernetes: str, at: datetime
    ) -> list[tuple[str, list[Machine]]]:
        named = [(pool.name, minor(cluster, pool)) for pool in cluster.pools] + [("", minor(cluster, None))]
        return [
            (pool, [m for m in self._history.machines(cluster.name, pool, at).values() if unpatched(m.image) == image])
            for pool, version in named
            if version == kubernetes
        ]
