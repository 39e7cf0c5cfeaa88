"""Weekly node-image upgrades: the decision for one cluster (docs/node-image.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ops.model.auto_provisioning import AutoProvisioning
from ops.model.calendar import Span
from ops.model.decision import Act, Decision, Nothing, Wait
from ops.model.fleet import NO_POWER_STATE, Cluster, Driver, Node, Unknown
from ops.model.image import days_between
from ops.model.plan import Skip
from ops.model.proof import Proof, ProofPolicy
from ops.model.reasons import SkipReason, WaitReason
from ops.model.run import RingTargets, RolloutPlan, Run
from ops.model.wording import clock, instant
from ops.policy.aks_managed import decide_aks_managed
from ops.policy.auto_provisioning import provisioned_skips
from ops.policy.calendar import iso_week, week_occurrences, week_openings, week_span
from ops.policy.pool_selection import Candidate, Limits, select_pools, unjudged_skips, upgraded_pools
from ops.policy.power import schedule_windows
from ops.policy.rings import ring_before, ring_of
from ops.policy.select import ring_window
from ops.policy.update_runs import Membership, fleet_hold, membership_notes
from ops.policy.upgrade_plan import plan_within
from ops.runbooks.contract import Opening, RunbookDefaults, TimelineBar
from ops.runbooks.missing_facts import look_again
from ops.settings import Settings
from ops.settings.fleet import Ring
from ops.settings.node_image import NODE_IMAGE, NodeImageSettings
from ops.settings.part import Section

_BUSY_AGAIN = timedelta(minutes=5)
_REFUSED_AGAIN = timedelta(hours=1)
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts that the decision is based on."""

    cluster: Cluster | Unknown
    newest_images: Mapping[str, str | Unknown]
    nodes: tuple[Node, ...] | Unknown
    proofs: Mapping[str, Proof]
    initial_images: Mapping[str, str]
    skipped_until: datetime | None = None
    pool_repairs: Mapping[str, datetime] = field(default_factory=dict)
    fleet_membership: Membership = None
    auto_provisioning: AutoProvisioning | Unknown | None = None


class NodeImage(RunbookDefaults):
    """The runbook for node-image upgrades."""

    name: str = "node-image"
    title: str = "Node images"
    unit: str = "pools"
    step_prefix: str = "pool."
    section: Section[Any] | None = NODE_IMAGE
    rank: int = 40
    woken_by_pool_events: bool = True
    bar: TimelineBar | None = TimelineBar(
        "node-image", "node images", "#1f5fd0", "#6ea0ff", counted_as="node image upgrade"
    )
    facts: type[Facts] = Facts

    def decide(self, facts: Facts, settings: Settings, run: Run, now: datetime) -> Decision:
        """Decides in this order: who upgrades the cluster, which pools are behind, whether a window is open, whether the image is proven."""
        policy = settings.get(NODE_IMAGE)
        if policy is None:
            return Nothing("the configuration has no node-image section")
        cluster = facts.cluster
        if isinstance(cluster, Unknown):
            unreadable = look_again("the cluster", cluster, now, _BUSY_AGAIN)
            is_over = now >= week_span(week_of(run, "UTC", now), "UTC").end + timedelta(days=1)
            return Nothing(unreadable.why) if is_over else unreadable
        ring = ring_of(cluster, settings)
        if ring is None:
            skips = tuple(Skip(pool.name, SkipReason.NO_RING, "the cluster is not in a ring") for pool in cluster.pools)
            return Nothing("the cluster is not in a ring, so Daytwo leaves it alone", skips)
        window = ring_window(settings, ring)
        week = week_of(run, window.zone, now)
        if cluster.driver is Driver.AKS:
            return decide_aks_managed(cluster, facts, policy.max_image_age, week_span(week, window.zone).end, now)
        if facts.skipped_until is not None and now < facts.skipped_until:
            why = f"a person has skipped it until {instant(facts.skipped_until)}"
            return Nothing(why, tuple(Skip(pool.name, SkipReason.SKIPPED_BY_PERSON, why) for pool in cluster.pools))
        occurrences = week_occurrences(window, week)
        last = max((span.end for span in occurrences), default=now)
        longest = max((span.duration for span in occurrences), default=timedelta())
        if not cluster.is_running and not cluster.is_stopped:
            return _without_power_state(cluster, occurrences, last, now)
        limits = Limits(longest, facts.pool_repairs)
        sorted_out = select_pools(cluster, facts.newest_images, facts.nodes, run, limits, now)
        provisioned = provisioned_skips(cluster, facts.nodes, facts.auto_provisioning)
        sorted_out = replace(sorted_out, skips=(*sorted_out.skips, *provisioned))
        if not sorted_out.candidates:
            missing = unjudged_skips(cluster, facts.newest_images, facts.nodes, run)
            if missing and now < last:
                return _read_again(missing, sorted_out.skips, occurrences, now)
            left = _nothing_left(cluster, sorted_out.skips, upgraded_pools(cluster, run))
            return Nothing(left, sorted_out.skips, notify=bool(missing), missing_facts=bool(missing))
        openings = tuple(span for span in week_openings(window, settings.freezes, week) if span.end > now)
        hold = fleet_hold(facts.fleet_membership)
        week_has = _Week(cluster, ring, policy, openings, last, sorted_out.candidates, sorted_out.skips, hold)
        return _decide_in_week(week_has, facts, settings, now)

    def rollout(self, clusters: Sequence[Cluster], settings: Settings, now: datetime) -> RolloutPlan | None:
        """Returns this week's rollout over all clusters that Daytwo upgrades; the clusters that AKS upgrades are only watched."""
        policy = settings.get(NODE_IMAGE)
        if policy is None or not settings.fleet.rings:
            return None
        zone = ring_window(settings, settings.fleet.rings[0]).zone
        week = iso_week(now, zone)
        rings = []
        for ring in settings.fleet.rings:
            members = tuple(c for c in clusters if ring_of(c, settings) is ring and c.driver is Driver.DAYTWO)
            first = next(iter(week_occurrences(ring_window(settings, ring), week)), None)
            targets = tuple((c.id, c.name) for c in members)
            rings.append(RingTargets(ring.name, targets, first.end if first else None))
        watched = tuple((c.id, c.name) for c in clusters if c.driver is Driver.AKS and ring_of(c, settings) is not None)
        return RolloutPlan(self.name, week, tuple(rings), policy.failure_budget, week_span(week, zone).end, watched)

    def openings(self, settings: Settings) -> tuple[Opening, ...]:
        """Returns the window of each ring."""
        if settings.get(NODE_IMAGE) is None:
            return ()
        rings = settings.fleet.rings
        return tuple(Opening(f"node images of {ring.name}", ring_window(settings, ring), ring.name) for ring in rings)

    def proof_policy(self, settings: Settings) -> ProofPolicy | None:
        """Rule 11."""
        policy = settings.get(NODE_IMAGE)
        if policy is None:
            return None
        return ProofPolicy(policy.proven_nodes, policy.proven_for, policy.proven_awake)

    def days_behind(self, facts: object) -> int | None:
        """Compares the release dates of the pools' images with those of the newest ones; pools without both dates are left out."""
        if not isinstance(facts, Facts) or isinstance(facts.cluster, Unknown):
            return None
        days = (days_between(pool.image, facts.newest_images.get(pool.name)) for pool in facts.cluster.pools)
        return max((each for each in days if each is not None), default=None)


