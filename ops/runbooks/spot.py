"""Evictions of spot nodes: evictions in the same pool within minutes share one run (docs/spot.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ops.model.decision import Act, Decision, Nothing, Report, Wait
from ops.model.fleet import CORDON_STAMP, Cluster, Node, Unknown
from ops.model.plan import Plan, Step
from ops.model.reasons import WaitReason
from ops.model.run import Run
from ops.model.wording import instant
from ops.model.workload import Eviction, Pod
from ops.policy.fleet_scope import is_in_fleet
from ops.runbooks.contract import RunbookDefaults, TimelineBar
from ops.runbooks.missing_facts import look_again
from ops.settings import Settings
from ops.settings.part import Section
from ops.settings.spot import SPOT

_CONFIRM_AFTER = timedelta(minutes=10)
# How long to wait for an unresponsive API server before reporting what is known.
_CONFIRM_WITHIN = timedelta(minutes=20)
_GRACE_S = 20
_DRAIN_S = 60
_SOON = timedelta(seconds=30)
_SHOWN_PODS = 5


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts that the decision is based on."""

    cluster: Cluster | Unknown
    nodes: tuple[Node, ...] | Unknown
    pods: tuple[Pod, ...] | Unknown
    eviction_group: Mapping[str, Eviction]


class Spot(RunbookDefaults):
    """The runbook for spot evictions."""

    name: str = "spot"
    title: str = "Spot evictions"
    unit: str = "nodes"
    section: Section[Any] | None = SPOT
    rank: int = 0
    about_event: bool = True
    bar: TimelineBar | None = TimelineBar(
        "spot", "spot evictions", "#b8590a", "#f0953f", counted_as="spot eviction", whole_run=True
    )
    facts: type[Facts] = Facts

    def decide(self, facts: Facts, settings: Settings, run: Run, now: datetime) -> Decision:
        """Drains the nodes that still exist, then confirms the outcome. What happened too long ago is only reported."""
        if settings.get(SPOT) is None:
            return Nothing("the configuration has no spot section")
        if not facts.eviction_group:
            return Nothing("this run has no evictions")
        cluster = facts.cluster
        confirm_at = _latest(facts.eviction_group) + _CONFIRM_AFTER
        if isinstance(cluster, Unknown):
            return _retry_or_report("the cluster", cluster, facts, (now, confirm_at + _CONFIRM_WITHIN))
        if not is_in_fleet(cluster.id, settings):
            return Nothing("the cluster is not in a configured subscription")
        if isinstance(facts.nodes, Unknown):
            return _retry_or_report("the nodes", facts.nodes, facts, (now, confirm_at + _CONFIRM_WITHIN))
        nodes = facts.nodes
        not_spot = [node.name for node in nodes if node.name in facts.eviction_group and not _is_spot(node, cluster)]
        group = {name: each for name, each in facts.eviction_group.items() if name not in not_spot}
        if not group:
            return Nothing(
                f"{', '.join(not_spot)} is not in a spot pool, so Azure does not evict it and it is not drained"
            )
        there = {node.name: node for node in nodes if node.name in group and _is_from_before(node, group[node.name])}
        return _follow(replace(facts, eviction_group=group), cluster, there, run, (now, confirm_at))


RUNBOOK = Spot()


def _retry_or_report(what: str, fact: Unknown, facts: Facts, at: tuple[datetime, datetime]) -> Wait | Report:
    """Retries reading the fact soon; once this has taken too long, reports what is known."""
    now, until = at
    decision = look_again(what, fact, now, _SOON, until)
    if isinstance(decision, Wait):
        return decision
    headline = f"{_count(facts.eviction_group)} reported as evicted"
    return Report(headline, (f"the outcome is unknown: {decision.why}",), ok=False)


def _latest(group: Mapping[str, Eviction]) -> datetime:
    """Returns when the last eviction of the group happened: its own time counts, not that of the report."""
    return max(eviction.at for eviction in group.values())


def _is_from_before(node: Node, eviction: Eviction) -> bool:
    """Whether this is the node that was evicted, and not another one that has been registered under its name since."""
    return node.created is None or node.created <= eviction.at


def _is_spot(node: Node, cluster: Cluster) -> bool:
    """Whether Azure can evict the node. A notice is external input, so it never drains a node that is not a spot node."""
    pool = cluster.pool(node.pool)
    return pool is not None and pool.spot


def _follow(
    facts: Facts, cluster: Cluster, there: Mapping[str, Node], run: Run, at: tuple[datetime, datetime]
) -> Decision:
    """Drains the nodes that still exist, waits until the outcome is certain, then reports it."""
    now, confirm_at = at
    handled = _handled(run)
    new = [name for name in sorted(there) if name not in handled]
    if new and now < confirm_at:
        return Act(_plan(cluster, [there[name] for name in new], run))
    if now < confirm_at:
        gone = len(facts.eviction_group) - len(there)
        return Wait(
            confirm_at,
            f"{gone} of {len(facts.eviction_group)} nodes are gone; the outcome is confirmed later",
            WaitReason.CONFIRMATION,
        )
    # Not only those that are Ready: the machine of a node that stays registered can come back later.
    ours = [node for node in there.values() if node.annotations.get(CORDON_STAMP) == run.id]
    given_back = {record.id for record in run.finished}
    again = [node for node in ours if f"uncordon.{node.name}" not in given_back]
    if again:
        return Act(_give_back(cluster, again, run))
    if isinstance(facts.pods, Unknown) and facts.pods.transient and now < confirm_at + _CONFIRM_WITHIN:
        return look_again("the pods", facts.pods, now, _SOON)
    return _outcome(facts, cluster, there)


