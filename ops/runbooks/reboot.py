"""Reboots of nodes that require one: the decision for one cluster (docs/reboot.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ops.model.calendar import Span
from ops.model.decision import Act, Decision, Nothing, Wait
from ops.model.fleet import NO_POWER_STATE, Cluster, Node, PoolMachines, Unknown
from ops.model.plan import Claim, Plan, Skip, Step
from ops.model.reasons import SkipReason, WaitReason
from ops.model.refusal import RefusedAction
from ops.model.restart_right import RestartRight
from ops.model.run import Run, StepState
from ops.model.run_request import RunRequest
from ops.model.workload import DisruptionBudget, Pod
from ops.policy.approvers import rules_of
from ops.policy.calendar import local_day, next_open, occurrence_at, occurrences, open_span
from ops.policy.cluster_limits import why_no_restart
from ops.policy.node_identity import match_nodes
from ops.policy.node_selection import Guards, select_nodes
from ops.policy.rings import ring_name, ring_of
from ops.policy.update_runs import Membership, fleet_hold
from ops.policy.upgrade_duration import upgrade_order
from ops.runbooks.contract import Opening, RunbookDefaults, TimelineBar
from ops.runbooks.missing_facts import is_transient, look_again
from ops.settings import Settings
from ops.settings.part import Section
from ops.settings.reboot import REBOOT, RebootSettings

_BUSY_AGAIN = timedelta(minutes=5)
# The restart and its verification, in addition to the drain.
_BOOT = timedelta(minutes=10)
_AHEAD = timedelta(minutes=15)
_DAY = timedelta(days=1)
# Reading a whole cluster is expensive, and reboots are not urgent: once per hour is often enough.
_FIRST_QUARTER = 15


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts that the decision is based on."""

    cluster: Cluster | Unknown
    nodes: tuple[Node, ...] | Unknown
    pods: tuple[Pod, ...] | Unknown
    disruption_budgets: tuple[DisruptionBudget, ...] | Unknown
    machines: Mapping[str, PoolMachines]
    refusals: tuple[RefusedAction, ...] = ()
    failed_nodes: tuple[str, ...] = ()
    fleet_membership: Membership = None
    restart_right: RestartRight | Unknown | None = None