RUNBOOK = NodeImage()


def week_of(run: Run, zone: str, now: datetime) -> str:
    """Returns the ISO week of a run: its period if that is a week, otherwise the current week (for runs that were started manually)."""
    is_week = len(run.period) == len("2026-w47") and run.period[4:6] == "-w"
    return run.period if is_week else iso_week(now, zone)


@dataclass(frozen=True, slots=True)
class _Week:
    """The options that one cluster has left this week. `last` is the end of its last window occurrence, ignoring freezes.

    `hold` says that an update run of its fleet has it, or that this is unknown; empty if neither.
    """

    cluster: Cluster
    ring: Ring
    policy: NodeImageSettings
    openings: tuple[Span, ...]
    last: datetime
    candidates: tuple[Candidate, ...]
    skips: tuple[Skip, ...]
    hold: str = ""


def _read_again(
    missing: Sequence[tuple[str, Unknown]], skips: tuple[Skip, ...], occurrences: Sequence[Span], now: datetime
) -> Wait:
    """Retries transient errors soon, and refusals every hour, since a role may be assigned later.

    People are notified once a window is open. If all errors are transient, they are notified only in the week's last window.
    """
    may_pass = [fact.transient for _, fact in missing]
    asked = max(timedelta(seconds=fact.retry_after_s) for _, fact in missing)
    again = min(now + max(asked, _BUSY_AGAIN if any(may_pass) else _REFUSED_AGAIN), occurrences[-1].end)
    calls_at = occurrences[-1 if all(may_pass) else 0].start
    what, fact = missing[0]
    return Wait(
        again, f"{what} could not be read: {fact.why}", WaitReason.UNREADABLE, notify=now >= calls_at, skips=skips
    )


def _without_power_state(
    cluster: Cluster, occurrences: Sequence[Span], last: datetime, now: datetime
) -> Wait | Nothing:
    """Begins nothing while it is unknown whether the cluster runs."""
    why = f"the power state could not be read: {NO_POWER_STATE.why}"
    skips = tuple(Skip(pool.name, SkipReason.UNKNOWN_POWER, why) for pool in cluster.pools)
    if now < last:
        return _read_again((("the power state", NO_POWER_STATE),), skips, occurrences, now)
    return Nothing(why, skips, notify=True)


