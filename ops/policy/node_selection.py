"""Which nodes that require a reboot can be rebooted, and which are left out for a reason (docs/reboot.md, rule 4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ops.model.fleet import CORDON_STAMP, Cluster, Node, Unknown
from ops.model.plan import Skip
from ops.model.reasons import SkipReason
from ops.model.refusal import RefusedAction
from ops.model.restart_right import RestartRight
from ops.model.run import Run, StepState
from ops.model.wording import instant
from ops.model.workload import DisruptionBudget, Pod
from ops.policy.evictable_pods import blocking_pdb, stuck_pod
from ops.policy.node_identity import ConfirmedMachine, Match, NotConfirmed
from ops.policy.refused_actions import in_force, next_attempt

# How many nodes that are not the cluster's own are named.
_NAMED = 20
_SHOWN = 100
# Facts are only read. The API server is asked by the verb that cordons the node.
_BY_THE_RULES = "by the rules, the API server was not asked"


@dataclass(frozen=True, slots=True)
class Guards:
    """What decides whether a node can be drained and restarted: the cluster's pods, PDBs and refused actions, at a time.

    `restart_right` is what Azure lists about restarts; None if it was not read.
    """

    pods: tuple[Pod, ...] | Unknown
    disruption_budgets: tuple[DisruptionBudget, ...] | Unknown
    now: datetime
    refusals: tuple[RefusedAction, ...] = ()
    restart_right: RestartRight | None = None


@dataclass(frozen=True, slots=True)
class NodeSelection:
    """The nodes that can be rebooted, in the given order, and the ones left out."""

    able: tuple[Node, ...]
    skips: tuple[Skip, ...]


def select_nodes(
    requiring: Sequence[Node], matches: Mapping[str, Match], cluster: Cluster, guards: Guards, run: Run
) -> NodeSelection:
    """Selects among the nodes that require a reboot. `matches` are their machines, as far as ARM confirms them."""
    never = [skip for node in requiring if (skip := _never(node, cluster, matches[node.name], guards, run)) is not None]
    named = {skip.what for skip in never}
    own = {node.name: _left_out(node, guards, run) for node in requiring if node.name not in named}
    skips = (*_bounded(never), *(skip for skip in own.values() if skip is not None))
    return NodeSelection(tuple(n for n in requiring if n.name in own and own[n.name] is None), skips)


def _never(node: Node, cluster: Cluster, match: Match, guards: Guards, run: Run) -> Skip | None:
    """Leaves out a node whose last step cannot work, however its pods and its own state are."""
    return _not_own(node, cluster, match) or _forbidden(node, match, guards, run)


def _forbidden(node: Node, match: Match, guards: Guards, run: Run) -> Skip | None:
    """Leaves out a node whose restart Azure would refuse by what it lists, unless such a refusal is an open condition already."""
    right = guards.restart_right
    if right is None or not isinstance(match, ConfirmedMachine) or _refused(node, guards, run) is not None:
        return None
    why = right.scale_set_instances if match.machine.scale_set else right.single_machines
    if not why:
        return None
    why = f"its restart would be refused: {why} (by what Azure lists, no restart was tried)"
    return Skip(node.name, SkipReason.RESTART_REFUSED, why, needs_person=True)


def _not_own(node: Node, cluster: Cluster, match: Match) -> Skip | None:
    """Leaves out a node whose restart could not work, or would restart a machine that is not the cluster's own (rule 4)."""
    pool = cluster.pool(node.pool)
    if pool is not None and pool.unsupported:
        return Skip(node.name, SkipReason.UNSUPPORTED_POOL, pool.unsupported, needs_person=True)
    if node.provisioner:
        why = "node auto-provisioning replaces its nodes instead of rebooting them: delete its NodeClaim to replace it"
        return Skip(node.name, SkipReason.NODE_AUTO_PROVISIONING, why, needs_person=True)
    match match:
        case ConfirmedMachine() if cluster.machines_locked:
            why = "the node resource group is locked (ReadOnly), so only AKS can restart its machines"
            return Skip(node.name, SkipReason.MACHINES_LOCKED, why, needs_person=True)
        case ConfirmedMachine():
            return None
        case NotConfirmed(why):
            return Skip(node.name, SkipReason.NOT_CONFIRMED, why, needs_person=True)
        case Unknown(why):
            why = f"the machines of the cluster could not be read: {why}"
            return Skip(node.name, SkipReason.UNKNOWN_MACHINES, why, needs_person=True)