class Reboot(RunbookDefaults):
    """The runbook for node reboots."""

    name: str = "reboot"
    title: str = "Reboots"
    unit: str = "nodes"
    section: Section[Any] | None = REBOOT
    rank: int = 50
    bar: TimelineBar | None = TimelineBar("reboot", "reboot", "#0f7b6c", "#3fbfa9", counted_as="reboot")
    facts: type[Facts] = Facts

    def decide(self, facts: Facts, settings: Settings, run: Run, now: datetime) -> Decision:
        """Decides which node is next, whether it can be drained, and whether enough time is left."""
        policy = settings.get(REBOOT)
        if policy is None:
            return Nothing("the configuration has no reboot section")
        cluster = facts.cluster
        opening = open_span(policy.window, settings.freezes, now)
        if isinstance(cluster, Unknown):
            return look_again("the cluster", cluster, now, _BUSY_AGAIN, opening.end if opening else now)
        left_alone = _left_alone(cluster, settings)
        if left_alone:
            return Nothing(left_alone)
        if not cluster.is_running:
            return look_again("the power state", NO_POWER_STATE, now, _BUSY_AGAIN, opening.end if opening else now)
        missing = is_transient({"the nodes": facts.nodes, "the pods": facts.pods, "the PDBs": facts.disruption_budgets})
        if missing is not None:
            return look_again(*missing, now, _BUSY_AGAIN, opening.end if opening else now)
        if isinstance(facts.nodes, Unknown):
            why = f"the nodes could not be read: {facts.nodes.why}"
            return Nothing(why, (Skip(cluster.name, SkipReason.UNKNOWN_NODES, why, needs_person=True),))
        requiring = _requiring_reboot(facts.nodes, cluster, policy.annotation, _last(facts))
        matches = match_nodes(cluster, facts.nodes, facts.machines)
        unreadable = is_transient({f"the machine of {node.name}": matches[node.name] for node in requiring})
        unreadable = unreadable or is_transient({"the right to restart machines": facts.restart_right})
        if unreadable is not None:
            return look_again(*unreadable, now, _BUSY_AGAIN, opening.end if opening else now)
        right = None if isinstance(facts.restart_right, Unknown) else facts.restart_right
        guards = Guards(facts.pods, facts.disruption_budgets, now, facts.refusals, right)
        chosen = select_nodes(requiring, matches, cluster, guards, run)
        able, skips = list(chosen.able), chosen.skips
        if not able:
            return Nothing(_nothing(requiring, skips, run), skips)
        moment = _Moment(policy, settings, run, now, fleet_hold(facts.fleet_membership), _warnings(right))
        return _decide_in_window(cluster, able, skips, moment)

    def due(self, clusters: Sequence[Cluster], settings: Settings, now: datetime) -> tuple[RunRequest, ...]:
        """Returns one request per hour for each cluster in a ring while the window is open. All requests in one night share one run.

        If reboots need approval, the run of the coming night can start during the day, so that approvers are asked in their hours.
        """
        policy = settings.get(REBOOT)
        if policy is None or now.minute >= _FIRST_QUARTER:
            return ()
        able = [cluster for cluster in clusters if not cluster.is_stopped and not why_no_restart(cluster)]
        members = [cluster for cluster in able if ring_of(cluster, settings) is not None]
        if open_span(policy.window, settings.freezes, now) is None:
            members = [cluster for cluster in members if _asks_by_day(cluster, settings, now)]
        coming = next_open(policy.window, settings.freezes, now, _DAY)
        if coming is None:
            return ()
        night = _night(policy, coming.start)
        return tuple(RunRequest(self.name, c.id, c.name, night, now, "timer", "daytwo") for c in members)

    def openings(self, settings: Settings) -> tuple[Opening, ...]:
        """Returns one window for all rings."""
        policy = settings.get(REBOOT)
        return (Opening("reboots", policy.window),) if policy else ()


RUNBOOK = Reboot()


@dataclass(frozen=True, slots=True)
class _Moment:
    """The context of a decision: the time, the rules, the run, whether an update run of its fleet has the cluster, and the plan's warnings."""

    policy: RebootSettings
    settings: Settings
    run: Run
    now: datetime
    hold: str = ""
    warnings: tuple[str, ...] = ()


def _decide_in_window(cluster: Cluster, able: list[Node], skips: tuple[Skip, ...], at: _Moment) -> Decision:
    if cluster.is_busy:
        return Wait(at.now + _BUSY_AGAIN, "another operation is running on the cluster", WaitReason.BUSY, skips=skips)
    opening = open_span(at.policy.window, at.settings.freezes, at.now)
    if opening is not None and at.hold:
        return Wait(min(at.now + _BUSY_AGAIN, opening.end), at.hold, WaitReason.UPDATE_RUN, skips=skips)
    needed = at.policy.drain_timeout + _BOOT
    if opening is None or at.now + needed > opening.end:
        following = next_open(
            at.policy.window, at.settings.freezes, at.now if opening is None else opening.end, 7 * _DAY
        )
        is_for_coming = following is not None and at.run.period == _night(at.policy, following.start)
        if following is None or (at.run.source == "timer" and not is_for_coming):
            names = ", ".join(node.name for node in able)
            return Nothing(
                f"the rest of the window is too short for {names}: postponed to the next night", (*skips, *_late(able))
            )
        return Wait(following.start, "next window opens", WaitReason.WINDOW, skips=skips)
    return Act(_plan(cluster, able, skips, opening, at))


def _plan(cluster: Cluster, able: list[Node], skips: tuple[Skip, ...], opening: Span, at: _Moment) -> Plan:
    """Plans one node at a time: the next one is chosen from the state of the cluster after this one."""
    node = able[0]
    reasons = (f"{node.name} requires a reboot", *(f"{other.name} is next" for other in able[1:2]))
    return Plan(
        "reboot",
        cluster.id,
        _steps(node, opening, at),
        (Claim.of_cluster(cluster.id),),
        reasons,
        at.warnings,
        skips,
        nodes=1,
        risk="drain",
        following=tuple(step for other in able[1:] for step in _steps(other, opening, at)),
    )


