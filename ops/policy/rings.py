"""Which ring a cluster is in, and when a weekly rollout advances (docs/node-image.md, rules 3 to 6 and 15)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ops.model.reasons import NOT_THE_OPERATION
from ops.model.run import Rollout, RolloutPlan, RunSummary, State
from ops.policy.select import Selectable, matches
from ops.settings import Settings
from ops.settings.fleet import Ring


def rings_matching(cluster: Selectable, settings: Settings) -> tuple[Ring, ...]:
    """Returns every ring that selects the cluster, in the configured order."""
    return tuple(ring for ring in settings.fleet.rings if matches(ring.select, cluster))


def ring_of(cluster: Selectable, settings: Settings) -> Ring | None:
    """Returns the last ring that selects the cluster, which is the strictest; None means that Daytwo leaves the cluster alone."""
    matching = rings_matching(cluster, settings)
    return matching[-1] if matching else None


def ring_name(cluster: Selectable, settings: Settings) -> str:
    """Returns the name of the cluster's ring; empty if it is not in a ring."""
    ring = ring_of(cluster, settings)
    return ring.name if ring else ""


def ring_before(ring: Ring, settings: Settings) -> Ring | None:
    """Returns the preceding ring; None for the first."""
    rings = settings.fleet.rings
    position = rings.index(ring)
    return rings[position - 1] if position else None


def with_new_clusters(rollout: Rollout, plan: RolloutPlan, now: datetime) -> Rollout:
    """Adds to a rollout the clusters that a later scan has found. If all its runs have ended, the rollout continues for these clusters.

    Clusters stay in the ring in which they were first found. No clusters are added to a halted rollout.
    """
    old = rollout.plan
    known = {target for ring in old.rings for target, _ in ring.targets} | {target for target, _ in old.watched}
    new_targets = {ring.name: tuple(each for each in ring.targets if each[0] not in known) for ring in plan.rings}
    watched = tuple(each for each in plan.watched if each[0] not in known)
    is_open = rollout.state in (State.RUNNING, State.DONE) and now < old.ends
    if not is_open or not (watched or any(new_targets.get(ring.name) for ring in old.rings)):
        return rollout
    rings = tuple(replace(ring, targets=(*ring.targets, *new_targets.get(ring.name, ()))) for ring in old.rings)
    larger = replace(old, rings=rings, watched=(*old.watched, *watched))
    return replace(rollout, plan=larger, state=State.RUNNING, why="", ended=None)


@dataclass(frozen=True, slots=True)
class RingProgress:
    """What a rollout does next: the rings to start, and its state."""

    begin: tuple[int, ...] = ()
    state: State = State.RUNNING
    why: str = ""


def next_progress(rollout: Rollout, runs: Mapping[str, RunSummary], now: datetime) -> RingProgress:
    """Returns what a rollout does next, from its runs' records. `runs` maps a target's id to its run, if it has one."""
    plan = rollout.plan
    failed = [
        run.target_name for run in runs.values() if run.state is State.FAILED and run.code not in NOT_THE_OPERATION
    ]
    if len(failed) > plan.failure_budget:
        named = ", ".join(sorted(failed))
        allowed = f"{plan.failure_budget} allowed"
        return RingProgress(state=State.HALTED, why=f"{len(failed)} failed ({allowed}): {named}")
    begin = []
    for index, ring in enumerate(plan.rings):
        if index >= rollout.rings_begun:
            begin.append(index)
        if not _lets_pass(ring.targets, runs, ring.open_until, now):
            break
    if now >= plan.ends or (not begin and _all_ended(rollout, runs)):
        return RingProgress(state=State.DONE, why=_count(runs))
    return RingProgress(begin=tuple(begin))


def _lets_pass(
    targets: Sequence[tuple[str, str]], runs: Mapping[str, RunSummary], open_until: datetime | None, now: datetime
) -> bool:
    if open_until is not None and now >= open_until:
        return True
    return all(target in runs and runs[target].state.is_final for target, _ in targets)


def _all_ended(rollout: Rollout, runs: Mapping[str, RunSummary]) -> bool:
    targets = [target for ring in rollout.plan.rings for target, _ in ring.targets]
    return all(target in runs and runs[target].state.is_final for target in targets)


def _count(runs: Mapping[str, RunSummary]) -> str:
    numbers = {state: sum(run.state is state for run in runs.values()) for state in State}
    return ", ".join(f"{number} {state}" for state, number in numbers.items() if number)