def _bounded(skips: Sequence[Skip]) -> tuple[Skip, ...]:
    """Names some of them: a cluster's administrator can create thousands of nodes, and each would have a line in messages and records."""
    more = len(skips) - _NAMED
    if more <= 0:
        return tuple(skips)
    rest = replace(skips[_NAMED], what=f"{more} more nodes", why="left out for reasons like these")
    return (*skips[:_NAMED], rest)


def _left_out(node: Node, guards: Guards, run: Run) -> Skip | None:
    if _rebooted(node, run):
        return Skip(
            node.name,
            SkipReason.STILL_REQUIRED,
            "it was rebooted in this run and still requires a reboot: check the node",
            needs_person=True,
        )
    refused = _refused(node, guards, run)
    if refused is not None:
        return refused
    if not node.ready:
        return Skip(node.name, SkipReason.NOT_READY, "it is not Ready: repair it first")
    if node.unschedulable and node.annotations.get(CORDON_STAMP) != run.id:
        return _cordoned(node)
    if node.event_scheduled:
        return Skip(node.name, SkipReason.EVENT_SCHEDULED, "Azure has scheduled an event for it")
    if isinstance(guards.pods, Unknown):
        return Skip(
            node.name, SkipReason.UNKNOWN_PODS, f"its pods could not be read: {guards.pods.why}", needs_person=True
        )
    if isinstance(guards.disruption_budgets, Unknown):
        why = f"the PDBs could not be read: {guards.disruption_budgets.why}"
        return Skip(node.name, SkipReason.UNKNOWN_PODS, why, needs_person=True)
    return _undrainable(node, guards.pods, guards.disruption_budgets, guards.now)


def _cordoned(node: Node) -> Skip:
    """Leaves out a node with another cordon. One that an earlier run could not remove stays until a person removes it."""
    earlier = node.annotations.get(CORDON_STAMP, "")
    if not earlier:
        return Skip(node.name, SkipReason.CORDONED_BY_OTHERS, "it was cordoned by someone else")
    why = f"the run {earlier[:_SHOWN]} has cordoned it and not uncordoned it: kubectl uncordon {node.name}"
    return Skip(node.name, SkipReason.CORDONED_BY_OTHERS, why, needs_person=True)


def _undrainable(node: Node, pods: Sequence[Pod], budgets: Sequence[DisruptionBudget], now: datetime) -> Skip | None:
    """Leaves out a node whose drain cannot end, because of a pod that never ends or a PDB that never allows an eviction."""
    stuck = stuck_pod(pods, node.name, now)
    if stuck:
        return Skip(node.name, SkipReason.POD_STUCK, stuck, needs_person=True)
    never = blocking_pdb(pods, node.name, budgets)
    return Skip(node.name, SkipReason.PDB_NEVER, f"{never} ({_BY_THE_RULES})", needs_person=True) if never else None


def _refused(node: Node, guards: Guards, run: Run) -> Skip | None:
    """Leaves out a node whose restart or evictions are known to be refused, so that it is not drained for nothing.

    The refusal is an open condition already, so the skip does not need a person as well.
    """
    for each in in_force(guards.refusals, run, guards.now):
        if each.verb == "restart-node" and each.subject in ("", node.name):
            again = f"no node is drained for it before {instant(next_attempt(each))}"
            return Skip(node.name, SkipReason.RESTART_REFUSED, f"its restart would be refused: {each.cause}; {again}")
        if each.verb == "cordon-node" and each.subject == node.name:
            return Skip(node.name, SkipReason.EVICTION_REFUSED, each.cause)
    return None


def _rebooted(node: Node, run: Run) -> bool:
    """Whether this run has rebooted exactly this node."""
    return any(
        record.id == f"restart.{node.name}"
        and record.state is StepState.DONE
        and record.params.get("uid", node.uid) == node.uid
        for record in run.finished
    )
