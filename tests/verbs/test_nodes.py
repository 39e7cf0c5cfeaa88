"""Cordoning, draining and uncordoning a node, call by call (docs/reboot.md, rules 5 to 8)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ops.model.fleet import CORDON_STAMP, Cluster, ClusterRef, Node
from ops.model.outcome import Done, Pending, Progress, Ready, Refused, Stale
from ops.model.reasons import FailureCode
from ops.model.workload import DisruptionBudget, Pod
from ops.ports.errors import BusyError, RejectedError
from ops.ports.kubernetes import EvictionResult
from ops.verbs.contract import StepContext
from ops.verbs.cordon_node import VERB as CORDON
from ops.verbs.drain_node import VERB as DRAIN
from ops.verbs.uncordon_node import VERB as UNCORDON
from tests.driving import NIGHT
from tests.fakes import World, cluster, nodes_of
from tests.verbs.steps import MINUTE, context, world_of

OURS = cluster("shop-dev")
NAME = "aks-user1-1"
PARAMS = {"node": NAME, "uid": f"uid-{NAME}", "run": "r1", "timeout_s": "600", "grace_s": ""}
STAMP = {CORDON_STAMP: "r1"}
CORDONED = {"unschedulable": True, "annotations": STAMP}
GONE = f"the node {NAME} no longer exists"
REPLACED = f"{GONE}: another node is registered under its name"
ROUND = NIGHT + timedelta(seconds=15)


def world_with(pods: tuple[Pod, ...] = (), **change: object) -> World:
    """A world in which the node differs in these fields."""
    world = world_of(OURS)
    world.nodes.listed["shop-dev"] = nodes_of(OURS)
    world.nodes.change(NAME, **change)
    world.nodes.running["shop-dev"] = pods
    return world


def without_node() -> World:
    world = world_with()
    world.nodes.listed["shop-dev"] = tuple(node for node in nodes_of(OURS) if node.name != NAME)
    return world


def step(world: World, **record: object) -> StepContext:
    return context(world, PARAMS, **record)  # type: ignore[arg-type]  # fields by name


def node(world: World) -> Node:
    return next(each for each in world.nodes.listed["shop-dev"] if each.name == NAME)


type Attempt = Callable[[StepContext], object]


@pytest.mark.parametrize("attempt", [CORDON.check, CORDON.begin])
def test_a_node_that_is_not_there_is_not_cordoned(attempt: Attempt) -> None:
    assert attempt(step(without_node())) == Stale(GONE)
    assert attempt(step(world_with(uid="another"))) == Stale(REPLACED)
    assert attempt(step(world_of(cluster("shop-dev", running=False)))) == Stale("the cluster is stopped")


def test_a_plan_of_an_earlier_version_finds_its_node_by_name() -> None:
    old = {key: value for key, value in PARAMS.items() if key != "uid"}
    assert CORDON.check(context(world_with(uid="another"), old)) == Ready()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, Ready()),
        ({"annotations": STAMP}, Ready()),
        (CORDONED, Done(f"{NAME} is cordoned")),
        ({"unschedulable": True}, Stale(f"{NAME} was cordoned by someone else")),
        ({"unschedulable": True, "annotations": {CORDON_STAMP: "r2"}}, Stale(f"{NAME} was cordoned by someone else")),
    ],
)
def test_a_node_that_someone_else_has_cordoned_is_left_alone(change: dict[str, object], expected: object) -> None:
    assert CORDON.check(step(world_with(**change))) == expected  # type: ignore[arg-type]  # fields by name


def test_a_cordon_sets_the_runs_annotation_and_is_verified_at_once() -> None:
    world = world_with()
    assert CORDON.begin(step(world)) == Done(f"{NAME} is cordoned")
    assert world.nodes.marks == [f"cordon {NAME}"]
    assert (node(world).unschedulable, node(world).annotations) == (True, STAMP)


@pytest.mark.parametrize("attempt", [CORDON.verify, CORDON.poll])
def test_a_cordon_that_is_not_there_is_not_verified(attempt: Attempt) -> None:
    not_verified = Refused(
        FailureCode.NOT_VERIFIED, f"{NAME} could not be cordoned", "find out what else changes this node"
    )
    assert attempt(step(world_with(**CORDONED))) == Done(f"{NAME} is cordoned")  # type: ignore[arg-type]  # fields by name
    assert attempt(step(world_with(annotations=STAMP))) == not_verified
    assert attempt(step(world_with(unschedulable=True))) == not_verified
    gone = Refused(FailureCode.GONE, GONE, "nothing: a new node does not need a reboot")
    assert attempt(step(without_node())) == gone


NEVER = DisruptionBudget("shop", "web", {}, 0, 1, 1, 1)


class TestEvictionCheck:
    """Before the cordon, the API server is asked whether it would evict each pod."""

    def cordoned(self, answer: EvictionResult | Exception, *budgets: DisruptionBudget) -> object:
        world = world_with((pod("gone", deleting=True), pod("fine"), pod("web"), STAYS))
        world.nodes.dry_answers["web"] = answer  # type: ignore[assignment]  # an answer, or a port's error
        world.nodes.protecting["shop-dev"] = budgets
        found = CORDON.begin(step(world))
        assert (world.nodes.marks == []) is isinstance(found, Refused)
        return found

    @pytest.mark.parametrize(
        ("answer", "why", "advice"),
        [
            (EvictionResult("several", "two PDBs"), "two PDBs", "make sure that only one PDB covers each pod"),
            (
                EvictionResult("refused", "a webhook"),
                "a webhook",
                "fix what the API server reports, or ask the owner of the webhook",
            ),
            (
                RejectedError("x", "a webhook"),
                "a webhook",
                "fix what the API server reports, or ask the owner of the webhook",
            ),
            (
                EvictionResult("blocked", "PDB web"),
                "PDB web",
                "let its PDB allow an eviction (more replicas, or a lower minAvailable)",
            ),
        ],
    )
    def test_a_lasting_refusal_leaves_the_node_as_it_is(
        self, answer: EvictionResult | Exception, why: str, advice: str
    ) -> None:
        assert self.cordoned(answer, NEVER) == Refused(
            FailureCode.EVICTION_REFUSED,
            f"{NAME} was not cordoned, because shop/web cannot be evicted: {why}",
            advice,
            lasting=True,
            subject=NAME,
        )

    @pytest.mark.parametrize(
        "answer",
        [EvictionResult("blocked", "PDB web"), BusyError("409"), EvictionResult("evicted"), EvictionResult("gone")],
    )
    def test_what_may_be_allowed_later_is_no_reason(self, answer: EvictionResult | Exception) -> None:
        assert self.cordoned(answer) == Done(f"{NAME} is cordoned")

    def test_a_namespace_that_is_being_deleted_is_no_reason_whatever_its_pdb(self) -> None:
        assert self.cordoned(BusyError("409"), NEVER) == Done(f"{NAME} is cordoned")


class TestUncordon:
    """Only the run's own cordon is removed."""

    def test_only_the_runs_own_cordon_is_removed(self) -> None:
        assert UNCORDON.check(step(world_with(**CORDONED))) == Ready()  # type: ignore[arg-type]  # fields by name
        others = Done(f"the cordon of {NAME} was not set by Daytwo")
        assert UNCORDON.check(step(world_with(unschedulable=True))) == others
        assert UNCORDON.check(step(without_node())) == Done(GONE)

    def test_the_cordon_and_the_annotation_are_removed_and_verified_at_once(self) -> None:
        world = world_with(**CORDONED)  # type: ignore[arg-type]  # fields by name
        assert UNCORDON.begin(step(world)) == Done(f"{NAME} is schedulable again")
        assert world.nodes.marks == [f"uncordon {NAME}"]
        assert (node(world).unschedulable, CORDON_STAMP in node(world).annotations) == (False, False)

    def test_a_node_that_is_gone_needs_no_uncordoning(self) -> None:
        world = without_node()
        for attempt in (UNCORDON.begin, UNCORDON.poll, UNCORDON.verify):
            assert attempt(step(world)) == Done(GONE)
        assert world.nodes.marks == []

    @pytest.mark.parametrize("attempt", [UNCORDON.verify, UNCORDON.poll])
    def test_a_cordon_that_is_still_there_is_named_with_the_command(self, attempt: Attempt) -> None:
        assert attempt(step(world_with(**CORDONED))) == Refused(  # type: ignore[arg-type]  # fields by name
            FailureCode.NOT_VERIFIED, f"{NAME} is still cordoned", f"kubectl uncordon {NAME}"
        )
        assert attempt(step(world_with())) == Done(f"{NAME} is schedulable again")


