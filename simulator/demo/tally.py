"""Pure: each pool of the fleet once, by what the bot's records say became of it; and whether the world agrees."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from ops.model.run import Run, State, StepRecord, StepState
from ops.policy.select import matches
from ops.settings import Settings
from simulator.demo.world import WorldCluster, WorldPool

UPGRADED, BY_AKS = "upgraded", "driven-by-aks"
# Beside the reasons of docs/node-image.md, rule 8 (and of rule 15): a week that is not over, and a record that the world denies.
NOT_YET, NOT_PROVEN = "not-yet", "not-proven"
# The ends of runs that people did not approve.
DENIED = ("rejected", "not-approved")
_IMAGE = re.compile(r"run (\S+) and are Ready")

type PoolKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of each pool, named by (cluster, pool)."""

    outcomes: Mapping[PoolKey, str]

    def pools(self, outcome: str) -> frozenset[PoolKey]:
        """The pools of one outcome."""
        return frozenset(key for key, found in self.outcomes.items() if found == outcome)

    @property
    def skipped(self) -> Mapping[str, frozenset[PoolKey]]:
        """By reason, the pools that were left out."""
        reasons = sorted(set(self.outcomes.values()) - {UPGRADED, BY_AKS})
        return {reason: self.pools(reason) for reason in reasons}

    def counts(self) -> Counter[str]:
        """By outcome, how many pools."""
        return Counter(self.outcomes.values())


def tally(
    clusters: Iterable[WorldCluster], settings: Settings, runs: Sequence[Run], *, halted: frozenset[str]
) -> Tally:
    """One week's tally; `runs` are that week's, `halted` names the clusters that a halted rollout never came to."""
    by_name = {run.target_name: run for run in runs}
    outcomes: dict[PoolKey, str] = {}
    for cluster in clusters:
        in_ring = any(matches(ring.select, cluster.name, cluster.region, cluster.tags) for ring in settings.fleet.rings)
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
            return UPGRADED if agrees(step, pool, running=running) else NOT_PROVEN
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


def agrees(step: StepRecord, pool: WorldPool, *, running: bool) -> bool:
    """Whether the world shows what the record says: every node carries the image, and is Ready where the cluster runs."""
    said = _IMAGE.search(step.evidence)
    if said is None:
        return False
    carried = all(image.endswith(said[1]) for image in (pool.image, *pool.node_images))
    return carried and (not running or pool.ready == len(pool.node_images))
