"""Start/stop schedules: the decision for one cluster (docs/power.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ops.model.calendar import Window
from ops.model.decision import Act, Decision, Nothing, Wait
from ops.model.fleet import NO_POWER_STATE, Cluster, Unknown
from ops.model.plan import Claim, Plan, Skip, Step
from ops.model.reasons import SkipReason, WaitReason
from ops.model.run import Run
from ops.model.run_request import RunRequest
from ops.policy.power import BETWEEN, DesiredPower, NoSchedule, desired_power, schedule_of, tag_of
from ops.policy.update_runs import Membership, fleet_hold
from ops.runbooks.contract import RunbookDefaults, TimelineBar
from ops.runbooks.missing_facts import look_again
from ops.settings import Settings
from ops.settings.part import Section
from ops.settings.power import POWER

# The run ends after this time; the next check (every 15 minutes) starts a new one.
_LOOKS_FOR = timedelta(hours=1)
_BUSY_AGAIN = timedelta(minutes=5)
_EXPECTED_S = 15 * 60


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts that the decision is based on."""

    cluster: Cluster | Unknown
    tag_schedule: Window | str | None
    awake_until: datetime | None
    power_changed: datetime | None = None
    temporary_holder: str | Unknown = ""
    fleet_membership: Membership = None


class Power(RunbookDefaults):
    """The runbook for start/stop schedules."""

    name: str = "power"
    title: str = "Power"
    unit: str = "steps"
    section: Section[Any] | None = POWER
    rank: int = 30
    waits_for_started_cluster: bool = True
    bar: TimelineBar | None = TimelineBar("power", "started or stopped", "#5b646d", "#9aa4ad")
    facts: type[Facts] = Facts

    def decide(self, facts: Facts, settings: Settings, run: Run, now: datetime) -> Decision:
        """Compares the desired and the actual power state."""
        cluster = facts.cluster
        if isinstance(cluster, Unknown):
            return look_again("the cluster", cluster, now, _BUSY_AGAIN, run.created + _LOOKS_FOR)
        desired = desired_power(cluster, settings, facts.tag_schedule, facts.awake_until, now)
        if isinstance(desired, NoSchedule):
            return Nothing(
                desired.why,
                (Skip(cluster.name, desired.code, desired.why, needs_person=desired.code is SkipReason.BAD_TAG),),
            )
        if not cluster.is_running and not cluster.is_stopped:
            return look_again("the power state", NO_POWER_STATE, now, _BUSY_AGAIN, run.created + _LOOKS_FOR)
        if cluster.has_failed and cluster.is_running and desired.awake:
            why = f"Azure reports the cluster as running, but its last operation ended {cluster.provisioning_state}: check its nodes"
            return Nothing(why, (Skip(cluster.name, SkipReason.CLUSTER_FAILED, why, needs_person=True),))
        if cluster.is_running == desired.awake:
            state = "awake" if desired.awake else "asleep"
            return Nothing(f"the cluster is {state}, as scheduled: {desired.why}")
        hold = fleet_hold(facts.fleet_membership)
        if hold:
            return Nothing(hold, (Skip(cluster.name, SkipReason.UPDATE_RUN, hold),))
        if not desired.awake and facts.temporary_holder:
            return _held(cluster, facts.temporary_holder)
        if cluster.is_busy:
            return Wait(now + _BUSY_AGAIN, "another operation is running on the cluster", WaitReason.BUSY)
        if facts.power_changed is not None and now - facts.power_changed < BETWEEN:
            return Wait(
                facts.power_changed + BETWEEN, "AKS requires a pause between a stop and a start", WaitReason.POWER_PAUSE
            )
        verb, title = ("start-cluster", "start") if desired.awake else ("stop-cluster", "stop")
        step = Step(title, verb, f"{title} the cluster", {}, _EXPECTED_S)
        claims = (Claim.of_cluster(cluster.id),)
        return Act(Plan(self.name, cluster.id, (step,), claims, (desired.why,), risk="power"))

    def due(self, clusters: Sequence[Cluster], settings: Settings, now: datetime) -> tuple[RunRequest, ...]:
        """Returns a request for each cluster that may not be in its scheduled state. Each check is its own period (level-triggered)."""
        period = f"{now:%Y%m%dt%H%M}"
        differing = [
            c
            for c in clusters
            if schedule_of(c, settings) is not None and not c.is_busy and _may_differ(c, settings, now)
        ]
        return tuple(RunRequest(self.name, c.id, c.name, period, now, "timer", "daytwo") for c in differing)


RUNBOOK = Power()


def _held(cluster: Cluster, holder: str | Unknown) -> Nothing:
    """Leaves a cluster awake that another run has started and will stop (rule 8), or if that cannot be determined."""
    if isinstance(holder, Unknown):
        why = f"it cannot be determined whether another run has started it: {holder.why}"
        return Nothing(why, (Skip(cluster.name, SkipReason.HELD, why, needs_person=True),))
    why = f"{holder} has started it and will stop it"
    return Nothing(why, (Skip(cluster.name, SkipReason.HELD, why),))


def _may_differ(cluster: Cluster, settings: Settings, now: datetime) -> bool:
    """False for a running cluster whose schedule says awake: only its own tag could change this; an override cannot."""
    desired = desired_power(cluster, settings, None, None, now)
    by_schedule = isinstance(desired, DesiredPower) and desired.awake and tag_of(cluster.tags) is None
    return not (by_schedule and cluster.is_running)
