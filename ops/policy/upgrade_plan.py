"""The plan that upgrades a cluster's pools to their newest image within one opening of a window (docs/node-image.md, rules 9, 10 and 13)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from ops.model.calendar import Span, Window
from ops.model.fleet import Cluster
from ops.model.plan import FORCED, REPAIRS, Claim, Plan, Step
from ops.policy.cluster_notes import forced_upgrade_notes
from ops.policy.failed_pools import words_of
from ops.policy.image_support import ended
from ops.policy.pool_selection import Candidate
from ops.policy.power import AWAKE, windows_text
from ops.policy.region_pairs import pair_group
from ops.policy.upgrade_duration import START, adds_nodes
from ops.settings.fleet import Ring

_UNBOUNDED = 1_000


def plan_within(
    opening: Span,
    cluster: Cluster,
    ring: Ring,
    candidates: tuple[Candidate, ...],
    now: datetime,
    awake: Sequence[Window] = (),
) -> Plan | None:
    """Plans as many pools, in order, as fit into the rest of the opening; None if even the first one does not fit.

    The cluster must be known to be running or stopped. `awake` are the windows of its power schedule.
    """
    begins = now + START if cluster.is_stopped else now
    chosen = _fitting(candidates, begins, opening)
    if not chosen:
        return None
    before = (_start(chosen[0], opening, awake),) if cluster.is_stopped else ()
    forced = forced_upgrade_notes(cluster, now)
    steps = (*before, *(_upgrade(candidate, opening, is_forced=bool(forced)) for candidate in chosen))
    capacity = ring.max_concurrent or _UNBOUNDED
    in_region = Claim(f"regions.{pair_group(cluster.region)}", cluster.region, capacity, ring.name)
    return Plan(
        runbook="node-image",
        target=cluster.id,
        steps=steps,
        claims=(Claim.of_cluster(cluster.id), in_region),
        reasons=_reasons(chosen),
        warnings=(
            *forced,
            *_ending(chosen, now),
            *(f"{c.pool.name} is a spot pool: its nodes are not drained" for c in chosen if c.pool.spot),
        ),
        nodes=sum(c.nodes for c in chosen),
        risk=_risk(chosen, is_forced=bool(forced)),
    )


def _fitting(candidates: tuple[Candidate, ...], begins: datetime, opening: Span) -> list[Candidate]:
    """Plans one pool after another, up to the first one that does not fit."""
    at = begins
    chosen = []
    for candidate in candidates:
        at += candidate.expected_duration
        if at > opening.end:
            break
        chosen.append(candidate)
    return chosen


def _start(first: Candidate, opening: Span, awake: Sequence[Window]) -> Step:
    """Plans the start of a stopped cluster, but only if enough time remains for the first upgrade.

    The step carries the schedule, so that its undo does not stop the cluster when the schedule says awake.
    """
    expected = START + first.expected_duration
    title = "start the cluster for its window"
    params = {AWAKE: windows_text(awake)} if awake else {}
    return Step("start", "start-cluster", title, params, _seconds(expected), opening.end, temporary=True)


def _ending(chosen: Sequence[Candidate], now: datetime) -> tuple[str, ...]:
    ends = [(candidate.pool.name, ended(candidate.pool, candidate.newest, now)) for candidate in chosen]
    return tuple(f"{name}: {end}" for name, end in ends if end)


def _risk(chosen: Sequence[Candidate], *, is_forced: bool) -> str:
    if is_forced:
        return FORCED
    return "surge" if all(adds_nodes(candidate.pool) for candidate in chosen) else "in-place"


def _upgrade(candidate: Candidate, opening: Span, *, is_forced: bool) -> Step:
    pool = candidate.pool
    more = {FORCED: "AKS drains through PDBs"} if is_forced else {}
    if candidate.is_repair:
        more[REPAIRS] = "required by Azure"
    return Step(
        id=f"pool.{pool.name}",
        verb="upgrade-node-image",
        title=pool.name,
        params={"pool": pool.name, "image": str(candidate.newest), "from": pool.image, **more},
        expected_s=_seconds(candidate.expected_duration),
        deadline=opening.end,
    )


def _reasons(chosen: Sequence[Candidate]) -> tuple[str, ...]:
    """Lists each pair of old and new images, with the pools that it applies to."""
    pools: dict[tuple[str, str], list[str]] = {}
    for candidate in chosen:
        pools.setdefault((candidate.pool.image, candidate.newest.short), []).append(candidate.pool.name)
    repairs = (f"{c.pool.name}: required by Azure: {words_of(c.pool)}" for c in chosen if c.is_repair)
    return (*(f"{image} → {newest}: {', '.join(names)}" for (image, newest), names in pools.items()), *repairs)


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())
