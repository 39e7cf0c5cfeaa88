"""Pure: each pool's outcome according to the bot's records, and whether the world confirms it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from ops.model.run import Run, State, StepRecord, StepState
from ops.policy.rings import ring_of
from ops.settings import Settings
from simulator.demo.world import WorldCluster, WorldPool

UPGRADED, BY_AKS = "upgraded", "driven-by-aks"
# Reasons in addition to those in docs/node-image.md, rules 8 and 15: an unfinished week, and a record that the world
# contradicts.
NOT_YET, NOT_PROVEN = "not-yet", "not-proven"
# The final states of runs that people did not approve.
DENIED = ("rejected", "not-approved")
# An image version in a step's evidence, such as 202611.12.0.
_IMAGE = re.compile(r"\b\d+\.\d+\.\d+\b")

type PoolKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Tally:
    """The outcome of each pool, keyed by (cluster, pool)."""

    outcomes: Mapping[PoolKey, str]

    def pools(self, outcome: str) -> frozenset[PoolKey]:
        """The pools that have an outcome."""
        return frozenset(key for key, found in self.outcomes.items() if found == outcome)

    @property
    def skipped(self) -> Mapping[str, frozenset[PoolKey]]:
        """The skipped pools by reason."""
        reasons = sorted(set(self.outcomes.values()) - {UPGRADED, BY_AKS})
        return {reason: self.pools(reason) for reason in reasons}

    def counts(self) -> Counter[str]:
        """The number of pools per outcome."""
        return Counter(self.outcomes.values())


def tally(
    clusters: Iterable[WorldCluster], settings: Settings, runs: Sequence[Run], *, halted: frozenset[str]
) -> Tally:
    """Tally one week. `runs` are that week's runs; `halted` contains the clusters that a halted rollout did not reach."""
    by_name = {run.target_name: run for run in runs}
    outcomes: dict[PoolKey, str] = {}
    for cluster in clusters:
        in_ring = ring_of(cluster, settings) is not None
        run = by_name.get(cluster.name)
        for pool in cluster.pools:
            if not in_ring:
                found = "no-ring"
            elif run is None:
                found = "halted" if cluster.name in halted else NOT_YET
            else:
                found = _outcome(run, pool, running=cluster.running)
            outcomes[cluster.name, pool.name] = found
    return Tally(outcomes)


def _outcome(run: Run, pool: WorldPool, *, running: bool) -> str:
    step = _step(run, pool.name)
    skip = next((skip for skip in run.skips if skip.what == pool.name), None)
    match step:
        case StepRecord(state=StepState.DONE):
            return UPGRADED if is_confirmed(step, pool, running=running) else NOT_PROVEN
        case StepRecord(state=StepState.FAILED):
            return "run-failed"
        case _:
            pass
    if skip is not None:
        return skip.code
    if run.code in DENIED:
        return run.code
    match run.state:
        case State.FAILED:
            return "run-failed"
        case State.HALTED:
            return "halted"
        case _:
            return NOT_YET


def _step(run: Run, pool: str) -> StepRecord | None:
    return next((record for record in chain(run.finished, run.steps) if record.id == f"pool.{pool}"), None)


def is_confirmed(step: StepRecord, pool: WorldPool, *, running: bool) -> bool:
    """Whether the world confirms the record: every node has the image and, if the cluster is running, is Ready."""
    version = _IMAGE.search(step.evidence)
    if version is None:
        return False
    has_image = all(image.endswith(version[0]) for image in (pool.image, *pool.node_images))
    return has_image and (not running or pool.ready == len(pool.node_images))
