"""Spot evictions in full: what is drained, what is waited for, and what is said at the end (docs/spot.md)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from ops.model.decision import Act, Nothing, Report, Wait
from ops.model.fleet import CORDON_STAMP, Cluster, Node, Unknown
from ops.model.plan import Plan, Step
from ops.model.reasons import WaitReason
from ops.model.run import Run, StepRecord, StepState
from ops.model.workload import Eviction, Pod
from ops.runbooks.spot import RUNBOOK, Facts
from tests.fakes import ALL_OPERATIONS, MONDAY, cluster, nodes_of, pool, settings

OURS = cluster("shop", pool("spot", spot=True), pool("user1"))
NODES = nodes_of(OURS)
ZERO, ONE, TWO, USER = "aks-spot-0", "aks-spot-1", "aks-spot-2", "aks-user1-0"
RUN = Run("r1", "spot", OURS.id, "shop", "spot-1", MONDAY, "event", "node")
CONFIRM = MONDAY + timedelta(minutes=10)
GIVES_UP = CONFIRM + timedelta(minutes=20)
WITHOUT = ALL_OPERATIONS.replace("spot: {group-within: 10m}\n", "")


def evicted(*names: str, **more: object) -> dict[str, Eviction]:
    """Evictions at midnight on Monday."""
    plain = {name: Eviction(OURS.id, name, "spot", MONDAY, confirmed=False, source="node") for name in names}
    return {name: replace(each, **more) for name, each in plain.items()}  # type: ignore[arg-type]  # fields by name


def decide(
    group: Mapping[str, Eviction],
    *,
    minutes: float = 0,
    nodes: tuple[Node, ...] | Unknown = NODES,
    pods: tuple[Pod, ...] | Unknown = (),
    of: Cluster | Unknown = OURS,
    run: Run = RUN,
) -> object:
    now = MONDAY + timedelta(minutes=minutes)
    return RUNBOOK.decide(Facts(of, nodes, pods, group), settings(ALL_OPERATIONS), run, now)


def without(*names: str) -> tuple[Node, ...]:
    return tuple(node for node in NODES if node.name not in names)


def with_node(name: str, **more: object) -> tuple[Node, ...]:
    return tuple(replace(node, **more) if node.name == name else node for node in NODES)  # type: ignore[arg-type]  # fields by name


def report(group: Mapping[str, Eviction], **more: object) -> Report:
    decision = decide(group, **{"minutes": 10, **more})  # type: ignore[arg-type]  # arguments by name
    assert isinstance(decision, Report)
    return decision


def test_without_a_section_or_an_eviction_there_is_nothing_to_do() -> None:
    known = Facts(OURS, NODES, (), evicted(ZERO))
    nothing = Nothing("the configuration has no spot section")
    assert RUNBOOK.decide(known, settings(WITHOUT), RUN, MONDAY) == nothing
    assert decide({}) == Nothing("this run has no evictions")


def test_all_evicted_nodes_are_evacuated_at_once() -> None:
    step = Step(
        "evacuate.aks-spot-0",
        "evacuate-nodes",
        "evacuate 2 nodes",
        {
            "nodes": "aks-spot-0,aks-spot-1",
            "uids": "uid-aks-spot-0,uid-aks-spot-1",
            "run": "r1",
            "timeout_s": "60",
            "grace_s": "20",
        },
        60,
    )
    assert decide(evicted(ONE, ZERO)) == Act(
        Plan(
            "spot",
            OURS.id,
            (step,),
            (),
            ("the eviction of aks-spot-0 was reported", "the eviction of aks-spot-1 was reported"),
            nodes=2,
            risk="drain",
        )
    )


def done(step: str, **params: str) -> StepRecord:
    return StepRecord(step, step, StepState.DONE, params=params)


def test_a_later_wave_evacuates_only_the_new_nodes() -> None:
    run = replace(RUN, finished=(done("evacuate.aks-spot-0", nodes="aks-spot-0,aks-spot-1"), done("other", nodes=TWO)))
    decision = decide(evicted(ZERO, ONE, TWO), run=run)
    assert isinstance(decision, Act)
    (step,) = decision.plan.steps
    assert (step.id, step.title, step.params["nodes"]) == ("evacuate.aks-spot-2", "evacuate 1 node", TWO)


def test_the_outcome_is_confirmed_ten_minutes_after_the_last_eviction() -> None:
    run = replace(RUN, finished=(done("evacuate.aks-spot-0", nodes=f"{ZERO},{ONE}"),))
    group = {**evicted(ZERO), **evicted(ONE, occurred=MONDAY + timedelta(minutes=3))}
    assert decide(group, nodes=without(ZERO), run=run, minutes=5) == Wait(
        MONDAY + timedelta(minutes=13),
        "1 of 2 nodes are gone; the outcome is confirmed later",
        WaitReason.CONFIRMATION,
    )
    assert isinstance(decide(group, nodes=without(ZERO), run=run, minutes=13), Report)


def test_nothing_is_drained_once_the_outcome_is_certain() -> None:
    assert isinstance(decide(evicted(ZERO), minutes=9.9), Act)
    assert isinstance(decide(evicted(ZERO), minutes=10), Report)


def test_a_node_that_still_exists_and_that_daytwo_has_cordoned_is_given_back() -> None:
    ours = with_node(ZERO, annotations={CORDON_STAMP: "r1"})
    step = Step(
        "uncordon.aks-spot-0",
        "uncordon-node",
        "uncordon aks-spot-0",
        {"node": ZERO, "uid": "uid-aks-spot-0", "run": "r1"},
    )
    assert decide(evicted(ZERO), nodes=ours, minutes=10) == Act(
        Plan("spot", OURS.id, (step,), (), ("aks-spot-0 still exists",), risk="none")
    )


@pytest.mark.parametrize(
    ("change", "finished"),
    [
        ({"annotations": {CORDON_STAMP: "another"}}, ()),
        ({"annotations": {CORDON_STAMP: "r1"}}, (done("uncordon.aks-spot-0"),)),
    ],
)
def test_no_other_node_is_given_back(change: dict[str, object], finished: tuple[StepRecord, ...]) -> None:
    run = replace(RUN, finished=finished)
    assert isinstance(decide(evicted(ZERO), nodes=with_node(ZERO, **change), minutes=10, run=run), Report)


class TestUnknown:
    """What could not be read is read again every 30 seconds, for half an hour after the last eviction."""

    SOON = timedelta(seconds=30)

    @pytest.mark.parametrize(
        ("more", "what"),
        [
            ({"of": Unknown("no answer", transient=True)}, "the cluster"),
            ({"nodes": Unknown("no answer", transient=True)}, "the nodes"),
        ],
    )
    def test_it_is_waited_for_and_then_what_is_known_is_reported(self, more: dict[str, object], what: str) -> None:
        why = f"{what} could not be read: no answer"
        first = decide(evicted(ZERO), **more)  # type: ignore[arg-type]  # arguments by name
        assert first == Wait(MONDAY + self.SOON, why, WaitReason.UNREADABLE)
        last = decide(evicted(ZERO), minutes=29.5, **more)  # type: ignore[arg-type]  # arguments by name
        assert last == Wait(GIVES_UP, why, WaitReason.UNREADABLE)
        assert decide(evicted(ZERO), minutes=29.6, **more) == Report(  # type: ignore[arg-type]  # arguments by name
            "1 spot node reported as evicted", (f"the outcome is unknown: {why}",), ok=False
        )
        assert report(evicted(ZERO, ONE), minutes=29.6, **more).headline == "2 spot nodes reported as evicted"

    def test_the_pods_are_waited_for_only_if_they_may_be_readable_later(self) -> None:
        silent = Unknown("no answer", transient=True)
        gone = without(ZERO)
        assert decide(evicted(ZERO), nodes=gone, pods=silent, minutes=10) == Wait(
            CONFIRM + self.SOON, "the pods could not be read: no answer", WaitReason.UNREADABLE
        )
        unknown = "what happened to the pods is unknown: no answer"
        assert report(evicted(ZERO), nodes=gone, pods=silent, minutes=30).lines[1] == unknown
        assert report(evicted(ZERO), nodes=gone, pods=Unknown("no answer")).lines[1] == unknown


def test_the_end_counts_the_nodes_that_are_gone() -> None:
    assert report(evicted(ZERO, ONE), nodes=without(ZERO, ONE)) == Report(
        "2 spot nodes evicted", ("2 of 2 nodes are gone", "every pod is on a node that is Ready (0 checked)")
    )
    found = report(evicted(ZERO, ONE), nodes=without(ZERO))
    assert found.headline == "2 spot nodes reported as evicted, 1 gone"
    assert found.lines[:2] == (
        "1 of 2 nodes are gone",
        "aks-spot-1 still exists and is Ready: a false alarm, or its machine has come back",
    )
    assert report(evicted(ZERO)).headline == "1 spot node reported as evicted, 0 gone"


def test_nodes_that_still_exist_are_listed_by_name() -> None:
    nodes = (*reversed(with_node(ONE, ready=False)),)
    assert report(evicted(ONE, ZERO), nodes=nodes).lines[1:3] == (
        "aks-spot-0 still exists and is Ready: a false alarm, or its machine has come back",
        "aks-spot-1 is still registered and not Ready",
    )


def test_a_node_that_existed_at_the_moment_of_its_eviction_is_the_evicted_one() -> None:
    assert isinstance(decide(evicted(ZERO), nodes=with_node(ZERO, created=MONDAY)), Act)
    later = with_node(ZERO, created=MONDAY + timedelta(seconds=1))
    assert isinstance(decide(evicted(ZERO), nodes=later), Wait)
    assert report(evicted(ZERO), nodes=later).lines[1] == "aks-spot-0 has been registered again since"


@pytest.mark.parametrize(
    ("group", "line"),
    [
        (
            evicted(ZERO, first_seen=MONDAY + timedelta(minutes=10), occurred=MONDAY),
            "1 eviction of Mon 2026-11-16 00:00 UTC was reported late, so nothing was drained for it",
        ),
        (
            {
                **evicted(ZERO, first_seen=MONDAY + timedelta(hours=1), occurred=MONDAY - timedelta(minutes=5)),
                **evicted(ONE, first_seen=MONDAY + timedelta(hours=1), occurred=MONDAY),
            },
            (
                "2 evictions of Sun 2026-11-15 23:55 UTC to Mon 2026-11-16 00:00 UTC were reported late, "
                "so nothing was drained for them"
            ),
        ),
        (evicted(ZERO, first_seen=MONDAY + timedelta(minutes=9), occurred=MONDAY), None),
    ],
)
def test_evictions_that_were_reported_late_are_named_with_their_times(
    group: dict[str, Eviction], line: str | None
) -> None:
    found = report(group, nodes=without(*group), minutes=60).lines
    assert (line in found) if line else not any("late" in each for each in found)


def pod(name: str, node: str, **more: object) -> Pod:
    plain = Pod("shop", name, name, node, "Running", ready=True, owner_kind="ReplicaSet")
    return replace(plain, **more)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("pods", "lines"),
    [
        (
            (pod("a", USER), pod("b", "", phase="Succeeded"), pod("c", ZERO, owner_kind="DaemonSet")),
            ("every pod is on a node that is Ready (1 checked)",),
        ),
        ((pod("b", ""), pod("a", "")), ("2 pods are waiting for a node: shop/a, shop/b",)),
        ((pod("a", ZERO),), ("1 pod is bound to a node that is gone or not Ready: shop/a",)),
        (
            (pod("a", ZERO), pod("b", ONE), pod("c", "")),
            (
                "1 pod is waiting for a node: shop/c",
                "2 pods are bound to a node that is gone or not Ready: shop/a, shop/b",
            ),
        ),
        (
            tuple(pod(name, "") for name in "gfedcba"),
            ("7 pods are waiting for a node: shop/a, shop/b, shop/c, shop/d, shop/e and 2 more",),
        ),
        (
            tuple(pod(name, "") for name in "abcde"),
            ("5 pods are waiting for a node: shop/a, shop/b, shop/c, shop/d, shop/e",),
        ),
    ],
)
def test_pods_without_a_ready_node_are_named_up_to_five(pods: tuple[Pod, ...], lines: tuple[str, ...]) -> None:
    nodes = tuple(replace(node, ready=node.name != ONE) for node in without(ZERO))
    assert report(evicted(ZERO), nodes=nodes, pods=pods).lines[1:] == lines


def test_a_spot_pool_that_is_empty_and_does_not_recover_by_itself_is_bad_news() -> None:
    found = report(evicted(ZERO, ONE, TWO), nodes=without(ZERO, ONE, TWO))
    assert (found.lines[-1], found.ok) == ("spot has no nodes left and will not recover by itself", False)
    assert report(evicted(ZERO), nodes=without(ZERO)).ok


def test_pools_that_are_empty_are_listed_by_name_and_only_if_they_are_spot_pools() -> None:
    of = cluster("shop", pool("z", spot=True), pool("b", spot=True), pool("user1"))
    group = {**evicted("aks-z-0", pool="z"), **evicted("aks-b-0", pool="b"), **evicted("aks-u-0", pool="user1")}
    assert report(group, of=of, nodes=()).lines[-2:] == (
        "b has no nodes left and will not recover by itself",
        "z has no nodes left and will not recover by itself",
    )


def test_several_nodes_that_are_not_in_a_spot_pool_are_named() -> None:
    assert decide(evicted(USER, "aks-user1-1")) == Nothing(
        "aks-user1-0, aks-user1-1 is not in a spot pool, so Azure does not evict it and it is not drained"
    )
