"""Asking for the evictions of a node before its cordon, and pods that come back during its drain, call by call."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ops.model.fleet import Cluster
from ops.model.outcome import Pending, Progress, Refused
from ops.model.workload import DisruptionBudget, Pod
from ops.ports.errors import BusyError, DeniedError, OutsideError, RejectedError, TryLaterError
from ops.ports.kubernetes import EvictionResult
from ops.verbs.cordon_node import VERB as CORDON
from ops.verbs.drain_node import VERB as DRAIN
from tests.driving import NIGHT
from tests.verbs.steps import MINUTE
from tests.verbs.test_nodes import CORDONED, NAME, ROUND, node, step, world_with

WEB = Pod("shop", "web", "u", NAME, "Running", ready=True, owner_kind="ReplicaSet")
RIGID = DisruptionBudget("shop", "web", {}, 0, 1, 1, 1)
HOUR = timedelta(hours=1)


def refused(pod: str, why: str, advice: str) -> Refused:
    cause = f"{NAME} was not cordoned, because shop/{pod} cannot be evicted: {why}"
    return Refused("EvictionRefused", cause, advice, lasting=True, subject=NAME)


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        (EvictionResult("several", "no"), "make sure that only one PDB covers each pod"),
        (RejectedError("x", "no"), "fix what the API server reports, or ask the owner of the webhook"),
        (EvictionResult("blocked", "no"), "let its PDB allow an eviction (more replicas, or a lower minAvailable)"),
    ],
)
def test_a_lasting_no_is_a_refusal_of_this_node(answer: EvictionResult | OutsideError, advice: str) -> None:
    world = world_with((WEB,))
    world.nodes.protecting["shop-dev"] = (RIGID,)
    world.nodes.dry_answers["web"] = answer
    assert CORDON.begin(step(world)) == refused("web", "no", advice)
    assert (world.nodes.marks, node(world).annotations) == ([], {})


@pytest.mark.parametrize(
    "answer",
    [
        EvictionResult("evicted"),
        EvictionResult("gone"),
        EvictionResult("unasked"),
        EvictionResult("blocked", "no"),
        BusyError("x"),
    ],
)
def test_every_other_answer_lets_the_node_be_cordoned(answer: EvictionResult | OutsideError) -> None:
    world = world_with((WEB,))
    world.nodes.protecting["shop-dev"] = (replace(RIGID, desired_healthy=0),)
    world.nodes.dry_answers["web"] = answer
    CORDON.begin(step(world))
    assert world.nodes.marks == [f"cordon {NAME}"]


@pytest.mark.parametrize("error", [DeniedError("no role"), TryLaterError("no answer")])
def test_what_is_not_about_this_pod_is_raised(error: OutsideError) -> None:
    world = world_with((WEB,))
    world.nodes.dry_answers["web"] = error
    with pytest.raises(type(error)):
        CORDON.begin(step(world))
    assert world.nodes.marks == []


def test_only_pods_that_the_drain_evicts_are_asked_for() -> None:
    stays = replace(WEB, name="agent", owner_kind="DaemonSet")
    ending, elsewhere = replace(WEB, name="ending", deleting=True), replace(WEB, name="other", node="aks-user1-2")
    world = world_with((stays, ending, elsewhere, WEB, replace(WEB, name="last")))
    world.nodes.dry_answers["ending"] = EvictionResult("several", "it is asked for nothing")
    world.nodes.dry_answers["last"] = EvictionResult("several", "no")
    assert CORDON.begin(step(world)) == refused("last", "no", "make sure that only one PDB covers each pod")
    assert world.nodes.asked == ["web", "last"]


def test_only_the_pods_of_the_node_are_listed() -> None:
    """A cluster can have tens of thousands of pods."""
    world = world_with((WEB,))
    pods, listed = world.nodes.pods, []

    def record(cluster: Cluster, name: str = "") -> tuple[Pod, ...]:
        listed.append(name)
        return pods(cluster, name)

    world.nodes.pods = record  # type: ignore[method-assign, assignment]  # records which pods are listed
    CORDON.begin(step(world))
    assert listed == [NAME]


class TestComesBack:
    """The drain keeps when the newest of the node's pods was created, by the API server's clock."""

    def drained(
        self, *created: timedelta | None, token: str = "", began: timedelta | None = timedelta(), deleting: bool = False
    ) -> object:
        pods = tuple(
            replace(WEB, name=f"web-{n}", uid=f"u{n}", created=None if ago is None else NIGHT - ago, deleting=deleting)
            for n, ago in enumerate(created)
        )
        world = world_with(pods, **CORDONED)
        return DRAIN.poll(step(world, token=token, began=None if began is None else NIGHT - began))

    def kept(self, ago: timedelta) -> str:
        return f"drain {(NIGHT - ago).isoformat()}"

    def test_the_newest_pod_is_kept(self) -> None:
        assert self.drained(2 * HOUR, HOUR, None) == Pending(self.kept(HOUR), ROUND, Progress(0, 3, "pods"))
        assert self.drained(None) == Pending("drain", ROUND, Progress(0, 1, "pods"))

    def test_pods_that_arrive_within_the_first_minute_are_taken_for_late_ones(self) -> None:
        early = MINUTE - timedelta(seconds=1)
        assert self.drained(timedelta(), token=self.kept(HOUR), began=early) == Pending(
            self.kept(timedelta()), ROUND, Progress(0, 1, "pods")
        )
        assert self.drained(2 * HOUR, token=self.kept(HOUR), began=early) == Pending(
            self.kept(HOUR), ROUND, Progress(0, 1, "pods")
        )

    def test_a_pod_that_is_created_later_ends_the_drain(self) -> None:
        assert self.drained(HOUR, timedelta(), token=self.kept(HOUR), began=MINUTE) == Refused(
            "PodComesBack",
            f"shop/web-1 was created on {NAME} although it is cordoned, so evicting it does not empty the node",
            "find out what places the pod there (spec.nodeName, or its own scheduler), then start the run again",
        )
        assert isinstance(self.drained(HOUR, None, token=self.kept(HOUR), began=MINUTE), Pending)

    def test_a_pod_that_is_already_terminating_does_not_end_the_drain(self) -> None:
        assert self.drained(timedelta(), token=self.kept(HOUR), began=MINUTE, deleting=True) == Pending(
            self.kept(HOUR), ROUND, Progress(0, 1, "pods")
        )

    def test_a_drain_without_a_beginning_has_just_begun(self) -> None:
        assert self.drained(timedelta(), token=self.kept(HOUR), began=None) == Pending(
            self.kept(timedelta()), ROUND, Progress(0, 1, "pods")
        )

    def test_a_drain_of_an_earlier_version_starts_to_keep_it(self) -> None:
        assert self.drained(HOUR, token="drain", began=MINUTE) == Pending(
            self.kept(HOUR), ROUND, Progress(0, 1, "pods")
        )