def pod(name: str, **more: object) -> Pod:
    plain = Pod("shop", name, f"u-{name}", NAME, "Running", ready=True, owner_kind="ReplicaSet")
    return replace(plain, **more)  # type: ignore[arg-type]  # fields by name


STAYS = pod("agent", owner_kind="DaemonSet")
REMEDY = "find out who changed the cordon; start the run again once the node may be drained"


class TestDrain:
    """Rounds of evictions, each of which checks the cordon again."""

    def drained(self, *pods: Pod, **change: object) -> World:
        return world_with(pods, **{**CORDONED, **change})

    def test_a_node_with_pods_is_drained_and_one_without_is_done(self) -> None:
        assert DRAIN.check(step(self.drained(pod("web"), STAYS))) == Ready()
        assert DRAIN.check(step(self.drained(STAYS))) == Done(f"{NAME} has no pods to evict")
        assert DRAIN.check(step(self.drained(pod("web", node="aks-user1-0")))) == Done(f"{NAME} has no pods to evict")
        assert DRAIN.check(step(without_node())) == Done(GONE)

    @pytest.mark.parametrize("attempt", [DRAIN.check, DRAIN.begin, DRAIN.poll])
    def test_a_node_without_the_runs_cordon_is_not_drained(self, attempt: Attempt) -> None:
        world = self.drained(pod("web"), unschedulable=False)
        uncordoned = f"{NAME} was uncordoned by someone else"
        assert attempt(step(world)) == Refused(FailureCode.UNCORDONED, uncordoned, REMEDY)
        other = self.drained(pod("web"), annotations={CORDON_STAMP: "r2"})
        cause = f"the cordon of {NAME} is not the one that this run has set"
        assert attempt(step(other)) == Refused(FailureCode.UNCORDONED, cause, REMEDY)
        assert (world.nodes.evicted, other.nodes.evicted) == ([], [])

    def test_a_round_asks_for_every_pod_and_the_next_one_counts_those_that_have_left(self) -> None:
        world = self.drained(pod("a"), pod("b"), STAYS)
        first = DRAIN.begin(step(world))
        assert first == Pending("drain", ROUND, Progress(0, 2, "pods"))
        assert world.nodes.evicted == ["a", "b"]
        done = DRAIN.poll(step(world, progress=Progress(0, 2, "pods")))
        assert done == Done(f"2 pods have left {NAME}", Progress(2, 2, "pods"))

    def test_the_total_is_the_highest_number_seen(self) -> None:
        world = self.drained(pod("a"), pod("b"))
        found = DRAIN.poll(step(world, progress=Progress(4, 5, "pods")))
        assert found == Pending("drain", ROUND, Progress(3, 5, "pods"))
        world = self.drained(pod("a"), pod("b"), pod("c"))
        found = DRAIN.poll(step(world, progress=Progress(0, 1, "pods")))
        assert found == Pending("drain", ROUND, Progress(0, 3, "pods"))

    def test_a_node_that_is_gone_is_drained(self) -> None:
        assert DRAIN.poll(step(without_node())) == Done(GONE)
        assert DRAIN.verify(step(without_node())) == Done(GONE)

    def test_a_pod_that_is_terminating_is_not_asked_again(self) -> None:
        world = self.drained(pod("a", deleting=True), pod("b"))
        DRAIN.poll(step(world))
        assert world.nodes.evicted == ["b"]

    def test_a_pod_that_several_pdbs_cover_ends_the_drain(self) -> None:
        world = self.drained(pod("a"), pod("b"))
        world.nodes.answers["b"] = EvictionResult("several", "shop/b is covered by two PDBs")
        assert DRAIN.poll(step(world)) == Refused(
            FailureCode.SEVERAL_PDBS,
            "shop/b is covered by two PDBs",
            "make sure that only one PDB covers each pod, then start the run again",
        )

    @pytest.mark.parametrize(
        ("answer", "more", "because", "advice"),
        [
            (
                EvictionResult("blocked", "PDB shop/web"),
                {},
                ": PDB shop/web",
                "let its PDB allow an eviction (more replicas, or a lower minAvailable), then start the run again",
            ),
            (
                EvictionResult("blocked"),
                {},
                "",
                "let its PDB allow an eviction (more replicas, or a lower minAvailable), then start the run again",
            ),
            (
                EvictionResult("refused", "a webhook denied it"),
                {},
                ": a webhook denied it",
                "fix what the API server reports, then start the run again",
            ),
            (
                EvictionResult("blocked"),
                {"deleting": True, "finalizers": ("a/b",)},
                ": shop/a has been terminating, kept by the finalizer a/b",
                "find out why the pod does not end (its finalizers, its node), then start the run again",
            ),
        ],
    )
    def test_the_timeout_says_what_the_first_pod_was_waiting_for(
        self, answer: EvictionResult, more: dict[str, object], because: str, advice: str
    ) -> None:
        world = self.drained(pod("a", **more), pod("b"))
        world.nodes.answers["a"] = answer
        early = NIGHT - timedelta(seconds=599)
        assert isinstance(DRAIN.poll(step(world, began=early)), Pending)
        world.nodes.running["shop-dev"] = (pod("a", **more), pod("b"))
        assert DRAIN.poll(step(world, began=NIGHT - 10 * MINUTE)) == Refused(
            FailureCode.DRAIN_TIMEOUT, f"shop/a has not left {NAME} in time{because}", advice
        )

    def test_an_error_of_one_pod_does_not_stop_the_others(self) -> None:
        world = self.drained(pod("a"), pod("b"))
        asked: list[tuple[str, int | None]] = []

        def evict(_: object, of: Pod, grace_s: int | None = None) -> EvictionResult:
            asked.append((of.name, grace_s))
            if of.name == "a":
                raise RejectedError("x", "no webhook")
            return EvictionResult("evicted")

        world.nodes.evict = evict  # type: ignore[method-assign,assignment]  # one pod's eviction fails
        assert isinstance(DRAIN.poll(step(world)), Pending)
        assert asked == [("a", None), ("b", None)]
        late = DRAIN.poll(step(world, began=NIGHT - 10 * MINUTE))
        assert isinstance(late, Refused)
        assert late.cause == f"shop/a has not left {NAME} in time: no webhook"
        assert late.remedy == "fix what the API server reports, then start the run again"

    def test_a_node_without_pods_has_no_progress_to_show(self) -> None:
        assert DRAIN.poll(step(self.drained(STAYS))) == Done(f"0 pods have left {NAME}", Progress(0, 0, "pods"))

    def test_only_the_pods_of_the_node_are_read(self) -> None:
        world = self.drained(pod("a"))
        asked: list[str] = []
        read = world.nodes.pods

        def pods(of: Cluster | ClusterRef, node: str = "") -> tuple[Pod, ...]:
            asked.append(node)
            return read(of, node)

        world.nodes.pods = pods  # type: ignore[method-assign,assignment]  # notes the node
        DRAIN.check(step(world))
        world.nodes.change(NAME, unschedulable=False)
        CORDON.begin(step(world))
        assert asked == [NAME, NAME]

    def test_a_step_of_an_earlier_version_leaves_each_pod_its_own_grace_period(self) -> None:
        world = self.drained(pod("a"))
        old = {key: value for key, value in PARAMS.items() if key != "grace_s"}
        assert isinstance(DRAIN.poll(context(world, old)), Pending)

    def created(self, name: str, minutes: int, **more: object) -> Pod:
        return pod(name, created=NIGHT + minutes * MINUTE, **more)

    def test_the_newest_pod_of_the_first_minute_is_remembered(self) -> None:
        world = self.drained(self.created("a", -9), self.created("b", -5), pod("c"))
        newest = f"drain {(NIGHT - 5 * MINUTE).isoformat()}"
        found = DRAIN.poll(step(world, token="drain"))
        assert isinstance(found, Pending)
        assert found.token == newest
        world = self.drained(self.created("a", -9))
        kept = DRAIN.poll(step(world, token=newest, began=NIGHT - timedelta(seconds=59)))
        assert isinstance(kept, Pending)
        assert kept.token == newest
        world = self.drained(self.created("late", -1))
        for began in (None, NIGHT - timedelta(seconds=59)):
            later = DRAIN.poll(step(world, token=newest, began=began))
            assert isinstance(later, Pending)
            assert later.token == f"drain {(NIGHT - MINUTE).isoformat()}"
            world.nodes.running["shop-dev"] = (self.created("late", -1),)

    def test_a_pod_that_was_placed_on_the_node_after_the_first_minute_ends_the_drain(self) -> None:
        token, began = f"drain {(NIGHT - 5 * MINUTE).isoformat()}", NIGHT - MINUTE
        back = self.drained(self.created("old", -5), self.created("back", -4))
        assert DRAIN.poll(step(back, token=token, began=began)) == Refused(
            FailureCode.COMES_BACK,
            f"shop/back was created on {NAME} although it is cordoned, so evicting it does not empty the node",
            "find out what places the pod there (spec.nodeName, or its own scheduler), then start the run again",
        )
        ending = self.drained(self.created("old", -5), self.created("back", -4, deleting=True))
        assert isinstance(DRAIN.poll(step(ending, token=token, began=began)), Pending)

    def test_a_grace_period_is_passed_on(self) -> None:
        world = self.drained(pod("a"))
        asked: list[int | None] = []

        def evict(_: object, __: Pod, grace_s: int | None = None) -> EvictionResult:
            asked.append(grace_s)
            return EvictionResult("evicted")

        world.nodes.evict = evict  # type: ignore[method-assign,assignment]  # notes the grace period
        DRAIN.poll(context(world, {**PARAMS, "grace_s": "20"}))
        assert asked == [20]

    def test_pods_that_arrived_meanwhile_are_evicted_before_the_drain_is_verified(self) -> None:
        world = self.drained(STAYS)
        progress = Progress(2, 2, "pods")
        only = f"only DaemonSet pods remain on {NAME}"
        assert DRAIN.verify(step(world, progress=progress)) == Done(only, progress)
        late = self.drained(pod("late"), STAYS)
        found = DRAIN.verify(step(late, progress=progress))
        assert found == Pending("drain", ROUND, Progress(1, 2, "pods"))
        assert late.nodes.evicted == ["late"]


def test_a_cordon_is_undone_and_a_drain_can_be_aborted() -> None:
    assert (CORDON.undo, UNCORDON.undo, DRAIN.undo) == ("uncordon-node", "", "")
    assert (CORDON.on_cancel, UNCORDON.on_cancel, DRAIN.on_cancel) == ("finish", "finish", "abort")
