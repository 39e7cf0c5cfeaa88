"""Before a cordon, the API server is asked whether it would evict the node's pods. A lasting no leaves the node as it is."""

from datetime import timedelta

import pytest

from ops.model.run import Run, State
from ops.model.workload import DisruptionBudget
from ops.ports.errors import BusyError, OutsideError, RejectedError
from ops.ports.kubernetes import EvictionResult
from ops.tables.conditions import open_conditions
from ops.tables.refused_actions import refused_on
from tests.driving import AzureRestarts, DrivenRun, manual_request, run_request, start
from tests.engine.worlds import NODE, world_with_all_operations
from tests.fakes import World

SEVERAL = EvictionResult("several", "This pod has more than one PodDisruptionBudget")
WEBHOOK = RejectedError(
    "Forbidden", 'asking for the eviction of shop/web-1: admission webhook "keep" denied the request'
)
EXHAUSTED = EvictionResult("blocked", "The disruption budget web needs 3 healthy pods and has 3 currently")
OTHER = "aks-user1-2"


def world_with_required_reboots(*nodes: str) -> World:
    world = world_with_all_operations(env="test")
    for name in nodes or (NODE,):
        world.nodes.change(name, annotations={"daytwo.dev/reboot-required": "x"})
    return world


def tonight(world: World) -> DrivenRun:
    return start(world, run_request(world, "reboot", "2026-11-16"))


def reboot(world: World) -> Run:
    return tonight(world).to_end(AzureRestarts(world))


def budget(*, desired: int) -> DisruptionBudget:
    return DisruptionBudget("shop", "web", {}, 0, 3, desired, 3)


def test_the_eviction_of_each_pod_is_asked_for_before_the_cordon() -> None:
    world = world_with_required_reboots()
    seen: list[tuple[int, int]] = []
    original = world.nodes.would_evict

    def would_evict(cluster: object, pod: object) -> EvictionResult:
        seen.append((len(world.nodes.marks), len(world.nodes.evicted)))
        return original(cluster, pod)  # type: ignore[arg-type]  # passed on as they are

    world.nodes.would_evict = would_evict  # type: ignore[method-assign]  # records when it is called
    assert reboot(world).state is State.DONE
    assert (seen, sorted(world.nodes.asked)) == ([(0, 0)] * 3, ["web-0", "web-1", "web-2"])


@pytest.mark.parametrize("answer", [SEVERAL, WEBHOOK])
def test_a_lasting_no_leaves_the_node_uncordoned_and_is_reported_once_with_its_words(
    answer: EvictionResult | OutsideError,
) -> None:
    world = world_with_required_reboots()
    world.nodes.dry_answers["web-1"] = answer
    run = reboot(world)
    words = answer.why if isinstance(answer, EvictionResult) else str(answer)
    assert (run.state, world.nodes.marks, world.nodes.evicted, world.machines.restarted) == (State.SKIPPED, [], [], [])
    assert run.why == f"{NODE} was not cordoned, because shop/web-1 cannot be evicted: {words}"
    (condition,) = open_conditions(world.store)
    assert words in condition.text
    shown = [str(content["text"]) for content in world.chat.shown.values()]
    assert [text for text in shown if "refused" in text] == ["◆ Reboots · shop-dev · refused · needs you"]


def test_a_budget_that_never_allows_an_eviction_is_found_even_if_the_plan_did_not_see_it() -> None:
    world = world_with_required_reboots()
    run = tonight(world)
    run.to_first_step()
    world.nodes.dry_answers["web-1"] = EXHAUSTED
    world.nodes.protecting["shop-dev"] = (budget(desired=3),)
    run.turns(4)
    assert (world.nodes.marks, world.nodes.evicted) == ([], [])
    assert run.record.why.endswith(EXHAUSTED.why)


@pytest.mark.parametrize("answer", [EXHAUSTED, BusyError("NamespaceTerminating"), EvictionResult("unasked", "dry run")])
def test_a_no_that_can_become_a_yes_does_not_prevent_the_drain(answer: EvictionResult | OutsideError) -> None:
    world = world_with_required_reboots()
    world.nodes.dry_answers["web-1"] = answer
    world.nodes.protecting["shop-dev"] = (budget(desired=2),)
    assert reboot(world).state is State.DONE
    assert world.machines.restarted == [NODE]


def test_a_node_whose_evictions_are_refused_does_not_keep_the_others_from_their_reboot() -> None:
    world = world_with_required_reboots(NODE, OTHER)
    world.nodes.dry_answers["web-1"] = SEVERAL
    run = reboot(world)
    assert (run.state, world.machines.restarted) == (State.DONE, [OTHER])
    assert [(skip.what, skip.code) for skip in run.skips] == [(NODE, "eviction-refused")]
    assert world.nodes.marks == [f"cordon {OTHER}", f"uncordon {OTHER}"]


def test_a_refusal_is_over_when_the_node_can_be_cordoned_again() -> None:
    world = world_with_required_reboots()
    world.nodes.dry_answers["web-1"] = SEVERAL
    reboot(world)
    assert len(open_conditions(world.store)) == 1
    del world.nodes.dry_answers["web-1"]
    world.clock.at += timedelta(days=1)
    run = start(world, run_request(world, "reboot", "2026-11-17")).to_end(AzureRestarts(world))
    assert (run.state, world.machines.restarted) == (State.DONE, [NODE])
    assert (open_conditions(world.store), refused_on(world.store, world.clusters.only.id)) == ((), ())


def test_a_person_does_not_have_to_wait_and_is_given_the_words_at_once() -> None:
    world = world_with_required_reboots()
    world.nodes.dry_answers["web-1"] = SEVERAL
    reboot(world)
    run = start(world, manual_request(world, "reboot")).to_end(AzureRestarts(world))
    assert (run.state, run.code, world.nodes.marks) == (State.FAILED, "EvictionRefused", [])
    assert SEVERAL.why in run.why