def _handled(run: Run) -> set[str]:
    """Returns the nodes that earlier waves of this run have handled."""
    done = [record for record in run.finished if record.id.startswith("evacuate.")]
    return {name for record in done for name in record.params.get("nodes", "").split(",")}


def _plan(cluster: Cluster, nodes: list[Node], run: Run) -> Plan:
    """Plans all nodes at once, since the notice is short. The step is not temporary and does not need a lease, so that nothing delays it."""
    names = [node.name for node in nodes]
    params = {
        "nodes": ",".join(names),
        "uids": ",".join(node.uid for node in nodes),
        "run": run.id,
        "timeout_s": str(_DRAIN_S),
        "grace_s": str(_GRACE_S),
    }
    # A later wave of the same group is a separate step.
    step = Step(
        f"evacuate.{names[0]}",
        "evacuate-nodes",
        f"evacuate {len(names)} node{'' if len(names) == 1 else 's'}",
        params,
        _DRAIN_S,
    )
    reasons = tuple(f"the eviction of {name} was reported" for name in names)
    return Plan("spot", cluster.id, (step,), (), reasons, nodes=len(names), risk="drain")


def _give_back(cluster: Cluster, nodes: list[Node], run: Run) -> Plan:
    """Plans to uncordon the nodes that still exist and were cordoned by Daytwo: no cordon of its own is left behind."""
    steps = tuple(
        Step(
            f"uncordon.{node.name}",
            "uncordon-node",
            f"uncordon {node.name}",
            {"node": node.name, "uid": node.uid, "run": run.id},
        )
        for node in nodes
    )
    return Plan("spot", cluster.id, steps, (), tuple(f"{node.name} still exists" for node in nodes), risk="none")


def _outcome(facts: Facts, cluster: Cluster, there: Mapping[str, Node]) -> Report:
    """Reports what is there. Nothing is concluded from what could not be read."""
    group, nodes = facts.eviction_group, facts.nodes if not isinstance(facts.nodes, Unknown) else ()
    lines = [f"{len(group) - len(there)} of {len(group)} nodes are gone"]
    lines += [_still_there(there[name]) for name in sorted(there)]
    again = sorted({node.name for node in nodes if node.name in group} - set(there))
    lines += [f"{name} has been registered again since" for name in again]
    late = [each for each in group.values() if each.first_seen - each.at >= _CONFIRM_AFTER]
    if late:
        lines.append(f"{_reported_late(late)}, so nothing was drained for {'it' if len(late) == 1 else 'them'}")
    lines += _pod_lines(facts.pods, nodes)
    emptied = {each.pool for each in group.values()} - {node.pool for node in nodes}
    empty = sorted(pool.name for pool in cluster.pools if pool.name in emptied and pool.spot and not pool.autoscaled)
    lines += [f"{name} has no nodes left and will not recover by itself" for name in empty]
    return Report(_headline(len(group), len(there)), tuple(lines), ok=not empty)


def _headline(reported: int, there: int) -> str:
    nodes = f"{reported} spot node{'' if reported == 1 else 's'}"
    return f"{nodes} reported as evicted, {reported - there} gone" if there else f"{nodes} evicted"


def _still_there(node: Node) -> str:
    if node.ready:
        return f"{node.name} still exists and is Ready: a false alarm, or its machine has come back"
    return f"{node.name} is still registered and not Ready"


def _reported_late(late: Sequence[Eviction]) -> str:
    first, last = min(each.at for each in late), max(each.at for each in late)
    when = instant(first) if first == last else f"{instant(first)} to {instant(last)}"
    return f"{len(late)} eviction{'' if len(late) == 1 else 's'} of {when} {'was' if len(late) == 1 else 'were'} reported late"


def _pod_lines(pods: tuple[Pod, ...] | Unknown, nodes: Sequence[Node]) -> list[str]:
    """Says which pods have no node that is Ready, and of how many pods that is known."""
    if isinstance(pods, Unknown):
        return [f"what happened to the pods is unknown: {pods.why}"]
    able = [pod for pod in pods if not pod.stays and not pod.is_finished]
    ready = {node.name for node in nodes if node.ready}
    waiting = [pod.full_name for pod in able if not pod.node]
    stuck = [pod.full_name for pod in able if pod.node and pod.node not in ready]
    if not waiting and not stuck:
        return [f"every pod is on a node that is Ready ({len(able)} checked)"]
    lines = [f"{_pods(waiting)} waiting for a node: {_some(waiting)}"] if waiting else []
    return [*lines, f"{_pods(stuck)} bound to a node that is gone or not Ready: {_some(stuck)}"] if stuck else lines


def _pods(names: Sequence[str]) -> str:
    return "1 pod is" if len(names) == 1 else f"{len(names)} pods are"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN_PODS} more" if len(names) > _SHOWN_PODS else ""
    return f"{', '.join(sorted(names)[:_SHOWN_PODS])}{more}"


def _count(group: Mapping[str, Eviction]) -> str:
    number = len(group)
    return f"{number} spot node{'' if number == 1 else 's'}"
