"""Evacuating nodes that Azure is about to evict, call by call (docs/spot.md)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ops.model.fleet import CORDON_STAMP
from ops.model.outcome import Done, Pending, Progress, Ready
from ops.model.workload import Pod
from ops.ports.errors import BusyError, TryLaterError, UnreachableError
from ops.ports.kubernetes import EvictionResult
from ops.verbs.contract import StepContext
from ops.verbs.evacuate_nodes import VERB
from tests.driving import NIGHT
from tests.fakes import World, cluster, nodes_of, pool
from tests.verbs.steps import context, world_of

OURS = cluster("shop", pool("spot", spot=True))
ZERO, ONE, TWO = (node.name for node in nodes_of(OURS))
PARAMS = {
    "nodes": f"{ZERO},{ONE}",
    "uids": f"uid-{ZERO},uid-{ONE}",
    "run": "r1",
    "timeout_s": "60",
    "grace_s": "20",
}
ROUND = NIGHT + timedelta(seconds=5)


def pod(name: str, node: str, **more: object) -> Pod:
    plain = Pod("shop", name, f"u-{name}", node, "Running", ready=True, owner_kind="ReplicaSet")
    return replace(plain, **more)  # type: ignore[arg-type]  # fields by name


def world_with(*pods: Pod, gone: tuple[str, ...] = ()) -> World:
    world = world_of(OURS)
    world.nodes.listed["shop"] = tuple(node for node in nodes_of(OURS) if node.name not in gone)
    world.nodes.running["shop"] = pods
    return world


def step(world: World, **record: object) -> StepContext:
    return context(world, PARAMS, **record)  # type: ignore[arg-type]  # fields by name


def test_nodes_that_still_exist_are_evacuated() -> None:
    assert VERB.check(step(world_with())) == Ready()
    assert VERB.check(step(world_with(gone=(ZERO,)))) == Ready()
    assert VERB.check(step(world_with(gone=(ZERO, ONE)))) == Done("the nodes no longer exist")


def test_a_node_that_is_registered_again_under_its_name_is_another_node() -> None:
    world = world_with(gone=(ONE,))
    world.nodes.change(ZERO, uid="another")
    assert VERB.check(step(world)) == Done("the nodes no longer exist")


def test_a_plan_of_an_earlier_version_finds_its_nodes_by_name() -> None:
    world = world_with()
    world.nodes.change(ZERO, uid="another")
    old = {key: value for key, value in PARAMS.items() if key != "uids"}
    assert VERB.check(context(world, old)) == Ready()
    VERB.begin(context(world, old))
    assert world.nodes.marks == [f"cordon {ZERO}", f"cordon {ONE}"]


def test_the_first_round_cordons_the_nodes_and_asks_for_their_pods() -> None:
    world = world_with(pod("a", ZERO), pod("b", ONE), pod("c", TWO), pod("agent", ZERO, owner_kind="DaemonSet"))
    world.nodes.change(ONE, unschedulable=True)
    found = VERB.begin(step(world))
    assert found == Pending("evacuate", ROUND, Progress(0, 2, "pods"))
    assert world.nodes.marks == [f"cordon {ZERO}"]
    assert [node.annotations for node in world.nodes.listed["shop"]] == [{CORDON_STAMP: "r1"}, {}, {}]
    assert world.nodes.evicted == ["a", "b"]


def test_a_node_that_cannot_be_cordoned_does_not_stop_the_others() -> None:
    world = world_with(pod("a", ZERO), pod("b", ONE))
    marked: list[str] = []

    def mark(_: object, node: object, **__: object) -> None:
        marked.append(str(node))
        raise BusyError("409")

    world.nodes.mark = mark  # type: ignore[method-assign,assignment]  # every cordon fails
    assert isinstance(VERB.begin(step(world)), Pending)
    assert (len(marked), world.nodes.evicted) == (2, []), "its pods could come back to it"
    world.nodes.change(ONE, unschedulable=True)
    assert isinstance(VERB.poll(step(world)), Pending)
    assert (len(marked), world.nodes.evicted) == (3, ["b"])


def test_a_pod_that_cannot_be_evicted_does_not_stop_the_others_and_gets_its_grace_period() -> None:
    world = world_with(pod("a", ZERO), pod("b", ZERO, deleting=True), pod("c", ONE))
    asked: list[tuple[str, int | None]] = []

    def evict(_: object, of: Pod, grace_s: int | None = None) -> EvictionResult:
        asked.append((of.name, grace_s))
        raise BusyError("409")

    world.nodes.evict = evict  # type: ignore[method-assign,assignment]  # every eviction fails
    assert VERB.poll(step(world)) == Pending("evacuate", ROUND, Progress(0, 3, "pods"))
    assert asked == [("a", 20), ("c", 20)]


def test_the_rounds_end_when_no_pods_are_left_or_the_time_is_over() -> None:
    three = Progress(1, 3, "pods")
    assert VERB.poll(step(world_with(), progress=three)) == Done("3 of 3 pods have left", Progress(3, 3, "pods"))
    world = world_with(pod("a", ZERO), pod("b", ONE))
    early = NIGHT - timedelta(seconds=59)
    assert VERB.poll(step(world, progress=three, began=early)) == Pending("evacuate", ROUND, Progress(1, 3, "pods"))
    world = world_with(pod("a", ZERO), pod("b", ONE))
    late = NIGHT - timedelta(seconds=60)
    assert VERB.poll(step(world, progress=three, began=late)) == Done("1 of 3 pods have left in time", three)
    assert world.nodes.evicted == ["a", "b"]


@pytest.mark.parametrize(
    ("progress", "left"),
    [
        (Progress(1, 3, "pods"), "1 of 3 pods had left"),
        (None, "it is not known how many pods have left"),
    ],
)
def test_the_step_ends_when_the_nodes_or_the_api_server_are_gone(progress: Progress | None, left: str) -> None:
    gone = world_with(gone=(ZERO, ONE))
    assert VERB.poll(step(gone, progress=progress)) == Done(f"the nodes no longer exist: {left}", progress)
    silent = world_with()
    silent.nodes.refuse["nodes"] = UnreachableError("no answer")
    assert VERB.poll(step(silent, progress=progress)) == Done(f"the API server does not answer: {left}", progress)


def test_a_read_that_fails_is_repeated_until_the_time_is_over() -> None:
    world = world_with()
    world.nodes.refuse["pods"] = TryLaterError("429", 2)
    assert VERB.poll(step(world)) == Pending("evacuate", ROUND)
    world.nodes.refuse["pods"] = TryLaterError("429", 7)
    assert VERB.poll(step(world)) == Pending("evacuate", NIGHT + timedelta(seconds=7))
    over = VERB.poll(step(world, began=NIGHT - timedelta(seconds=60)))
    assert over == Done(
        "time is over, and the nodes could not be read at the end (429): it is not known how many pods have left"
    )


def test_the_result_is_that_of_the_last_round() -> None:
    progress = Progress(1, 3, "pods")
    gone = world_with(gone=(ZERO, ONE))
    assert VERB.verify(step(gone, progress=progress)) == Done("1 of 3 pods have left in time", progress)
    nothing = Done("no pods were counted, since the nodes were gone or could not be read")
    assert VERB.verify(step(gone)) == nothing
    silent = world_with()
    silent.nodes.refuse["nodes"] = UnreachableError("no answer")
    assert VERB.verify(step(silent)) == nothing


def test_nodes_that_are_open_at_the_end_are_named_with_the_reason() -> None:
    world = world_with()
    world.nodes.change(ZERO, annotations={CORDON_STAMP: "r1"})
    progress = Progress(1, 3, "pods")
    assert VERB.verify(step(world, progress=progress)) == Done(
        f"1 of 3 pods have left in time; {ZERO} was uncordoned by someone else; "
        f"{ONE} could not be cordoned, so its pods were not evicted",
        progress,
    )


def test_the_rounds_end_if_someone_has_uncordoned_every_node() -> None:
    world = world_with(pod("a", ZERO), pod("b", ONE))
    world.nodes.change(ZERO, annotations={CORDON_STAMP: "r1"})
    world.nodes.change(ONE, annotations={CORDON_STAMP: "r1"})
    assert VERB.poll(step(world)) == Done("0 of 2 pods have left", Progress(0, 2, "pods"))
    assert (world.nodes.marks, world.nodes.evicted) == ([], [])


def test_an_evacuation_cannot_be_undone_and_a_cancelled_run_finishes_it() -> None:
    assert (VERB.undo, VERB.on_cancel) == ("", "finish")
