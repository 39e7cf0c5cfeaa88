"""Which nodes that require a reboot are left out, and with which words (docs/reboot.md, rule 4)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from ops.model.fleet import CORDON_STAMP, Cluster, Node, Unknown
from ops.model.machine import ListedMachine, machine_of
from ops.model.plan import Skip
from ops.model.reasons import SkipReason
from ops.model.refusal import RefusedAction
from ops.model.restart_right import RestartRight
from ops.model.run import Run, StepRecord, StepState
from ops.model.workload import DisruptionBudget, Pod
from ops.policy.node_identity import Match, NotConfirmed, match_nodes
from ops.policy.node_selection import Guards, NodeSelection, select_nodes
from tests.fakes import MONDAY, cluster, machines_of, nodes_of, pool

OURS = cluster("shop-dev")
FIRST, SECOND, THIRD = nodes_of(OURS)
RUN = Run("r1", "reboot", OURS.id, "shop-dev", "2026-11-16", MONDAY, "timer", "daytwo")
POD = Pod("shop", "web-0", "u", FIRST.name, "Running", ready=True, owner_kind="ReplicaSet", labels={"app": "web"})
RIGID = DisruptionBudget("shop", "web", {"app": "web"}, 0, 1, 1, 1)


def matched(*nodes: Node, of: Cluster = OURS) -> Mapping[str, Match]:
    return match_nodes(of, nodes, {"user1": machines_of(OURS, "user1")})


def select(
    *nodes: Node,
    of: Cluster = OURS,
    matches: Mapping[str, Match] | None = None,
    pods: tuple[Pod, ...] | Unknown = (),
    budgets: tuple[DisruptionBudget, ...] | Unknown = (),
    run: Run = RUN,
) -> NodeSelection:
    found = matched(*nodes, of=of) if matches is None else matches
    return select_nodes(nodes, found, of, Guards(pods, budgets, MONDAY), run)


def test_nodes_that_nothing_holds_back_are_selected_in_the_given_order() -> None:
    assert select(SECOND, FIRST) == NodeSelection((SECOND, FIRST), ())


@pytest.mark.parametrize(
    ("change", "code", "why", "needs_person"),
    [
        ({"ready": False}, SkipReason.NOT_READY, "it is not Ready: repair it first", False),
        ({"unschedulable": True}, SkipReason.CORDONED_BY_OTHERS, "it was cordoned by someone else", False),
        (
            {"unschedulable": True, "annotations": {CORDON_STAMP: "r0"}},
            SkipReason.CORDONED_BY_OTHERS,
            "the run r0 has cordoned it and not uncordoned it: kubectl uncordon aks-user1-0",
            True,
        ),
        ({"event_scheduled": True}, SkipReason.EVENT_SCHEDULED, "Azure has scheduled an event for it", False),
    ],
)
def test_a_node_in_an_unusual_state_is_left_out(
    change: dict[str, object], code: SkipReason, why: str, *, needs_person: bool
) -> None:
    node = replace(FIRST, **change)  # type: ignore[arg-type]  # fields by name
    assert select(node, SECOND) == NodeSelection((SECOND,), (Skip(FIRST.name, code, why, needs_person),))


def test_a_node_that_this_run_has_cordoned_is_not_left_out() -> None:
    node = replace(FIRST, unschedulable=True, annotations={CORDON_STAMP: "r1"})
    assert select(node).able == (node,)


def restarted(state: StepState = StepState.DONE, step: str = f"restart.{FIRST.name}", **params: str) -> Run:
    return replace(RUN, finished=(StepRecord(step, "x", state, params=params),))


def test_a_node_that_this_run_has_rebooted_in_vain_needs_a_person() -> None:
    why = "it was rebooted in this run and still requires a reboot: check the node"
    left_out = NodeSelection((), (Skip(FIRST.name, SkipReason.STILL_REQUIRED, why, needs_person=True),))
    assert select(FIRST, run=restarted(uid=FIRST.uid)) == left_out
    assert select(FIRST, run=restarted()) == left_out


@pytest.mark.parametrize(
    "run",
    [
        restarted(uid="another"),
        restarted(StepState.FAILED, uid=FIRST.uid),
        restarted(step=f"restart.{SECOND.name}", uid=FIRST.uid),
    ],
)
def test_a_reboot_that_failed_or_was_of_another_node_does_not_count(run: Run) -> None:
    assert select(FIRST, run=run).able == (FIRST,)


def test_a_node_whose_pods_or_pdbs_are_unknown_needs_a_person() -> None:
    pods = Skip(FIRST.name, SkipReason.UNKNOWN_PODS, "its pods could not be read: 403", needs_person=True)
    assert select(FIRST, pods=Unknown("403")) == NodeSelection((), (pods,))
    pdbs = Skip(FIRST.name, SkipReason.UNKNOWN_PODS, "the PDBs could not be read: 403", needs_person=True)
    assert select(FIRST, budgets=Unknown("403")) == NodeSelection((), (pdbs,))


def test_a_node_whose_drain_cannot_end_needs_a_person() -> None:
    stuck = replace(POD, deleting=True, ends=MONDAY - timedelta(hours=1))
    why = "shop/web-0 has been terminating since Sun 2026-11-15 23:00 UTC"
    assert select(FIRST, pods=(stuck,)) == NodeSelection(
        (), (Skip(FIRST.name, SkipReason.POD_STUCK, why, needs_person=True),)
    )
    never = (
        "PDB shop/web never allows an eviction of shop/web-0: it requires all 1 "
        "(by the rules, the API server was not asked)"
    )
    assert select(FIRST, pods=(POD,), budgets=(RIGID,)) == NodeSelection(
        (), (Skip(FIRST.name, SkipReason.PDB_NEVER, never, needs_person=True),)
    )


def test_the_machines_of_a_locked_node_resource_group_are_left_to_aks() -> None:
    why = "the node resource group is locked (ReadOnly), so only AKS can restart its machines"
    skip = Skip(FIRST.name, SkipReason.MACHINES_LOCKED, why, needs_person=True)
    assert select(FIRST, of=replace(OURS, machines_locked=True)) == NodeSelection((), (skip,))


def test_a_node_of_a_pool_that_daytwo_does_not_know_is_left_out_whatever_its_machine() -> None:
    of = cluster("shop-dev", pool("user1", type="FlexNodes"))
    skip = Skip(
        FIRST.name, SkipReason.UNSUPPORTED_POOL, "Daytwo does not know pools of type FlexNodes", needs_person=True
    )
    assert select(FIRST, of=of) == NodeSelection((), (skip,))


def test_a_node_of_node_auto_provisioning_is_replaced_instead() -> None:
    why = "node auto-provisioning replaces its nodes instead of rebooting them: delete its NodeClaim to replace it"
    provisioned = replace(FIRST, pool="", provisioner="default")
    skip = Skip(FIRST.name, SkipReason.NODE_AUTO_PROVISIONING, why, needs_person=True)
    assert select(provisioned) == NodeSelection((), (skip,))


RESTART = RefusedAction("id", "restart-node", "ScopeLocked", "the scope is locked", "", "r0", MONDAY, MONDAY, 1)
CORDON = replace(RESTART, verb="cordon-node", cause="a webhook denies it", subject=FIRST.name)


def refused(*refusals: RefusedAction, run: Run = RUN) -> NodeSelection:
    guards = Guards((), (), MONDAY, refusals)
    return select_nodes((FIRST, SECOND), matched(FIRST, SECOND), OURS, guards, run)


def test_no_node_is_drained_for_a_restart_that_would_be_refused() -> None:
    why = "its restart would be refused: the scope is locked; no node is drained for it before Mon 2026-11-16 00:05 UTC"
    skips = tuple(Skip(node.name, SkipReason.RESTART_REFUSED, why) for node in (FIRST, SECOND))
    assert refused(RESTART) == NodeSelection((), skips)
    assert refused(replace(RESTART, subject=FIRST.name)) == NodeSelection((SECOND,), skips[:1])


GROUP = f"azure:///subscriptions/{OURS.subscription}/resourceGroups/{OURS.node_resource_group}"
SINGLE = replace(FIRST, provider_id=f"{GROUP}/providers/Microsoft.Compute/virtualMachines/{FIRST.name}")
SINGLE_MACHINE = machine_of(SINGLE.provider_id)


def listed(right: RestartRight, *nodes: Node, refusals: tuple[RefusedAction, ...] = ()) -> NodeSelection:
    """The selection if Azure lists this about restarts; `SINGLE` is on a single VM, the others on scale set instances."""
    assert SINGLE_MACHINE is not None
    machines = machines_of(OURS, "user1")
    if SINGLE in nodes:
        machines = (ListedMachine(SINGLE.name, SINGLE_MACHINE), *machines[1:])
    matches = match_nodes(OURS, nodes, {"user1": machines})
    return select_nodes(nodes, matches, OURS, Guards((), (), MONDAY, refusals, right), RUN)


def test_a_restart_that_azure_would_refuse_is_known_by_the_kind_of_machine() -> None:
    why = "its restart would be refused: the lock x (by what Azure lists, no restart was tried)"
    single, second = (Skip(node.name, SkipReason.RESTART_REFUSED, why, needs_person=True) for node in (SINGLE, SECOND))
    assert listed(RestartRight("the lock x"), SINGLE, SECOND) == NodeSelection((SINGLE,), (second,))
    assert listed(RestartRight("", "the lock x"), SINGLE, SECOND) == NodeSelection((SECOND,), (single,))
    assert listed(RestartRight(unchecked=("the locks",)), SINGLE, SECOND).able == (SINGLE, SECOND)


def test_a_refusal_that_a_restart_met_already_is_not_a_second_reason_for_a_person() -> None:
    found = listed(RestartRight("the lock x"), FIRST, refusals=(RESTART,))
    assert [(skip.code, skip.needs_person) for skip in found.skips] == [(SkipReason.RESTART_REFUSED, False)]


def test_of_many_nodes_that_cannot_be_restarted_some_are_named() -> None:
    of = cluster("shop-dev", pool("user1", count=30))
    nodes = nodes_of(of)
    matches = match_nodes(of, nodes, {"user1": machines_of(of, "user1")})
    found = select_nodes(nodes, matches, of, Guards((), (), MONDAY, restart_right=RestartRight("the lock x")), RUN)
    assert (found.able, len(found.skips), found.skips[-1].what) == ((), 21, "10 more nodes")


def test_a_node_whose_evictions_are_refused_is_left_out() -> None:
    skip = Skip(FIRST.name, SkipReason.EVICTION_REFUSED, "a webhook denies it")
    assert refused(CORDON) == NodeSelection((SECOND,), (skip,))
    assert refused(replace(CORDON, subject="")).able == (FIRST, SECOND)


@pytest.mark.parametrize(
    "refusal",
    [
        replace(RESTART, verb="drain-node"),
        replace(RESTART, last=MONDAY - timedelta(minutes=5)),
        replace(RESTART, subject="another"),
    ],
)
def test_other_refusals_and_those_that_are_over_hold_nothing_back(refusal: RefusedAction) -> None:
    assert refused(refusal).able == (FIRST, SECOND)


def test_a_persons_run_tries_what_was_refused_to_another_run() -> None:
    assert refused(RESTART, run=replace(RUN, source="http")).able == (FIRST, SECOND)
    assert refused(replace(RESTART, run="r1"), run=replace(RUN, source="http")).able == ()


def test_a_node_whose_machine_is_not_confirmed_or_unknown_is_left_out() -> None:
    foreign = {FIRST.name: NotConfirmed("it is elsewhere")}
    assert select(FIRST, matches=foreign) == NodeSelection(
        (), (Skip(FIRST.name, SkipReason.NOT_CONFIRMED, "it is elsewhere", needs_person=True),)
    )
    why = "the machines of the cluster could not be read: 429"
    assert select(FIRST, matches={FIRST.name: Unknown("429")}) == NodeSelection(
        (), (Skip(FIRST.name, SkipReason.UNKNOWN_MACHINES, why, needs_person=True),)
    )


@pytest.mark.parametrize("number", [20, 21, 25])
def test_at_most_twenty_nodes_that_are_not_the_clusters_own_are_named(number: int) -> None:
    nodes = tuple(replace(FIRST, name=f"fake-{index:02}") for index in range(number))
    foreign = {node.name: NotConfirmed("it is elsewhere") for node in nodes}
    named = tuple(
        Skip(node.name, SkipReason.NOT_CONFIRMED, "it is elsewhere", needs_person=True) for node in nodes[:20]
    )
    more = Skip(
        f"{number - 20} more nodes", SkipReason.NOT_CONFIRMED, "left out for reasons like these", needs_person=True
    )
    assert select(*nodes, matches=foreign).skips == (named if number == 20 else (*named, more))