def _steps(node: Node, opening: Span, at: _Moment) -> tuple[Step, ...]:
    timeout_s = int(at.policy.drain_timeout.total_seconds())
    boot_s = int(_BOOT.total_seconds())
    common = {"node": node.name, "uid": node.uid, "run": at.run.id}
    return (
        Step(
            f"cordon.{node.name}", "cordon-node", f"cordon {node.name}", common, timeout_s + boot_s, opening.end, True
        ),
        Step(
            f"drain.{node.name}",
            "drain-node",
            f"drain {node.name}",
            {**common, "timeout_s": str(timeout_s), "grace_s": ""},
            timeout_s + boot_s,
            opening.end,
        ),
        Step(
            f"restart.{node.name}",
            "restart-node",
            node.name,
            {**common, "boot_id": node.boot_id, "annotation": at.policy.annotation},
            boot_s,
            opening.end,
        ),
    )


def _left_alone(cluster: Cluster, settings: Settings) -> str:
    """Why no node of the cluster can be rebooted, whatever its nodes require; empty if some can."""
    if ring_of(cluster, settings) is None:
        return "the cluster is not in a ring, so Daytwo leaves it alone"
    return why_no_restart(cluster) or ("the cluster is stopped" if cluster.is_stopped else "")


def _asks_by_day(cluster: Cluster, settings: Settings, now: datetime) -> bool:
    """Whether reboots of this cluster need approval and its approvers can be asked now."""
    rules = rules_of(settings, "reboot", ring_name(cluster, settings))
    return any(rule.hours is None or occurrence_at(rule.hours, now) is not None for rule in rules)


def _requiring_reboot(nodes: tuple[Node, ...], cluster: Cluster, annotation: str, last: frozenset[str]) -> list[Node]:
    """Returns the nodes in their order. Those of `last` (uids or names) do not keep the others from their turn (rule 3)."""
    order = {pool.name: number for number, pool in enumerate(upgrade_order(cluster.pools))}
    requiring = [node for node in nodes if annotation in node.annotations]

    def rank(node: Node) -> tuple[bool, int, str]:
        return node.uid in last or node.name in last, order.get(node.pool, len(order)), node.name

    return sorted(requiring, key=rank)


def _last(facts: Facts) -> frozenset[str]:
    """Returns the nodes whose reboot has failed lately, by uid, and those whose evictions were refused, by name."""
    return frozenset(facts.failed_nodes) | {each.subject for each in facts.refusals if each.subject}


def _warnings(right: RestartRight | None) -> tuple[str, ...]:
    """What a person should know before a node is drained: its restart can still be refused (rule 7)."""
    unchecked = right.unchecked if right else ()
    return (f"not checked before the drain: {'; '.join(unchecked)}",) if unchecked else ()


def _late(able: list[Node]) -> tuple[Skip, ...]:
    return tuple(Skip(node.name, SkipReason.NO_WINDOW_LEFT, "the rest of the window is too short") for node in able)


def _nothing(requiring: list[Node], skips: tuple[Skip, ...], run: Run) -> str:
    done = sum(record.id.startswith("restart.") and record.state is StepState.DONE for record in run.finished)
    if requiring:
        ask = "1 node requires a reboot" if len(requiring) == 1 else f"{len(requiring)} nodes require a reboot"
        more = f" (and {len(skips) - 1} more)" if len(skips) > 1 else ""
        reason = f": {skips[0].what}: {skips[0].why}{more}" if skips else ""
        return f"{ask}, but none can be rebooted now{reason}"
    return f"{done} rebooted, no node requires a reboot anymore" if done else "no node requires a reboot"


def _night(policy: RebootSettings, now: datetime) -> str:
    """Returns the day on which the currently open occurrence of the window started, in the window's zone."""
    current = next(occurrences(policy.window, now, now + _AHEAD))
    return f"{local_day(current.start, policy.window.zone):%Y-%m-%d}"