def _decide_in_week(week: _Week, facts: Facts, settings: Settings, now: datetime) -> Decision:
    ring_proving = ring_before(week.ring, settings)
    held = {c.pool.name: _unproven(c, ring_proving, facts.proofs) for c in week.candidates}
    free = tuple(c for c in week.candidates if not held[c.pool.name])
    waiting = tuple(
        Skip(c.pool.name, SkipReason.UNPROVEN, held[c.pool.name]) for c in week.candidates if held[c.pool.name]
    )
    notify = any(c.is_older_than(week.policy.max_image_age, now) for c in week.candidates)
    skips = (*week.skips, *waiting)
    if not week.openings and now < week.last:
        # If freezes cover the rest of the week, the reason is still reported at the end of the week (rule 6).
        return Wait(
            week.last, "a freeze covers the rest of this week's windows", WaitReason.NO_WINDOW_LEFT, notify, skips
        )
    if not week.openings:
        return _ended_without(week, waiting, free, notify=notify)
    opening = week.openings[0]
    if now < opening.start:
        why = waiting[0].why if waiting and not free else "next window opens"
        return Wait(
            opening.start, why, WaitReason.UNPROVEN if waiting and not free else WaitReason.WINDOW, notify, skips
        )
    if week.hold:
        return Wait(now + _BUSY_AGAIN, week.hold, WaitReason.UPDATE_RUN, notify, skips)
    if week.cluster.is_busy:
        why = f"another operation is running on the cluster ({week.cluster.states})"
        return Wait(now + _BUSY_AGAIN, why, WaitReason.BUSY, notify, skips)
    if not free:
        return Wait(_next_look(now, opening), waiting[0].why, WaitReason.UNPROVEN, notify, skips)
    if week.cluster.is_stopped and not week.policy.start_stopped_clusters:
        why = "the cluster is stopped; it will be upgraded in a window after its next start"
        return Wait(now + _BUSY_AGAIN, why, WaitReason.ASLEEP, notify, skips)
    awake = schedule_windows(week.cluster, settings)
    plan = plan_within(opening, week.cluster, week.ring, free, now, awake)
    if plan is None:
        later = next((span.start for span in week.openings[1:]), opening.end)
        first = free[0]
        why = f"{first.pool.name} needs {_minutes(first.expected_duration)}, more than the window has left"
        return Wait(later, why, WaitReason.NO_WINDOW_LEFT, notify, skips)
    notes = membership_notes(facts.fleet_membership)
    return Act(replace(plan, skips=skips, warnings=(*notes, *plan.warnings)))


def _ended_without(week: _Week, waiting: tuple[Skip, ...], free: tuple[Candidate, ...], *, notify: bool) -> Nothing:
    """Ends the week when no window is left: pools that are still behind are skipped, with the reason for their delay."""
    asleep = week.cluster.is_stopped and not week.policy.start_stopped_clusters
    left = []
    for candidate in free:
        if week.hold:
            left.append(Skip(candidate.pool.name, SkipReason.UPDATE_RUN, week.hold))
        elif asleep:
            left.append(Skip(candidate.pool.name, SkipReason.ASLEEP, "the cluster was stopped during its windows"))
        elif week.cluster.is_busy:
            left.append(
                Skip(candidate.pool.name, SkipReason.BUSY, "another operation was running until the window closed")
            )
        else:
            left.append(
                Skip(candidate.pool.name, SkipReason.NO_WINDOW_LEFT, "no window this week had enough time left")
            )
    skips = (*week.skips, *waiting, *left)
    return Nothing(_nothing_left(week.cluster, (*waiting, *left)), skips, notify=notify)


def _unproven(candidate: Candidate, proving: Ring | None, proofs: Mapping[str, Proof]) -> str:
    """Why the image cannot be installed yet; empty if it can."""
    if proving is None:
        return ""
    proof = proofs.get(str(candidate.key))
    if proof is not None and proof.proven_at is not None:
        return ""
    image = candidate.newest.short
    if proof is None or not proof.nodes:
        return f"{image} is not running in {proving.name} yet"
    if proof.since is None:
        cause = f": {proof.broken_by} not Ready" if proof.broken_by else ""
        return f"{image} is not proven in {proving.name}{cause}"
    return f"{image} is still being proven in {proving.name} (since {clock(proof.since)})"


def _nothing_left(cluster: Cluster, skips: tuple[Skip, ...], upgraded: int = 0) -> str:
    """Says of how many pools it speaks: Azure may list none, and those that this run has `upgraded` were not compared again."""
    if not cluster.pools and not skips:
        return "Azure lists no pools for this cluster, so no image was compared"
    if {skip.code for skip in skips} <= {SkipReason.ALREADY_LATEST}:
        done = [f"{_pools(upgraded)} upgraded by this run"] if upgraded else []
        compared = [f"{_pools(len(skips))} compared: all run the newest image"] if skips or not upgraded else []
        return "; ".join((*done, *compared))
    named = [f"{skip.what}: {skip.why}" for skip in skips if skip.code is not SkipReason.ALREADY_LATEST]
    more = [f"and {len(named) - _NAMED} more"] if len(named) > _NAMED else []
    return "; ".join([*named[:_NAMED], *more])


def _pools(count: int) -> str:
    return "1 pool" if count == 1 else f"{count} pools"


def _next_look(now: datetime, opening: Span) -> datetime:
    """Returns one minute after the next full hour, when the next sample exists, but no later than the end of the window."""
    hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1, minutes=1)
    return min(hour, opening.end)


def _minutes(duration: timedelta) -> str:
    return f"{int(duration.total_seconds()) // 60} min"
